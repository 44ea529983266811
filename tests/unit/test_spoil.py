# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every kind can be shown to notice: the generated test spoils what a tree can show, and here is what it cannot."""

from __future__ import annotations

import importlib.util
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.catalogue import Catalogue

PACKAGE = "ansible_collections.hygeia.golden.tests.spoil"
REAL = tuple(KINDS)
SPOILERS = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in REAL if importlib.util.find_spec(f"{PACKAGE}.{name}")}
CATALOGUE = Catalogue(strict=True)
# Each setting that only a running system shows, with the control that has it.
RUNNING = [
    (control["id"], kind, name)
    for control in CATALOGUE.controls.values()
    for kind, settings in control["settings"].items() if hasattr(SPOILERS.get(kind), "pair")
    for name in settings
]


@pytest.mark.parametrize("kind", REAL)
def test_every_kind_has_an_outside_hand_or_a_good_and_a_bad_system(kind):
    if kind not in SPOILERS:
        pytest.skip("its author is still at it")
    assert hasattr(SPOILERS[kind], "spoil") != hasattr(SPOILERS.get(kind), "pair")


@pytest.mark.parametrize(("control", "kind", "name"), RUNNING)
@pytest.mark.parametrize(("which", "status"), [(0, "pass"), (1, "fail")], ids=["good", "bad"])
def test_what_only_a_running_system_shows_is_right_in_one_and_wrong_in_the_other(tree, control, kind, name, which, status):
    wanted = CATALOGUE.controls[control]["settings"][kind][name]
    system = SPOILERS[kind].pair(name, wanted)[which]
    host = tree(system["files"], answers=system["answers"], booted=True)
    for program in host.glob("/usr/sbin/*"):
        os.chmod(host.path(program), 0o755)
    found, = audit(host, [Control(control, {kind: {name: wanted}})], "boot")
    assert found["status"] == status, found["message"]
