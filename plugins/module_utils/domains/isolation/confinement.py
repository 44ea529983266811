# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the host confines the process of a guest (https://libvirt.org/drvqemu.html, Security)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import text
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown

MODELS = ("apparmor", "selinux")
_EXPECTED = {"type": "dynamic", "model": list(MODELS)}
_ROOT = ("root", "+0", "0")


def confinement(guest: Definition, around: Surroundings) -> Answer:
    """libvirt gives each running guest a label of its own; a definition that is not running has one only where it is set."""
    labels = guest.all("seclabel")
    problems = [*_mistakes(labels)]
    confined = any(label.get("model") in MODELS and label.get("type", "dynamic") != "none" for label in labels)
    if not problems and not confined and not guest.running and around.security_models is None:
        return unknown("whether it will be confined depends on its hypervisor; check it there, or with libvirt's connection", _EXPECTED)
    if not confined:
        problems += _unconfined(guest, around)
    observed = {label.get("model", "any"): label.get("type", "dynamic") for label in labels}
    remedy = "have libvirt label it with <seclabel type='dynamic'/> and security_driver in qemu.conf"
    return judged(problems, _EXPECTED, observed, guest.read_from, remedy)


def _mistakes(labels: list[Element]) -> Iterator[str]:
    for label in labels:
        kind, model = label.get("type", "dynamic"), label.get("model", "")
        if kind == "none" and model != "dac":
            yield "it asks not to be confined"
        if kind == "static" and model != "dac":
            yield f"its label {text(label, 'label')} is static, so that another guest can have the same"
        if model == "dac" and text(label, "label").split(":")[0] in _ROOT:
            yield "its process runs as root"


def _unconfined(guest: Definition, around: Surroundings) -> Iterator[str]:
    if guest.running:
        yield "it runs without AppArmor and SELinux"
    elif not set(around.security_models or ()) & set(MODELS):
        yield "its hypervisor confines with neither AppArmor nor SELinux"
    elif (around.settings or {}).get("security_default_confined", 1) == 0:
        yield "its hypervisor does not confine by default"
