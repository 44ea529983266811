# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a template of each platform must not hold: it is found when it was left, and gone once the template is sealed."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.tamper import file
from ansible_collections.hygeia.golden.tests.unit.platforms.systems import PLATFORMS, Server

SEAL = [Control.load(control) for control in Catalogue().resolve("sealed")]
NAMED = {
    "rhel": ("seal-subscription", "seal-installer-files", "seal-lvm-devices", "seal-agent-enrolments", "seal-package-caches"),
    "ubuntu": ("seal-ubuntu-pro", "seal-installer-files", "seal-lvm-devices", "seal-agent-enrolments"),
    "debian": ("seal-installer-files", "seal-lvm-devices", "seal-agent-enrolments"),
}


def leftovers(control):
    """All that a control has removed or emptied, as {path or pattern: setting}."""
    return {name: wanted for name, wanted in control.settings.get("file", {}).items() if wanted.get("state") in ("absent", "empty")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_left_is_found_and_removed(system, platform):
    host = Server(system, platform).host
    controls = [control.on(host.systems) for control in SEAL if control.meant_for(host.systems)]
    controls = [control for control in controls if not control.applies_to.get("package")]
    names = {control.id for control in controls}
    assert names.issuperset(NAMED[platform.split("-", maxsplit=1)[0]])
    assert ("seal-subscription" in names) == platform.startswith("rhel")
    for control in filter(leftovers, controls):
        for name, wanted in leftovers(control).items():
            file.tamper(host.root, name, wanted)
        (record,) = audit(host, [control], "offline")
        assert record["status"] == "fail"
        assert {f"file: {name}" for name in leftovers(control)} <= set(record["expected"]), control.id
        enforce(host, [control], partial=True)
        (record,) = audit(host, [control], "offline")
        assert record["status"] == "pass", (control.id, record["message"])
