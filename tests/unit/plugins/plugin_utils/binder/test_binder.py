# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A binder over made-up runs of a quarter: what failed and for how long, deadlines, restores, signatures, and what somebody changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import binder as action
from ansible_collections.hygeia.golden.plugins.module_utils.signing import ssh, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.modules import binder as documented
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder import pdf, period, runs
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence, index

WAIVER = {"reason": "The vendor forbids it", "approver": "ciso", "until": "2026-12-31", "expired": False}


def record(control, status="pass", severity="high", citations=("164.312(d)",), waiver=None, message=""):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": severity,
        "level": 1,
        "origin": "hygeia.golden",
        "host": "",
        "stage": "live",
        "status": status,
        "expected": None,
        "observed": None,
        "read_from": "",
        "message": message,
        "waiver": waiver,
        "references": {"hipaa": list(citations)},
    }


def vulnerability(name, due=None, severity="high", state="fixable", status="on_time", waiver=None):
    return {
        "id": name,
        "package": "openssl",
        "severity": severity,
        "due": due,
        "state": state,
        "status": status,
        "waiver": waiver,
        "kev": False,
    }


class Site:
    """A directory of evidence, written and signed as the action does, over which a binder is made."""

    def __init__(self, place):
        self.place = place
        self.evidence = place / "evidence"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"], check=True)
        (place / "allowed").write_text(f"pipeline@example.org {(place / 'key.pub').read_text()}")

    def run(self, host, day, *records, outcome="passed", open_=None, closed=(), waivers=(), signed=True, **more):
        ended = f"{day}T12:00:00Z"
        stated = {"stated": open_ is not None, "text": "", "open": list(open_ or ()), "closed": list(closed)}
        results = json.dumps({"records": list(records), "patches": {"vulnerabilities": stated}})
        run = {"host": host, "ended": ended, "verdict": outcome}
        with index.held(str(self.evidence / "runs.jsonl")) as runs:
            manifest = json.dumps(
                {
                    "host": host,
                    "ended": ended,
                    "verdict": {"outcome": outcome},
                    "profile": {"id": "hipaa"},
                    "image": None,
                    "waivers": list(waivers),
                    "files": {"results.json": {"sha256": hashlib.sha256(results.encode()).hexdigest(), "size": len(results)}},
                    "history": {"image": None, "runs": runs.head()},
                    **more,
                }
            )
            files = {"results.json": results, "manifest.json": manifest}
            if signed:
                files["manifest.json.sig"] = self.sign(manifest.encode())
            path = evidence.written(
                str(self.evidence / host / day.replace("-", "")), files, note=lambda place: runs.note(place, run, manifest)
            )
            runs.settle()
            runs.sign(ended, self.sign)
        return path

    def sign(self, content):
        return ssh.sign(content, str(self.place / "key"))

    def bind(self, name="2026-Q4", trusted=True, check_mode=False, **more):
        """The result of the action, and binder.json."""
        arguments = {"evidence": str(self.evidence), "period": name, "dest": str(self.place / "binder"), "pdf": False, **more}
        if trusted:
            arguments.update(allowed_signers=str(self.place / "allowed"), signing_key=str(self.place / "key"))
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="binder", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        found = action.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None).run(task_vars={})
        written = os.path.join(found["path"], "binder.json")
        return found, json.loads(open(written, encoding="utf-8").read()) if os.path.exists(written) else None

    def text(self, found):
        return open(os.path.join(found["path"], "binder.html"), encoding="utf-8").read()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


# -- periods ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, title, begin, end",
    [
        ("2026-11", "November 2026", "2026-11-01", "2026-12-01"),
        ("2026-12", "December 2026", "2026-12-01", "2027-01-01"),
        ("2026-Q1", "Quarter 1 of 2026", "2026-01-01", "2026-04-01"),
        ("2026-Q4", "Quarter 4 of 2026", "2026-10-01", "2027-01-01"),
        ("2028", "2028", "2028-01-01", "2029-01-01"),
    ],
)
def test_a_period_is_a_month_a_quarter_or_a_year(name, title, begin, end):
    assert period.named(name) == period.Period(name, title, begin, end)


@pytest.mark.parametrize("name", ["", "2026-13", "2026-Q5", "26-11", "2026-11-01", "November", "2026-11\n", "../2026"])
def test_what_is_no_period_is_refused(name):
    with pytest.raises(PolicyError, match="is no period: write a month as 2026-11"):
        period.named(name)


def test_only_runs_of_the_period_are_in_it(site):
    for day in ("2026-09-30", "2026-10-01", "2026-12-31", "2027-01-01"):
        site.run("web", day, record("a"))
    assert [run["ended"][:10] for run in site.bind()[1]["runs"]] == ["2026-10-01", "2026-12-31"]


# -- failures --------------------------------------------------------------------------


def failures(site, name="2026-Q4"):
    return {(row["host"], row["control"]): row for row in site.bind(name)[1]["failures"]}


def test_a_failure_lasts_from_the_run_that_found_it_to_the_one_that_found_it_gone(site):
    site.run("web", "2026-10-01", record("a"))
    site.run("web", "2026-10-08", record("a", "fail", message="it is off"))
    site.run("web", "2026-10-15", record("a", "fail"))
    site.run("web", "2026-10-22", record("a"))
    [row] = failures(site).values()
    assert (row["first_seen"][:10], row["last_seen"][:10], row["fixed"][:10], row["days"], row["runs"]) == (
        "2026-10-08",
        "2026-10-15",
        "2026-10-22",
        14,
        2,
    )
    assert (row["message"], row["before"]) == ("it is off", False)


def test_a_failure_from_before_the_period_began_when_it_was_first_seen(site):
    for day, status in (
        ("2026-08-01", "fail"),
        ("2026-08-15", "pass"),
        ("2026-09-01", "fail"),
        ("2026-09-20", "fail"),
        ("2026-10-10", "fail"),
    ):
        site.run("web", day, record("a", status))
    [row] = failures(site).values()
    assert (row["first_seen"][:10], row["before"], row["fixed"], row["days"]) == ("2026-09-01", True, "", 39)


def test_a_run_that_did_not_check_a_control_does_not_end_its_failure(site):
    site.run("web", "2026-10-01", record("a", "fail"))
    site.run("web", "2026-10-08", record("b"))
    site.run("web", "2026-10-15", record("a", "not_checked"), record("b"))
    [row] = failures(site).values()
    assert (row["fixed"], row["days"]) == ("", 14)


def test_two_failures_of_one_control_are_two(site):
    for day, status in (("2026-10-01", "fail"), ("2026-10-02", "pass"), ("2026-10-03", "error"), ("2026-10-05", "pass")):
        site.run("web", day, record("a", status))
    assert sorted(row["days"] for row in site.bind()[1]["failures"]) == [1, 2]


def test_who_accepted_a_failure_is_named_with_the_waiver(site):
    site.run("web", "2026-10-01", record("a", "fail"), waivers=[])
    site.run("web", "2026-10-08", record("a", "waived", waiver=WAIVER), waivers=[{"control": "a", **WAIVER}])
    site.run("db", "2026-10-08", record("a"), waivers=[{"control": "a", **WAIVER}])
    found, known = site.bind()
    [row] = known["failures"]
    assert row["accepted"] and row["waivers"] == [{"approver": "ciso", "reason": "The vendor forbids it", "until": "2026-12-31"}]
    assert (found["figures"]["open"], found["figures"]["accepted"]) == (0, 1)
    [waiver] = known["waivers"]
    assert (waiver["hosts"], waiver["used"]) == (["db", "web"], ["web"])


# -- safeguards ------------------------------------------------------------------------


def citation(known, name="164.312(d)"):
    return next(row for row in known["safeguards"][0]["citations"] if row["citation"] == name)


def test_a_safeguard_has_the_state_of_the_host_with_the_worst_one(site):
    site.run("web", "2026-10-01", record("a", "fail"))
    site.run("web", "2026-10-08", record("a"))
    site.run("db", "2026-10-08", record("a"))
    site.run("pacs", "2026-10-08", record("a", "fail"))
    row = citation(site.bind()[1])
    assert (row["state"], row["counts"], row["failing"], row["always"]) == ("failing", {"failing": 1, "proven": 2}, ["pacs"], 1)


def test_what_no_system_can_show_and_what_nothing_serves_stay_apart(site):
    site.run("web", "2026-10-01", record("a", "not_checked"))
    known = site.bind()[1]
    assert citation(known)["state"] == "not_checked" and citation(known)["always"] == 0
    assert citation(known, "164.308(a)(2)")["state"] == "out_of_reach"
    assert citation(known, "164.312(b)")["state"] == "not_served"


# -- patches ---------------------------------------------------------------------------


def test_deadlines_are_kept_or_missed_by_the_runs_that_say_so(site):
    first = [
        vulnerability("CVE-1", "2026-10-20"),
        vulnerability("CVE-2", "2026-10-05"),
        vulnerability("CVE-3", "2026-10-10", "critical"),
        vulnerability("CVE-4", "2026-12-30"),
        vulnerability("CVE-5", state="no_fix", status="no_fix"),
        vulnerability("CVE-6", "2026-10-02", status="waived", waiver=WAIVER),
    ]
    site.run("web", "2026-10-01", open_=first)
    site.run("web", "2026-10-08", open_=[entry for entry in first if entry["id"] not in ("CVE-1", "CVE-2")])
    site.run("web", "2026-10-09", record("a"))
    site.run("web", "2026-10-15", open_=first[2:], closed=[vulnerability("CVE-7")])
    site.run("db", "2026-10-15", record("a"))
    found, known = site.bind()
    states = {row["id"]: row["state"] for row in known["patches"]["rows"]}
    assert states == {
        "CVE-1": "kept",
        "CVE-2": "late",
        "CVE-3": "overdue",
        "CVE-4": "due",
        "CVE-5": "unfixed",
        "CVE-6": "accepted",
        "CVE-7": "closed",
    }
    assert known["patches"]["rows"][0]["id"] == "CVE-3", "what is open past its deadline comes first"
    assert known["patches"]["silent"] == ["db"] and "Nothing can be said of db" in site.text(found)
    assert (found["figures"]["missed"], found["figures"]["kept"]) == (2, 1)
    assert known["patches"]["figures"]["critical"]["overdue"] == 1


def test_what_was_open_before_the_period_and_what_came_back_is_counted(site):
    site.run("web", "2026-09-20", open_=[vulnerability("CVE-1", "2026-10-30"), vulnerability("CVE-2", "2026-10-30")])
    site.run("web", "2026-09-25", open_=[vulnerability("CVE-1", "2026-10-30")], closed=[vulnerability("CVE-2", "2026-10-30")])
    site.run("web", "2026-10-05", open_=[])
    site.run("web", "2026-10-06", open_=[vulnerability("CVE-1", "2026-10-30")])
    rows = site.bind()[1]["patches"]["rows"]
    assert sorted((row["id"], row["state"]) for row in rows) == [("CVE-1", "due"), ("CVE-1", "kept")]


# -- restores and images ---------------------------------------------------------------


def test_restores_are_counted_and_a_host_without_one_is_named(site):
    site.run("web", "2026-10-01", record("backup-canary-proven"), record("backup-sample-proven"), record("backup-time-proven"))
    site.run("web", "2026-10-08", record("backup-canary-proven", "fail", message="the file differs"))
    site.run("db", "2026-10-08", record("backup-canary-proven", "not_checked"))
    found, known = site.bind()
    [row] = known["restores"]["rows"]
    assert (row["host"], row["proven"], row["failed"], row["last_proven"][:10], row["message"]) == (
        "web",
        1,
        1,
        "2026-10-01",
        "the file differs",
    )
    assert known["restores"]["untried"] == ["db"] and "No restore was tried on db." in site.text(found)


def test_promotions_and_rollbacks_are_listed_with_their_digests(site):
    image = {"path": "/srv/golden/web-1.qcow2", "sha256": "1" * 64}
    site.run("web", "2026-10-01", record("a"), outcome="promoted", image=image)
    back = {"image": "web-0.qcow2", "sha256": "2" * 64, "by": "bob", "reason": "The viewer does not start"}
    site.run("web", "2026-10-02", outcome="rolled_back", rollback=back)
    rows = site.bind()[1]["images"]
    assert [(row["image"], row["sha256"]) for row in rows] == [("web-1.qcow2", "1" * 64), ("web-0.qcow2", "2" * 64)]
    assert rows[1]["about"] == "rolled back by bob: The viewer does not start"


# -- what can be relied on -------------------------------------------------------------


def test_evidence_that_verifies_is_said_to(site):
    site.run("web", "2026-10-01", record("a"))
    found, known = site.bind()
    assert found["problems"] == [] and "The evidence verifies" in site.text(found)
    assert known["signatures"] == {"verified": 1, "runs": 1, "signers": [{"signer": "pipeline@example.org", "runs": 1}], "problems": []}
    [history] = known["histories"]
    assert (history["state"], history["entries"], history["confirmed"]) == ("pass", 1, 1)


CHANGES = {
    "1 of 2 runs do not verify.": lambda site: (site.evidence / "web/20261001/manifest.json").write_text(
        (site.evidence / "web/20261001/manifest.json").read_text().replace("passed", "refused")
    ),
    "1 run could not be read, and no figure counts what is there.": lambda site: (site.evidence / "web/20261001/results.json").write_text(
        "{}"
    ),
    "The history runs.jsonl does not verify.": lambda site: shutil.rmtree(site.evidence / "web/20261001"),
}


@pytest.mark.parametrize("problem", CHANGES)
def test_evidence_that_was_changed_is_named(site, problem):
    for day in ("2026-10-01", "2026-10-08"):
        site.run("web", day, record("a"))
    CHANGES[problem](site)
    found, unused_known = site.bind()
    assert problem in found["problems"] and "This binder has gaps" in site.text(found)


def test_without_a_signer_nothing_is_said_to_verify(site):
    site.run("web", "2026-10-01", record("a"))
    found, known = site.bind(trusted=False)
    assert "Signatures were not verified, because no signer was named." in found["problems"]
    assert (known["signatures"]["verified"], known["histories"][0]["state"]) == (None, "not_checked")
    assert "manifest.json.sig" not in found["files"]


def test_a_binder_verifies_like_evidence_until_somebody_changes_it(site):
    site.run("web", "2026-10-01", record("a"))
    found, known = site.bind()
    trust = Trust(allowed_signers=str(site.place / "allowed"))
    good = verification.verify(found["path"], trust)
    assert good.problems == [] and good.manifest["runs"] == {"web/20261001": known["runs"][0]["sha256"]}
    page = os.path.join(found["path"], "binder.html")
    text = site.text(found)
    with open(page, "w", encoding="utf-8") as stream:
        stream.write(text.replace("pipeline@example.org", "nobody@example.org"))
    assert verification.verify(found["path"], trust).problems == ["binder.html differs from the one that manifest.json lists"]


@pytest.mark.parametrize(
    "manifest", ["", "[]", "[" * 100_000, "{}", '{"ended": "2026-10-01T00:00:00Z", "files": {}, "host": 7, "verdict": {"outcome": "x"}}']
)
def test_evidence_of_any_form_is_named_and_left_out(site, manifest):
    site.run("web", "2026-10-01", record("a"))
    (site.evidence / "odd/run").mkdir(parents=True)
    (site.evidence / "odd/run/manifest.json").write_text(manifest)
    found, known = site.bind()
    assert [each["run"] for each in known["unread"]] == ["odd/run"] and len(known["runs"]) == 1
    assert "1 run could not be read" in str(found["problems"])


def test_a_period_without_a_run_proves_nothing(site):
    site.run("web", "2026-01-01", record("a"))
    found, known = site.bind()
    assert "No run ended in this period." in found["problems"] and known["silent"] == ["web"]


@pytest.mark.parametrize(
    "results",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"records": [7]}',
        json.dumps({"records": [record("a", "well")]}),
        json.dumps({"records": [record("a", severity="x")]}),
    ],
)
def test_results_of_any_form_are_named_and_left_out(site, results):
    site.run("web", "2026-10-01", record("a"))
    place = site.run("db", "2026-10-01", record("a"))
    with open(os.path.join(place, "results.json"), "w", encoding="utf-8") as stream:
        stream.write(results)
    with open(os.path.join(place, "manifest.json"), encoding="utf-8") as stream:
        manifest = json.load(stream)
    manifest["files"]["results.json"]["sha256"] = hashlib.sha256(results.encode()).hexdigest()
    with open(os.path.join(place, "manifest.json"), "w", encoding="utf-8") as stream:
        json.dump(manifest, stream)
    known = site.bind()[1]
    [unread] = known["unread"]
    assert unread["run"] == "db/20261001" and unread["why"] in (
        "its results.json is damaged",
        "its results.json has no records of a form that is known",
    )
    assert [run["run"] for run in known["runs"]] == ["web/20261001"]


def test_results_that_repeat_are_in_memory_once(site):
    for host in ("web", "db"):
        site.run(host, "2026-10-01", record("a", "waived", waiver=WAIVER), open_=[vulnerability("CVE-1", "2026-11-01")])
    found = runs.read(str(site.evidence), period.named("2026-10"))
    one, other = found.runs
    assert one.records[0] is other.records[0] and one.results.open[0] is other.results.open[0]


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.met = set()

    def handle_starttag(self, tag, attrs):
        self.met.add(tag)


def test_nothing_of_the_evidence_is_a_part_of_the_page(site):
    odd = '"><script>alert(1)</script><img src=x>{{ 7*191 }}\u202e\x1b[31m'
    waiver = {**WAIVER, "reason": odd, "approver": odd}
    site.run(
        "web",
        "2026-10-01",
        {**record("a", "waived", waiver=waiver, message=odd), "title": odd},
        record("backup-canary-proven", "fail", message=odd),
        waivers=[{"control": odd, **waiver}],
        open_=[{**vulnerability(odd, "2026-10-01"), "package": odd}],
        outcome=odd,
        profile={"id": odd},
    )
    found, unused_known = site.bind()
    text = site.text(found)
    elements = Elements()
    elements.feed(text)
    assert not {"script", "img"} & elements.met
    assert "\x1b" not in text and "\u202e" not in text and "1337" not in text


def test_a_binder_is_not_written_where_it_would_count_as_a_run(site):
    site.run("web", "2026-10-01", record("a"))
    with pytest.raises(AnsibleError, match="is below the evidence, where it would count as a run"):
        site.bind(dest=str(site.evidence / "binders/2026"))


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"name": "soon"}, "there is no binder: 'soon' is no period"),
        ({"frameworks": ["hippa"]}, "there is no framework hippa; use .*hipaa"),
        (
            {"signing_key": "/nowhere", "trusted": False},
            "the binder cannot be signed, so it is not written: there is no signing key /nowhere",
        ),
        ({"evidence": "/nowhere"}, "there is no binder: /nowhere cannot be read: No such file"),
    ],
)
def test_what_cannot_be_bound_is_reported_in_a_sentence(site, change, sentence):
    site.run("web", "2026-10-01", record("a"))
    with pytest.raises(AnsibleError, match=sentence):
        site.bind(**change)
    assert not (site.place / "binder").exists()


def test_check_mode_writes_nothing(site):
    site.run("web", "2026-10-01", record("a"))
    found, known = site.bind(check_mode=True)
    assert found["figures"]["runs"] == 1 and known is None and not (site.place / "binder").exists()


def test_without_a_browser_a_warning_says_that_there_is_no_pdf(site, monkeypatch):
    site.run("web", "2026-10-01", record("a"))
    monkeypatch.setattr(pdf, "PROGRAMS", ("no-such-browser",))
    found, unused_known = site.bind(pdf=True)
    assert found["warnings"] == ["There is no binder.pdf, since none of no-such-browser is installed. Print binder.html instead."]
    assert "binder.pdf" not in found["files"]


def test_a_browser_prints_the_page_and_its_failure_is_reported(site, monkeypatch, tmp_path):
    site.run("web", "2026-10-01", record("a"))
    browser = tmp_path / "bin/browser"
    browser.parent.mkdir()
    browser.write_text('#!/bin/sh\nfor each; do case $each in --print-to-pdf=*) echo "%PDF-" > "${each#*=}";; esac; done\n')
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{browser.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(pdf, "PROGRAMS", ("browser",))
    found, unused_known = site.bind(pdf=True)
    assert open(os.path.join(found["path"], "binder.pdf"), "rb").read() == b"%PDF-\n"
    assert "binder.pdf" in verification.parsed(open(os.path.join(found["path"], "manifest.json"), "rb").read())["files"]
    browser.write_text("#!/bin/sh\necho no display >&2\nexit 7\n")
    found, unused_known = site.bind(pdf=True)
    assert "browser fails: no display. Print binder.html instead." in found["warnings"][0]


def test_the_documentation_names_what_the_action_takes():
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    spec = {name: {key: value for key, value in known.items() if key != "description"} for name, known in options.items()}
    assert spec == action.ARGUMENTS
