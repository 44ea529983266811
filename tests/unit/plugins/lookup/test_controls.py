# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import controls

DEFAULTS = {name: option.get("default") for name, option in yaml.safe_load(controls.DOCUMENTATION)["options"].items()}
POLICY = {
    "controls/site.yml": """
- id: site-panic
  title: The kernel reboots after a panic
  severity: low
  level: 2
  rationale: A monitor that stays dark helps nobody.
  impact: The server restarts by itself after a crash.
  settings: {sysctl: {kernel.panic: 10}}
  references: {nist_800_53: [CP-10], hipaa: ["164.308(a)(7)(ii)(B)"]}
""",
    "profiles/site.yml": "{id: site, title: Site, description: x, controls: [site-*]}",
    "waivers/site.yml": "- {control: site-panic, hosts: 'pacs-*', reason: r, approver: ciso, until: 2026-06-30}",
}


@pytest.fixture
def policy(tmp_path):
    for path, text in POLICY.items():
        place = tmp_path / path
        place.parent.mkdir()
        place.write_text(text, encoding="utf-8")
    return str(tmp_path)


@pytest.fixture
def lookup(policy, monkeypatch):
    """Call the lookup with options as a template would."""
    monkeypatch.setattr(controls.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(controls.LookupModule, "get_option", lambda self, name: self.given.get(name, DEFAULTS[name]))

    def run(*terms, **options):
        return controls.LookupModule().run(list(terms), policy=[policy], **options)

    return run


def test_a_control_comes_with_everything_that_is_known(lookup):
    (control,) = lookup("site")
    assert control["rationale"] == "A monitor that stays dark helps nobody."
    assert (control["area"], control["waiver"]) == ("site", None)


def test_the_waiver_of_the_host_is_judged_by_the_day(lookup):
    assert lookup("site", host="ris-1", today="2026-06-30")[0]["waiver"] is None
    assert lookup("site", host="pacs-1", today="2026-06-30")[0]["waiver"]["expired"] is False
    assert lookup("site", host="pacs-1", today="2026-07-01")[0]["waiver"]["expired"] is True


def test_waivers_of_the_inventory_count_like_those_of_a_file(lookup):
    waiver = {"control": "site-panic", "hosts": "*", "reason": "r", "approver": "cio", "until": "2027-01-01"}
    assert lookup("site", host="pacs-1", waivers=[waiver], today="2026-12-01")[0]["waiver"]["approver"] == "cio"


@pytest.mark.parametrize(
    ("waiver", "error"),
    [
        ({"control": "site-panic"}, "the waivers of the play, number 1: waiver site-panic: it has no hosts; add one."),
        (
            {"control": "site-calm", "hosts": "*", "reason": "r", "approver": "cio", "until": "2027-01-01"},
            "the waivers of the play, number 1: waiver site-calm: there is no such control; did you mean site-panic.",
        ),
    ],
)
def test_a_bad_waiver_of_the_inventory_is_reported(lookup, waiver, error):
    with pytest.raises(AnsibleLookupError) as caught:
        lookup("site", waivers=[waiver])
    assert error in str(caught.value)


def test_the_play_sets_and_removes(lookup):
    (control,) = lookup("site", set={"site-panic": {"sysctl": {"kernel.panic": 60}}})
    assert control["settings"]["sysctl"]["kernel.panic"] == 60
    assert lookup("site", remove=["site-panic"]) == []


def test_the_play_adds_what_the_profile_lacks_and_sets_it(lookup):
    wanted = {"audit-disk-full": {"auditd_conf": {"disk_full_action": "single"}}}
    with pytest.raises(
        AnsibleLookupError, match="set: audit-disk-full: the profile has no such control; add it with baseline_add or leave it out"
    ):
        lookup("site", set=wanted)
    added = {control["id"]: control for control in lookup("site", add=["audit-disk-full"], set=wanted)}
    assert set(added) == {"site-panic", "audit-disk-full"}
    assert added["audit-disk-full"]["settings"]["auditd_conf"]["disk_full_action"] == "single"
    with pytest.raises(AnsibleLookupError, match="controls: audit-disc-full means no control there"):
        lookup("site", add=["audit-disc-full"])


def test_what_is_wrong_with_the_request_is_reported(lookup):
    with pytest.raises(AnsibleLookupError, match="the variables of the play: there is no profile sitee; did you mean site"):
        lookup("sitee")
    with pytest.raises(AnsibleLookupError, match="the id of one profile"):
        lookup("site", "hipaa")


def test_a_control_that_no_profile_has_is_warned_of(lookup, policy, monkeypatch):
    warnings = []
    monkeypatch.setattr(controls.display, "warning", warnings.append)
    with open(f"{policy}/profiles/site.yml", "w", encoding="utf-8") as stream:
        stream.write("{id: site, title: Site, description: x}")
    assert lookup("site") == []
    assert warnings == ["No profile has the control site-panic, so nothing ever looks at it; add it to a profile's controls."]


def test_tags_and_a_severity_choose_controls(lookup):
    assert [control["id"] for control in lookup("site", tags=["level2"], severity="low")] == ["site-panic"]
    with pytest.raises(AnsibleLookupError, match="The tag ssh matches no control of the profile"):
        lookup("site", skip_tags=["ssh"])
