# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import sys

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError

OWN_CONTROL = """
    - id: site-panic
      title: The kernel reboots after a panic
      severity: low
      level: 1
      rationale: A monitor that stays dark helps nobody.
      impact: The server restarts by itself after a crash.
      settings:
        sysctl: {kernel.panic: 10}
      references: {hipaa: ["164.312(b)"]}
"""


@pytest.fixture
def site(baseline, directory, monkeypatch, tmp_path):
    """What the catalogue says of the baseline and a site's directory, and what it complains of."""
    monkeypatch.chdir(tmp_path)

    def read(**files):
        texts = {name.replace("__", "/") + ".yml": text for name, text in files.items()}
        return Catalogue([directory("policy", texts)] if files else [], baseline)

    return read


def errors(function, *arguments, **keywords):
    with pytest.raises(PolicyError) as caught:
        function(*arguments, **keywords)
    return str(caught.value).splitlines()


def ids(controls):
    return [control["id"] for control in controls]


def test_a_control_has_its_defaults_and_its_area(site):
    control = site().controls["network-forwarding"]
    assert (control["applies_to"], control["stages"], control["area"]) == ({}, ["offline", "boot", "live"], "network")


def test_a_profile_does_not_pick_up_controls_of_a_later_directory(site):
    catalogue = site(controls__own=OWN_CONTROL)
    assert ids(catalogue.resolve("base")) == ["network-forwarding", "network-redirects"]
    assert catalogue.unused() == ["site-panic"]


def test_a_profile_adds_to_its_parent_removes_from_it_and_sets_values(site):
    catalogue = site(
        controls__own=OWN_CONTROL,
        profiles__own="""
            id: own
            title: Own
            description: Ours.
            extends: base
            controls: [site-*]
            remove: [network-redirects]
            set: {network-forwarding: {sysctl: {net.ipv4.ip_forward: 1}}}
        """,
    )
    controls = catalogue.resolve("own")
    assert ids(controls) == ["network-forwarding", "site-panic"]
    assert controls[0]["settings"]["sysctl"] == {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 0}
    assert catalogue.controls["network-forwarding"]["settings"]["sysctl"]["net.ipv4.ip_forward"] == 0


def test_the_play_removes_and_sets_on_top_of_the_profile(site):
    values = {"network-forwarding": {"sysctl": {"net.ipv4.ip_forward": 1}}}
    controls = site().resolve("base", ["*-redirects"], values)
    assert ids(controls) == ["network-forwarding"]
    assert controls[0]["settings"]["sysctl"]["net.ipv4.ip_forward"] == 1


def test_a_grandchild_sets_what_a_child_set(site):
    catalogue = site(
        profiles__a="""
            {id: a, title: A, description: a, extends: base,
             set: {network-forwarding: {sysctl: {net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1}}}}
        """,
        profiles__b="""
            {id: b, title: B, description: b, extends: a, set: {network-forwarding: {sysctl: {net.ipv4.ip_forward: 2}}}}
        """,
    )
    settings = catalogue.resolve("b")[0]["settings"]["sysctl"]
    assert settings == {"net.ipv4.ip_forward": 2, "net.ipv6.conf.all.forwarding": 1}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("severity: low", "severity: hihg"), "severity is 'hihg'; use low, medium, high or critical."),
        (("      severity: low\n", ""), "it has no severity; add one."),
        (("      level: 1\n", ""), "it has no level; add one."),
        (("      impact: The server restarts by itself after a crash.\n", ""), "it has no impact; add one."),
        (("level: 1", "level: 3"), "level is 3; use 1 or 2."),
        (("severity: low", "severity: low\n      severty: low"), "it has a field severty that means nothing; did you mean severity."),
        (("title: The kernel reboots after a panic", "title: true"), "title is True; put it in quotes."),
        (("rationale: A monitor that stays dark helps nobody.", "rationale: ''"), "rationale is empty; write one sentence that says why."),
        (
            ("sysctl: {kernel.panic: 10}", "sysctl: kernel.panic"),
            "settings: sysctl is 'kernel.panic'; write at least one name with its wanted value.",
        ),
        (("sysctl: {kernel.panic: 10}", "sysctl: {kernel.panic: }"), "settings: sysctl: kernel.panic is empty; write a value."),
        (("sysctl: {kernel.panic: 10}", "sysclt: {kernel.panic: 10}"), "there is no kind sysclt; did you mean sysctl."),
        (('hipaa: ["164.312(b)"]', "hipaa: [164.312]"), "references: hipaa: number 1 is 164.312; put it in quotes."),
        (('hipaa: ["164.312(b)"]', "hipaa: [164.312(b), 164.312(b)]"), "references: hipaa names 164.312(b) twice; name it once."),
        (('hipaa: ["164.312(b)"]', "hippa: [164.312(b)]"), "references: there is no framework hippa; did you mean hipaa."),
        (
            ('["164.312(b)"]', "[164.312(z)]"),
            "references: hipaa: 164.312(z) is not a citation of HIPAA Security Rule; did you mean 164.312(b).",
        ),
        (
            ('["164.312(b)"]', "[164.314(a)(2)(i)]"),
            "references: hipaa: 164.314(a)(2)(i) is out of reach of a system (contracts cannot be read from a host); leave it out.",
        ),
        (("severity: low", "severity: low\n      stages: [boot, running]"), "stages: number 2 is 'running'; use offline, boot or live."),
        (
            ("severity: low", "severity: low\n      applies_to: {packages: x}"),
            "applies_to has a field packages that means nothing; did you mean package.",
        ),
    ],
)
def test_a_bad_control_is_reported_with_file_line_control_and_field(site, change, error):
    assert errors(site, controls__own=OWN_CONTROL.replace(*change)) == [f"policy/controls/own.yml:1: control site-panic: {error}"]


def test_a_bad_id_is_reported(site):
    messages = errors(site, controls__own=OWN_CONTROL.replace("site-panic", "Site_Panic"))
    assert messages == [
        "policy/controls/own.yml:1: control Site_Panic: id is 'Site_Panic'; "
        "write lower-case words joined by hyphens, such as ssh-root-login."
    ]


def test_an_item_without_an_id_is_reported_by_its_number(site):
    messages = errors(site, controls__own="- title: x\n- just a text\n")
    assert messages[0] == "policy/controls/own.yml:1: control number 1: it has no id; add one."
    assert messages[-1] == "policy/controls/own.yml:2: control number 2: it is 'just a text'; write a mapping."


def test_all_mistakes_are_reported_at_once(site):
    messages = errors(
        site,
        controls__own=OWN_CONTROL.replace("severity: low", "severity: hihg"),
        profiles__own="{id: own, title: Own, description: x, controls: [nothing-*]}",
    )
    assert len(messages) == 2


def test_a_mistake_hides_no_other_and_blames_nobody_else(site):
    """Whoever names a framework, a control or a profile that has a mistake itself has made none."""
    messages = errors(
        site,
        controls__own=OWN_CONTROL.replace("severity: low", "severity: hihg").replace("sysctl:", "sysctll:")
        + """
    - {id: site-other, title: O, severity: low, level: 1, rationale: r., impact: i., settings: {sshdd: {X: 1}}, references: {own: [O-1]}}""",
        frameworks__own="{id: own, title: Own, sauce: x}",
        profiles__own="{id: own, title: Own, description: x, controls: [site-panic], serves: [own], set: {site-panic: {sysctl: {a: 1}}}}",
        profiles__broken="{id: broken, title: B}",
        profiles__child="{id: child, title: C, description: x, extends: broken, remove: [nothing-*], serves: [hippa]}",
        waivers__own="- {control: site-panic, hosts: x, reason: r, approver: a, until: 2026-12-31}",
    )
    assert [line.replace("policy/", "") for line in messages] == [
        "frameworks/own.yml: framework has no source; add one.",
        "frameworks/own.yml: framework has a field sauce that means nothing; did you mean source.",
        "controls/own.yml:1: control site-panic: severity is 'hihg'; use low, medium, high or critical.",
        "controls/own.yml:1: control site-panic: there is no kind sysctll; did you mean sysctl.",
        "profiles/broken.yml: profile has no description; add one.",
        "controls/own.yml:11: control site-other: there is no kind sshdd; did you mean sshd.",
        "profiles/child.yml: profile child: serves: there is no framework hippa; did you mean hipaa.",
        "profiles/child.yml: profile child: remove: nothing-* means no control there; check its spelling.",
    ]


def test_a_file_that_is_no_list_or_no_yaml_is_reported(site):
    assert errors(site, controls__own="id: x") == ["policy/controls/own.yml: controls is a mapping; write a list of controls."]
    assert errors(site, controls__own="") == ["policy/controls/own.yml: controls is empty; write a list of controls."]
    assert errors(site, controls__own="- a: [") == [
        "policy/controls/own.yml:2: this is not YAML that can be used: did not find expected node content."
    ]
    assert "policy/controls/own.yml:1: this is not YAML that can be used: severity is there twice." in errors(
        site, controls__own="- {id: a-b, severity: low, severity: high}"
    )


def test_a_file_with_bytes_that_are_no_text_is_reported(baseline, directory):
    policy = directory("policy", {"controls/own.yml": ""})
    with open(f"{policy}/controls/own.yml", "wb") as stream:
        stream.write(b"- id: \xff\xfe\n")
    assert "this is not YAML that can be used" in errors(Catalogue, [policy], baseline)[0]


def test_an_id_that_is_there_twice_is_reported_with_both_places(site):
    messages = errors(site, controls__own=OWN_CONTROL, controls__own2=OWN_CONTROL)
    assert messages == ["policy/controls/own2.yml:1: control site-panic is in policy/controls/own.yml:1 too; give one of them another id."]


def test_a_site_cannot_replace_a_profile_of_the_collection(site):
    messages = errors(site, profiles__mine="{id: base, title: Base, description: Ours.}")
    assert messages == ["policy/profiles/mine.yml: profile base is in baseline/profiles/base.yml too; give one of them another id."]


@pytest.mark.parametrize(
    ("profile", "error"),
    [
        ("extends: bsae", "there is no profile bsae; did you mean base."),
        ("controls: [network-forwadring]", "controls: network-forwadring means no control there; did you mean network-forwarding."),
        ("remove: [network-forwarding]", "remove: network-forwarding means no control there; check its spelling."),
        (
            "extends: base, set: {network-forward: {sysctl: {a: 1}}}",
            "set: network-forward: there is no such control; did you mean network-forwarding.",
        ),
        (
            "controls: [network-redirects], set: {network-forwarding: {sysctl: {a: 1}}}",
            "set: network-forwarding: the profile has no such control; add it under controls or leave it out here.",
        ),
        (
            "extends: base, set: {network-redirects: {sysctl: {net.ipv4.ip_forward: 1}}}",
            "set: network-redirects: the control has no setting sysctl: net.ipv4.ip_forward; choose one of net.ipv4.conf.all.accept_redirects.",
        ),
        (
            "extends: base, set: {network-redirects: {sshd: {Port: 1}}}",
            "set: network-redirects: the control has no setting sshd: Port; choose one of sysctl.",
        ),
        ("extend: base", "profile has a field extend that means nothing; did you mean extends."),
    ],
)
def test_a_bad_profile_is_reported(site, profile, error):
    messages = errors(site, profiles__own=f"{{id: own, title: Own, description: x, {profile}}}")
    assert len(messages) == 1
    assert messages[0].startswith("policy/profiles/own.yml: ")
    assert messages[0].endswith(error)


def test_profiles_that_extend_each_other_are_reported(site):
    messages = errors(
        site, profiles__a="{id: a, title: A, description: x, extends: b}", profiles__b="{id: b, title: B, description: x, extends: a}"
    )
    assert "policy/profiles/a.yml: profile a: it extends itself (a extends b extends a); break the circle." in messages


def test_controls_that_want_different_values_are_reported(site):
    rival = OWN_CONTROL.replace("kernel.panic: 10", "net.ipv4.ip_forward: 1")
    messages = errors(site, controls__own=rival, profiles__own="{id: own, title: O, description: x, extends: base, controls: [site-*]}")
    assert messages == [
        "profile own: controls network-forwarding (baseline/controls/network.yml:1) and site-panic (policy/controls/own.yml:1) "
        "want different values of sysctl: net.ipv4.ip_forward (0 and 1); remove one or set one."
    ]


@pytest.mark.parametrize(
    ("mine", "theirs", "clash"), [("{package: a}", "{without: [b, a]}", False), ("{package: a}", "{without: b}", True)]
)
def test_controls_with_and_without_a_package_do_not_conflict(site, mine, theirs, clash):
    one = OWN_CONTROL.replace("severity", f"applies_to: {mine}\n      severity")
    other = OWN_CONTROL.replace("severity", f"applies_to: {theirs}\n      severity").replace("site-panic", "site-other").replace("10", "20")
    profile = "{id: own, title: O, description: x, controls: [site-*]}"
    if clash:
        assert "want different values" in errors(site, controls__a=one, controls__b=other, profiles__own=profile)[0]
    else:
        assert ids(site(controls__a=one, controls__b=other, profiles__own=profile).resolve("own")) == ["site-panic", "site-other"]


@pytest.mark.parametrize(("mine", "theirs", "clash"), [("debian-12", "debian-13", False), ("debian", "debian-13", True)])
def test_controls_for_different_systems_do_not_conflict(site, mine, theirs, clash):
    one = OWN_CONTROL.replace("severity", f"applies_to: {{os: {mine}}}\n      severity")
    other = one.replace("site-panic", "site-other").replace(mine, theirs).replace("10", "20")
    profile = "{id: own, title: O, description: x, controls: [site-*]}"
    if clash:
        assert "want different values" in errors(site, controls__a=one, controls__b=other, profiles__own=profile)[0]
    else:
        assert ids(site(controls__a=one, controls__b=other, profiles__own=profile).resolve("own")) == ["site-panic", "site-other"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("2026-12-31", "2026-02-30"), "until is '2026-02-30'; write the last day on which it holds, as YYYY-MM-DD."),
        (("approver: ciso,", ""), "it has no approver; add one."),
        (("network-redirects", "network-redirect"), "there is no such control; did you mean network-redirects."),
    ],
)
def test_a_bad_waiver_is_reported(site, change, error):
    waiver = "- {control: network-redirects, hosts: 'pacs-*', reason: r, approver: ciso, until: 2026-12-31}"
    assert site(waivers__w=waiver).waivers[0]["until"] == "2026-12-31"
    messages = errors(site, waivers__w=waiver.replace(*change))
    assert messages[0].startswith("policy/waivers/w.yml:1: waiver network-redirect")
    assert messages[0].endswith(error)


def test_a_site_adds_a_framework_of_its_own(site):
    catalogue = site(
        frameworks__own="{id: own, title: House rules, source: The intranet, pattern: '^H-[0-9]+$'}",
        controls__own=OWN_CONTROL.replace('hipaa: ["164.312(b)"]', "own: [H-12]"),
    )
    assert catalogue.controls["site-panic"]["references"] == {"own": ["H-12"]}


def test_a_directory_that_is_not_there_is_reported(baseline):
    assert errors(Catalogue, ["/no/such/policy"], baseline) == [
        "/no/such/policy is not a directory; a policy is a directory with controls, checks, agents, platforms, tenants, residue, drift, profiles, "
        "waivers or frameworks in it."
    ]


def test_a_policy_without_the_library_that_checks_it_is_reported(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    schema._validator.cache_clear()
    assert errors(site, controls__own=OWN_CONTROL) == [
        "Checking a policy needs the Python library jsonschema on the controller; install python3-jsonschema or jsonschema."
    ]


def test_a_changed_file_is_read_again(site):
    site(controls__own=OWN_CONTROL)
    assert "site-calm" in site(controls__own=OWN_CONTROL.replace("site-panic", "site-calm")).controls


CHOICES = """
    - {id: site-one, title: One, severity: low, level: 1, rationale: r., impact: i., settings: {sysctl: {a.one: 1}},
       references: {hipaa: ["164.312(b)"]}}
    - {id: site-two, title: Two, severity: high, level: 2, rationale: r., impact: i., settings: {sysctl: {a.two: 1}},
       references: {hipaa: ["164.312(b)"]}}
    - {id: site-three, title: Three, severity: high, level: 1, rationale: r., impact: i., settings: {sysctl: {a.three: 1}},
       references: {house: [H-1]}}
"""
HOUSE = "{id: house, title: House rules, source: The handbook, pattern: ^H-}"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("controls: [site-*]", ["site-one", "site-two", "site-three"]),
        ("controls: [site-*], level: 1", ["site-one", "site-three"]),
        ("controls: [site-*], severity: high", ["site-two", "site-three"]),
        ("controls: [site-*], serves: [house]", ["site-three"]),
        ("controls: [site-*], serves: [hipaa, house], level: 1, severity: medium", ["site-three"]),
        ("controls: [site-*, site-two], level: 1", ["site-one", "site-two", "site-three"]),
    ],
)
def test_a_profile_narrows_what_its_patterns_mean_and_takes_what_it_names(site, fields, expected):
    catalogue = site(controls__own=CHOICES, frameworks__house=HOUSE, profiles__own=f"{{id: own, title: Own, description: x, {fields}}}")
    assert ids(catalogue.resolve("own")) == expected


def test_a_framework_that_a_profile_cannot_serve_is_reported(site):
    messages = errors(site, profiles__own="{id: own, title: O, description: x, controls: ['*'], serves: [hippa]}")
    assert messages == ["policy/profiles/own.yml: profile own: serves: there is no framework hippa; did you mean hipaa."]


def test_a_level_that_there_is_not_is_reported(site):
    messages = errors(site, profiles__own="{id: own, title: O, description: x, controls: ['*'], level: 3}")
    assert messages == ["policy/profiles/own.yml: level is 3; use 1 or 2."]


REASONED = """
    id: house
    title: House rules
    source: The handbook
    citations: {H-1: {title: Drives, through: [CM-7, "AC-6(2)"]}}
"""
NIST = "{id: nist_800_53, title: NIST, source: NIST, pattern: '^[A-Z]{2}-'}"


@pytest.mark.parametrize(
    ("ours", "leads"), [("[CM-7]", True), ("[CM-7(2)]", True), ("[AC-6(2)]", True), ("[AC-6]", False), ("[CM-71]", False)]
)
def test_a_citation_takes_a_nist_control_that_leads_to_it(site, ours, leads):
    control = OWN_CONTROL.replace('hipaa: ["164.312(b)"]', f"nist_800_53: {ours}, house: [H-1]")
    files = {"controls__own": control, "frameworks__house": REASONED, "frameworks__nist": NIST}
    if leads:
        assert "site-panic" in site(**files).controls
        return
    assert errors(site, **files) == [
        "policy/controls/own.yml:1: control site-panic: references: house: H-1 takes one of CM-7, AC-6(2) under nist_800_53; "
        "cite one that fits, or leave it out."
    ]


def test_what_an_agent_is_enrolled_by_is_sealed(directory):
    """Of the collection's own agents and of the site's, and of no other catalogue."""
    agent = {"id": "relay", "title": "Relay", "class": "logging", "packages": ["relay"], "identity": {"/var/lib/relay/id": "absent"}}
    catalogue = Catalogue([directory("policy", {"agents/relay.yml": yaml.safe_dump([agent])})])
    (sealed,) = (control for control in catalogue.resolve("sealed") if control["id"] == "seal-agent-enrolments")
    removed = sealed["settings"]["file"]
    assert removed["/var/lib/relay/id"] == {"state": "absent"} and removed["/var/ossec/etc/client.keys"] == {"state": "empty"}
    assert "/var/lib/relay/id" not in Catalogue().controls["seal-agent-enrolments"]["settings"]["file"]
