# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleFilterError, AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.filter.records import records
from ansible_collections.hygeia.golden.plugins.lookup import checks as lookup
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.checks import covered, matching
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.validation import validated
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import coverage

DEFAULTS = {name: option.get("default") for name, option in yaml.safe_load(lookup.DOCUMENTATION)["options"].items()}
CHECKS = """
    - id: probe-*
      title: The probe * was answered
      severity: high
      rationale: Because.
      references: {hipaa: ["164.312(b)"]}
    - id: probe-tried
      title: Probes could be sent
      severity: low
      rationale: Because.
      references: {hipaa: ["164.312(b)"]}
"""


def waiver(control, hosts="*", until="2026-12-31", approver="ciso"):
    return f"- {{control: {control}, hosts: '{hosts}', reason: r, approver: {approver}, until: {until}}}\n"


@pytest.fixture
def site(baseline, directory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def read(checks=CHECKS, **files):
        texts = {name.replace("__", "/") + ".yml": text for name, text in files.items()}
        return Catalogue([directory("policy", {"checks/own.yml": checks, **texts})], baseline)

    return read


@pytest.mark.parametrize(
    "name, check", [("probe-pacs", "probe-*"), ("probe-tried", "probe-tried"), ("probe-*", "probe-*"), ("probe-p*", None), ("prober", None)]
)
def test_a_name_means_the_most_exact_check(name, check):
    assert matching(["probe-*", "probe-tried"], name) == check


def test_a_waiver_covers_all_that_an_asterisk_means_or_one_of_them(site):
    catalogue = site(waivers__own=waiver("probe-pacs", "ris-*") + waiver("probe-tried"))
    found = {check["id"]: check for check in covered(catalogue, "ris-1", "2026-12-01")}
    assert list(found) == ["probe-*", "probe-tried", "probe-pacs"]
    assert found["probe-*"]["waiver"] is None and found["probe-tried"]["waiver"] and found["probe-pacs"]["waiver"]
    assert found["probe-pacs"]["title"] == "The probe pacs was answered"
    assert covered(catalogue, "pacs-1", "2026-12-01")[2]["waiver"] is None


def test_of_a_waiver_for_all_and_one_for_a_single_one_the_longest_counts(site):
    catalogue = site(waivers__own=waiver("probe-pacs", approver="cio", until="2026-06-30") + waiver("probe-*"))
    assert {check["id"]: check["waiver"]["approver"] for check in covered(catalogue, "x", "2026-12-01") if check["waiver"]} == {
        "probe-*": "ciso",
        "probe-pacs": "ciso",
    }


@pytest.mark.parametrize(
    "checks, waivers, error",
    [
        (
            CHECKS.replace("severity: low", "severity: hihg"),
            "",
            "policy/checks/own.yml:6: check probe-tried: severity is 'hihg'; use low, medium, high or critical.",
        ),
        (
            CHECKS.replace("probe-tried", "probe-tr*d"),
            "",
            "policy/checks/own.yml:6: check probe-tr*d: id is 'probe-tr*d'; write lower-case words joined by "
            "hyphens, of which the last may be an asterisk, such as segment-in-*.",
        ),
        (
            CHECKS.replace("probe-*", "network-*"),
            "",
            "policy/checks/own.yml:1: check network-*: network-redirects is a control; give the check another id.",
        ),
        (
            CHECKS.replace("164.312(b)", "164.312(z)", 1),
            "",
            "policy/checks/own.yml:1: check probe-*: references: hipaa: 164.312(z) is not a citation of "
            "HIPAA Security Rule; did you mean 164.312(b).",
        ),
        (
            CHECKS.replace("probe-tried", "probe-*"),
            "",
            "policy/checks/own.yml:6: check probe-* is in policy/checks/own.yml:1 too; give one of them another id.",
        ),
        (CHECKS, waiver("prob-tried"), "policy/waivers/own.yml:1: waiver prob-tried: there is no such control; did you mean probe-tried."),
        (CHECKS, waiver("probe-p*"), "policy/waivers/own.yml:1: waiver probe-p*: there is no such control; did you mean probe-*."),
    ],
)
def test_a_mistake_is_reported_with_what_to_write(site, checks, waivers, error):
    with pytest.raises(PolicyError) as caught:
        site(checks, waivers__own=waivers or "[]")
    assert error in str(caught.value).splitlines()


def test_a_site_hears_which_checks_it_added(baseline, directory):
    said = validated([directory("policy", {"checks/own.yml": CHECKS})], "2026-12-01", baseline)
    assert (said["errors"], said["warnings"], said["checks"]) == ([], [], ["probe-*", "probe-tried"])


def test_a_check_with_a_result_serves_its_citations(site):
    catalogue = site()
    results = [
        {"control": "probe-pacs", "status": "pass", "stage": "live", "expected": None, "observed": None, "read_from": "", "message": ""}
    ]
    made = records(results, covered(catalogue, "x", "2026-12-01"), "x")
    row = coverage(made, catalogue.frameworks["hipaa"])["citations"][0]
    assert (row["state"], [check["title"] for check in row["controls"]]) == ("proven", ["The probe pacs was answered"])
    with pytest.raises(AnsibleFilterError, match="hygeia.golden.records: there is no control and no check prob-pacs"):
        records([{**results[0], "control": "prob-pacs"}], covered(catalogue, "x", "2026-12-01"), "x")


def test_the_lookup_hands_them_out_with_their_waivers(directory, monkeypatch):
    monkeypatch.setattr(lookup.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(lookup.LookupModule, "get_option", lambda self, name: self.given.get(name, DEFAULTS[name]))
    policy = directory("policy", {"checks/own.yml": CHECKS.replace("{hipaa", "{nist_800_53: [AU-2], hipaa")})
    more = yaml.safe_load(waiver("segment-in-guest", "pacs-*"))
    more[0]["until"] = "2026-12-31"
    found = {
        check["id"]: check for check in lookup.LookupModule().run([], policy=[policy], waivers=more, host="pacs-1", today="2026-12-31")
    }
    assert found["probe-tried"]["waiver"] is None and found["segment-in-guest"]["waiver"]["expired"] is False
    with pytest.raises(AnsibleLookupError, match="the waivers of the play, number 1: waiver segment-in: there is no such control"):
        lookup.LookupModule().run([], waivers=[{**more[0], "control": "segment-in"}])
