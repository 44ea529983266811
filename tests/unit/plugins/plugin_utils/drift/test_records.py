# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Differences as records: their class, what explains them, and how much they weigh."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import age, classes, compare, controls, records
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from drift_samples import NEW, System

CONTROLS = [
    {
        "id": "kernel-kptr",
        "severity": "high",
        "settings": {"sysctl": {"kernel.kptr_restrict": 2}},
        "references": {"nist_800_53": ["SC-30"]},
    },
    {"id": "ssh-root", "severity": "critical", "settings": {"sshd": {"PermitRootLogin": "no"}}, "references": {"nist_800_53": ["IA-2"]}},
    {"id": "modules", "severity": "low", "settings": {"kernel_module": {"usb-storage": "blocked"}}, "references": {}},
    {"id": "ssh-unit", "severity": "high", "settings": {"service": {"ssh": "enabled"}}, "references": {}},
]


@pytest.fixture(scope="module")
def checks():
    return [{**check, "waiver": None} for check in Catalogue().checks.values()]


@pytest.fixture
def of(checks):
    """The records of a machine that was changed."""

    def make(change, rules=(), patched=None, waiver=None, day="2026-11-30"):
        chosen = Selection([])
        reference = System().manifest().selected(chosen)
        machine = System()
        change(machine)
        now = machine.manifest(reference.digests)
        waived = [{**check, "waiver": waiver} if waiver and check["id"] == "drift-files" else check for check in checks]
        explainer = classes.Explainer(rules, patched or {}, "web1", day)
        found = records.records(compare.compared(reference, now, chosen), now, records.Sources(waived, CONTROLS, explainer, "web1"))
        return found, [entry for entry in found if "drift" in entry]

    return make


def update(machine):
    machine.items["packages"]["openssl:amd64"] = "1.1"
    machine.file("openssl", "/usr/lib/helper", content=NEW, mode=0o4755)
    machine.packaged = ["/usr/lib/helper"]


def test_without_a_difference_each_category_passes(of):
    found, differing = of(lambda machine: None)
    assert differing == [] and {entry["status"] for entry in found} == {"pass"}
    assert {"drift-files", "drift-sysctl", "drift-packet-filter"} <= {entry["control"] for entry in found}


def test_a_difference_that_nothing_explains_fails_and_weighs_what_it_touches(of):
    found, (entry,) = of(lambda machine: machine.items["sysctl"].update({"kernel.kptr_restrict": "0"}))
    assert (entry["control"], entry["status"], entry["severity"]) == ("drift-sysctl", "fail", "high")
    assert (entry["expected"], entry["observed"]) == ({"kernel.kptr_restrict": "2"}, {"kernel.kptr_restrict": "0"})
    assert entry["drift"]["class"] == "unexplained" and entry["drift"]["touches"] == ["kernel-kptr"]
    assert "SC-30" in entry["references"]["nist_800_53"] and "SI-7" in entry["references"]["nist_800_53"]
    assert "drift-sysctl" in [each["control"] for each in found] and "drift-sshd" in [each["control"] for each in found]


@pytest.mark.parametrize(
    ("change", "touches", "severity"),
    [
        (lambda m: m.items["sshd"].update(permitrootlogin="yes"), ["ssh-root"], "critical"),
        (lambda m: m.items["units"].update({"ssh.service": "disabled"}), ["ssh-unit"], "high"),
        (lambda m: m.items["kernel_modules"].update({"blacklist usb_storage": ""}), ["modules"], "high"),
        (lambda m: m.file("/etc/ssh", "/etc/ssh/sshd_config.d/x.conf"), ["ssh-root"], "critical"),
        (lambda m: m.file("/etc", "/etc/other"), [], "medium"),
    ],
)
def test_what_a_difference_touches(of, change, touches, severity):
    unused, (entry,) = of(change)
    assert (entry["drift"]["touches"], entry["severity"]) == (touches, severity)


def test_an_update_that_a_run_of_ours_made_is_explained(of):
    unused, found = of(update, patched={("openssl", "1.1"): "20261115T000000Z"})
    assert [(entry["status"], entry["drift"]["class"]) for entry in found] == [("pass", "patch"), ("pass", "patch")]
    assert found[0]["drift"]["explained_by"] == "the packages that the run 20261115T000000Z changed"
    assert found[0]["drift"]["files"] == 1


def test_an_update_that_nobody_recorded_is_a_patch_and_fails_with_little_weight(of):
    unused, found = of(update, patched={("openssl", "1.2"): "20261115T000000Z"})
    assert {(entry["status"], entry["drift"]["class"], entry["severity"]) for entry in found} == {("fail", "patch", "low")}
    assert "no run of this collection recorded that" in found[0]["message"]


def test_a_package_that_nobody_ordered_is_unexplained(of):
    unused, (entry,) = of(lambda machine: machine.items["packages"].update({"nmap:amd64": "7"}))
    assert (entry["drift"]["class"], entry["status"], entry["severity"]) == ("unexplained", "fail", "medium")


RULE = {"id": "motd", "reason": "The ward has its own.", "class": "site", "change": "CHG-4711", "items": {"files": ["/etc/mo*"]}}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("pass", "site", "change CHG-4711: The ward has its own")),
        (
            {"class": "application", "until": "2026-11-30"},
            ("pass", "application", "change CHG-4711: The ward has its own, until 2026-11-30"),
        ),
        ({"until": "2026-11-29"}, ("fail", "unexplained", "")),
        ({"hosts": ["db*"]}, ("fail", "unexplained", "")),
        ({"hosts": ["db*", "web?"]}, ("pass", "site", "change CHG-4711: The ward has its own")),
        ({"items": {"units": ["/etc/mo*"]}}, ("fail", "unexplained", "")),
    ],
)
def test_a_rule_of_the_site_explains_what_it_names_as_long_as_it_holds(of, more, expected):
    unused, (entry,) = of(lambda machine: machine.file("/etc", "/etc/motd", content=NEW), [{**RULE, **more}])
    assert (entry["status"], entry["drift"]["class"], entry["drift"]["explained_by"]) == expected


def test_a_waiver_explains_and_an_expired_one_does_not(of):
    waiver = {"reason": "until the move", "approver": "CISO", "until": "2026-12-31", "expired": False}
    unused, (entry,) = of(lambda machine: machine.file("/etc", "/etc/motd", content=NEW), waiver=waiver)
    assert (entry["status"], entry["drift"]["explained_by"]) == ("waived", "waiver by CISO: until the move")
    unused, (entry,) = of(lambda machine: machine.file("/etc", "/etc/motd", content=NEW), waiver={**waiver, "expired": True})
    assert (entry["status"], entry["drift"]["explained_by"]) == ("fail", "")


def test_what_could_not_be_read_is_not_checked(of):
    def change(machine):
        machine.unread["sysctl"] = "the system does not run"
        machine.directories = ["/srv/locked"]

    found, unused = of(change)
    assert {entry["control"]: entry["message"] for entry in found if entry["status"] == "not_checked"} == {
        "drift-sysctl": "the system does not run",
        "drift-files": "these directories could not be read: /srv/locked",
    }


def test_names_that_would_move_a_cursor_are_spelt_out(of):
    unused, (entry,) = of(lambda machine: machine.file("/etc", "/etc/\u202e\x1b[31mx"))
    assert entry["drift"]["item"] == "/etc/\\u202e\\x1b[31mx"


def test_records_have_the_form_of_all_records(of):
    found, unused = of(update)
    validator = schema._validator("results")
    definition = {"$defs": validator.schema["$defs"], "$ref": "#/$defs/record"}
    assert [error for entry in found for error in type(validator)(definition).iter_errors(entry)] == []


def test_runs_that_changed_packages_are_read_from_the_evidence(tmp_path):
    for run, changed in (
        ("20261101T000000Z", [{"package": "openssl", "from": "1.0", "to": "1.1"}]),
        ("20261102T000000Z", [{"package": "openssl", "from": "1.1", "to": "1.2"}]),
        ("20261103T000000Z", "damaged"),
    ):
        (tmp_path / run).mkdir()
        (tmp_path / run / "manifest.json").write_text(json.dumps({"packages": {"changed": changed}}))
    (tmp_path / "20261104T000000Z").mkdir()
    assert classes.patched(str(tmp_path)) == {("openssl", "1.1"): "20261101T000000Z", ("openssl", "1.2"): "20261102T000000Z"}
    assert classes.patched(str(tmp_path / "none")) == {}


def test_controls_whose_verdict_is_another_one(checks):
    def result(name, status, severity="high"):
        return {"control": name, "status": status, "severity": severity, "origin": "hygeia.golden", "references": {"nist_800_53": ["AC-3"]}}

    now = [result("a", "fail", "critical"), result("b", "pass"), result("c", "not_checked"), result("new", "fail")]
    (entry,) = controls.of_controls(now, {"a": "pass", "b": "pass", "c": "pass", "d": "pass"}, checks, "web1")
    assert (entry["control"], entry["severity"], entry["drift"]["item"], entry["expected"], entry["observed"]) == (
        "drift-controls",
        "critical",
        "a",
        {"a": "pass"},
        {"a": "fail"},
    )
    (same,) = controls.of_controls(now[1:2], {"b": "pass"}, checks, "web1")
    assert (same["control"], same["status"]) == ("drift-controls", "pass")
    (nothing,) = controls.of_controls(now[2:3], {"c": "pass"}, checks, "web1")
    assert nothing["status"] == "not_checked"


@pytest.mark.parametrize(
    ("limits", "runs", "expected"),
    [
        ({"differences": 0, "days": 0}, [], None),
        ({"differences": 1, "days": 0}, [], ("pass", "")),
        ({"differences": 0, "days": 29}, [], ("pass", "")),
        ({"differences": 0, "days": 28}, [], ("fail", "make the machine anew from a patched image: the last patch is 29 days old")),
        ({"differences": 0, "days": 28}, ["20261120T000000Z"], ("pass", "")),
    ],
)
def test_the_advice_to_make_a_machine_anew(of, limits, runs, expected):
    found, unused = of(lambda machine: machine.file("/etc", "/etc/other"))
    advice = age.advice(found, "2026-11-01T00:00:00Z", runs, "2026-11-30", limits)
    assert ([(entry["status"], entry["message"]) for entry in advice] or [None]) == [expected]


def test_more_differences_than_the_site_allows(of):
    found, unused = of(lambda machine: [machine.file("/etc", f"/etc/{name}") for name in "xy"])
    (advice,) = age.advice(found, "2026-11-01", [], "2026-11-30", {"differences": 1, "days": 0})
    assert advice["message"] == "make the machine anew from a patched image: 2 differences are not explained"
    (unknown,) = age.advice(found, "", [], "2026-11-30", {"differences": 1, "days": 0})
    assert unknown["status"] == "not_checked"
