# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every kind can be shown to notice: the generated test tampers with what a tree can show, and here is what it cannot."""

from __future__ import annotations

import importlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.tamper import rounds
from ansible_collections.hygeia.golden.tests.tamper.experiment import Experiment

PACKAGE = "ansible_collections.hygeia.golden.tests.tamper"
REAL = tuple(KINDS)
TAMPERING = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in REAL}
CATALOGUE = Catalogue(strict=True)
# Each setting that only a running system shows, with the control that has it.
RUNNING = [
    (control["id"], kind, name)
    for control in CATALOGUE.controls.values()
    for kind, settings in control["settings"].items()
    if kind in TAMPERING and hasattr(TAMPERING[kind], "pair")
    for name in settings
]


@pytest.mark.parametrize("kind", REAL)
def test_every_kind_has_an_outside_hand_or_a_good_and_a_bad_system(kind):
    assert hasattr(TAMPERING[kind], "tamper") != hasattr(TAMPERING[kind], "pair")


@pytest.mark.parametrize(("control", "kind", "name"), RUNNING)
@pytest.mark.parametrize(("which", "status"), [(0, "pass"), (1, "fail")], ids=["good", "bad"])
def test_what_only_a_running_system_shows_is_right_in_one_and_wrong_in_the_other(tree, control, kind, name, which, status):
    wanted = CATALOGUE.controls[control]["settings"][kind][name]
    system = TAMPERING[kind].pair(name, wanted)[which]
    host = tree(system["files"], answers=system["answers"], booted=True)
    for program in host.glob("/usr/sbin/*"):
        os.chmod(host.path(program), 0o755)
    (found,) = audit(host, [Control(control, {kind: {name: wanted}})], "boot")
    assert found["status"] == status, found["message"]


# -- the experiment itself ---------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2, 7, 60, 300])
def test_no_control_is_tampered_with_only_where_another_one_is(number):
    settings = {
        f"c{each}": [rounds.Tampered(f"c{each}", "sysctl", f"{each}.{turn}") for turn in range(each % 9 + 1)] for each in range(number)
    }
    plan = rounds.together(settings)
    members = {name: {place for place, tampered in enumerate(plan) if any(one.control == name for one in tampered)} for name in settings}
    assert all(not members[one] <= members[other] for one in settings for other in settings if one != other)
    assert {one for tampered in plan for one in tampered} == {one for turns in settings.values() for one in turns}
    assert all(len(set(tampered)) == len(tampered) for tampered in plan)


class Faulty:
    """An audit of made-up controls over a tree of one file, with a fault."""

    def __init__(self, tmp_path, drags=(), blind=()):
        self.tmp_path, self.drags, self.blind = tmp_path, dict(drags), blind
        self.trees = 0

    def __call__(self, controls, tamper=lambda unused_root: None):
        self.trees += 1
        root = self.tmp_path / f"{self.trees}"
        root.mkdir()
        tamper(str(root))
        path = root / "etc/sysctl.d/zzz-vendor.conf"
        tampered = {line.split(" = ")[0] for line in (path.read_text().splitlines() if path.exists() else ())}
        tampered |= {self.drags[name] for name in tampered if name in self.drags}
        tampered -= set(self.blind)
        return {control.id: self._record(control, tampered) for control in controls}

    @staticmethod
    def _record(control, tampered):
        wrong = [name for name in control.settings["sysctl"] if name in tampered]
        labels = {f"sysctl: {name}": 1 for name in wrong}
        return {"control": control.id, "status": "fail" if wrong else "pass", "expected": labels, "observed": labels, "message": ""}


CONTROLS = [{"id": f"c{number}", "settings": {"sysctl": {f"a.{number}": 1, f"b.{number}": 1}}} for number in range(20)]


@pytest.mark.parametrize("alone", [False, True])
def test_an_audit_that_notices_everything_and_nothing_else_is_believed(tmp_path, alone):
    experiment = Experiment(Faulty(tmp_path), CONTROLS, alone=alone)
    assert [control["id"] for control in CONTROLS if experiment.failures(control["id"])] == []


@pytest.mark.parametrize("alone", [False, True])
def test_an_audit_that_misses_one_setting_is_found_out(tmp_path, alone):
    experiment = Experiment(Faulty(tmp_path, blind=["b.7"]), CONTROLS, alone=alone)
    assert [control["id"] for control in CONTROLS if experiment.failures(control["id"])] == ["c7"]


@pytest.mark.parametrize("alone", [False, True])
def test_an_audit_in_which_one_control_drags_another_along_is_found_out(tmp_path, alone):
    experiment = Experiment(Faulty(tmp_path, drags={"a.3": "a.11"}), CONTROLS, alone=alone)
    assert [control["id"] for control in CONTROLS if experiment.failures(control["id"])] == ["c11"]


def test_a_control_that_looks_at_everything_of_a_sort_may_see_what_is_of_it(tmp_path):
    experiment = Experiment(Faulty(tmp_path, drags={"a.3": "a.11"}), CONTROLS, sees_too={"c11": ["sysctl: a.*"]})
    assert [control["id"] for control in CONTROLS if experiment.failures(control["id"])] == []


def test_a_package_whose_files_are_compared_is_taken_away_in_a_tree_of_its_own(tmp_path):
    compared = {"id": "files", "settings": {"package_files": {"sudo": "unchanged"}}}
    installed = [{"id": name, "settings": {"package": {name: "present"}}} for name in ("sudo", "cron")]
    seen = []

    def audit_of(controls, tamper=lambda unused_root: None):
        seen.append(tamper)
        root = tmp_path / f"{len(seen)}"
        (root / "var/lib/dpkg/info").mkdir(parents=True)
        (root / "var/lib/dpkg/status").write_text("Package: sudo\nStatus: install ok installed\n")
        (root / "var/lib/dpkg/info/sudo.md5sums").write_text("0 usr/bin/sudo\n")
        tamper(str(root))
        gone = "deinstall" in (root / "var/lib/dpkg/status").read_text()
        altered = (root / "usr/bin/sudo").exists()
        compared_says = "not_applicable" if gone else "fail" if altered else "pass"
        statuses = {"files": compared_says, "sudo": "fail" if gone else "pass", "cron": "fail" if seen[1:] else "pass"}
        label = {"files": "package_files: sudo", "sudo": "package: sudo", "cron": "package: cron"}
        return {
            name: {"control": name, "status": status, "expected": {label[name]: ""}, "observed": {}, "message": ""}
            for name, status in statuses.items()
        }

    assert Experiment(audit_of, [compared, *installed]).failures("files") == []
