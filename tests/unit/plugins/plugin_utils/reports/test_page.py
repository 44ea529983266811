# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.evidence import COLLECTION
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.words import area_title, heading

TEMPLATE = os.path.join(COLLECTION, "roles/evidence/templates/report.html.j2")
VOID = ("meta", "br", "link", "img", "hr", "input")
EXPIRED = {"reason": "Old console", "approver": "M. Okafor", "until": "2020-03-31", "expired": True}


class Page(HTMLParser):
    """A page taken apart: its text by section, its headings, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.headings = [], [], [], [], []
        self.text = {"": ""}
        self.section = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append((tag, known))
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("href", "src") if name in known]
        if tag == "h2":
            self.section = known["id"]
            self.text[self.section] = ""
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text[self.section] += data if self.open[-1:] != ["script"] else ""


@pytest.fixture
def page(files):
    return lambda **known: Page(files(**known)["report.html"])


def full(record, control):
    """Facts in which every section has something to show."""
    records = [
        record("ssh-root-login", "fail", message="/etc/ssh/sshd_config.d/00-vendor.conf:3 sets it"),
        record("ssh-root-login", "fail", "boot", message="/etc/ssh/sshd_config.d/00-vendor.conf:3 sets it"),
        record("kernel-pointers", "not_checked", message="only a running kernel knows"),
        record("kernel-pointers", "pass", "boot"),
        record("account-age", "fail", severity="low", waiver=EXPIRED),
        record("critical-thing", "fail", severity="critical"),
    ]
    return {
        "records": records,
        "controls": [control("ssh-root-login"), control("kernel-pointers"), control("account-age", waiver=EXPIRED)],
        "outcomes": [{"control": "ssh-root-login", "outcome": "refused", "changed": [], "message": "would lock out operator"}],
        "diffs": [
            {"after_header": "/etc/login.defs", "before": "a\nb\n", "after": "a\nc\nd\n"},
            {"after_header": "/etc/machine-id", "before": "a file of 33 bytes\n", "after": ""},
        ],
        "changes": [{"package": "openssl", "from": "1.0", "to": "1.1"}, {"package": "telnet", "from": "0.1", "to": ""}],
        "pending": [{"package": "vim", "from": "9.0", "to": "9.1"}],
        "source": {"path": "/srv/t.qcow2", "sha256": "ab" * 32, "size": 1288490188},
        "boot": {"accelerator": "tcg", "failed_units": []},
        "started": "2026-10-09T12:00:03Z",
    }


def test_the_page_is_well_formed_and_stands_alone(page, record, control):
    found = page(**full(record, control))
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    inside = {link for link in found.links if link.startswith("#")}
    assert {link[1:] for link in inside} <= set(found.ids)
    assert {link for link in found.links if link not in inside} == {"https://docs.example.org/golden/controls/ssh.md#ssh-root-login"}
    assert not [tag for tag, unused_attrs in found.tags if tag in ("img", "link", "iframe")]


def test_every_disk_of_a_template_and_file_of_an_image_is_listed(files, record):
    source = {"path": "/srv/a.vhdx", "sha256": "a1" * 32, "size": 1, "disks": [{"path": "/srv/b.vhdx", "sha256": "b2" * 32}]}
    written = [{"format": "vhdx", "disk": 2, "path": "/g/web-disk2.vhdx", "sha256": "c3" * 32}]
    image = {"path": "/g/web.qcow2", "sha256": "d4" * 32, "size": 1}
    image["files"] = [*written, {"format": "qcow2", "disk": 1, **image}]
    made = files(records=[record()], source=source, image=image)
    text = re.sub(r"\s+", "", Page(made["report.html"]).text["run"])
    assert f"Disk2/srv/b.vhdxSHA-256{'b2' * 32}" in text
    assert f"Disk2,vhdx/g/web-disk2.vhdxSHA-256{'c3' * 32}" in text
    assert text.count("d4" * 32) == 1
    manifest = json.loads(made["manifest.json"])
    assert (manifest["source"], manifest["image"]["files"]) == (source, image["files"])


def test_no_script_but_its_own_may_run(files, record):
    text = files(records=[record()])["report.html"]
    (script,) = re.findall("<script>(.*?)</script>", text, re.S)
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in policy or f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ") and "unsafe-eval" not in policy
    assert not re.search(r"fetch|XMLHttp|eval|innerHTML|import\(|https?:", script)
    assert not re.search(r"<[^>]*\son\w+=", text)


def test_headings_go_down_one_step_at_a_time(page, record, control):
    headings = page(**full(record, control)).headings
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(headings, headings[1:]))


def test_every_table_has_a_caption_and_its_header_cells_a_scope(page, record, control):
    tags = page(**full(record, control)).tags
    assert sum(tag == "table" for tag, unused_attrs in tags) == sum(tag == "caption" for tag, unused_attrs in tags)
    assert all("scope" in attrs for tag, attrs in tags if tag == "th")


def test_what_failed_comes_first_and_the_most_severe_of_it(page, record, control):
    found = page(**full(record, control))
    text = found.text["failed"]
    assert list(found.text)[1] == "failed"
    assert text.index("critical-thing") < text.index("ssh-root-login") < text.index("account-age")
    assert text.count("blocking") == 2 + 1  # two controls, and the sentence that explains it
    for words in ("00-vendor.conf:3 sets it", "Rationale of ssh-root-login.", "sshd: PermitRootLogin", "164.312(d)", "sshd -T"):
        assert words in text


def test_stages_that_found_the_same_are_reported_once(page, record, control):
    assert page(**full(record, control)).text["failed"].count("00-vendor.conf:3 sets it") == 1


def test_both_stages_are_side_by_side(files, record, control):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", files(**full(record, control))["report.html"]))
    assert "Title of kernel-pointers kernel-pointers · level 1 High severity offline: Not checked boot: Pass" in text


def test_what_was_not_checked_is_reported_and_not_counted_as_passed(page, record):
    found = page(records=[record("kernel-pointers", "not_checked", message="only a running kernel knows")])
    assert "only a running kernel knows" in found.text["unchecked"]
    assert "0 of 1" in found.text[""]


def test_waivers_packages_differences_and_refusals_are_reported(page, record, control):
    found = page(**full(record, control))
    assert "Old console" in found.text["waivers"] and "31 March 2020" in found.text["waivers"]
    assert "would lock out operator" in found.text["hardening"]
    assert "+2" in found.text["hardening"] and "−1" in found.text["hardening"]  # noqa: RUF001
    assert "Removed or emptied" in found.text["hardening"] and "/etc/machine-id" in found.text["hardening"]
    for words in ("openssl", "1.0", "1.1", "removed", "vim"):
        assert words in found.text["patches"]
    for words in ("/srv/t.qcow2", "abab", "1.2 GiB", "tcg", "3 min 38 s"):
        assert words in found.text["run"]


def test_what_failed_states_its_impact(page, record, control):
    found = page(records=[record(status="fail")], controls=[control(impact="Old clients cannot log in.")])
    assert "Impact: Old clients cannot log in." in found.text["failed"]
    assert "Impact: Old clients cannot log in." in found.text["results"]


def test_a_check_is_reported_with_what_is_known_of_it(page, record):
    check = {"id": "segment-in-*", "title": "x", "rationale": "Wards are apart.", "waiver": EXPIRED, "references": {}}
    found = page(records=[record("segment-in-guest", "fail", waiver=EXPIRED, level=None)], checks=[check])
    assert "Wards are apart." in found.text["results"] and EXPIRED["reason"] in found.text["waivers"]


def test_citations_of_many_frameworks_take_little_room(page, record):
    references = {"hipaa": ["164.312(d)"], "nist_800_53": ["IA-2"], "cis_debian12": ["5.1.20", "5.1.19"], "house": ["H-1"]}
    text = re.sub(r"\s+", " ", page(records=[record(status="fail", references=references)]).text["failed"])
    assert "164.312(d) Person or entity authentication" in text
    assert "CIS Debian 12 5.1.20, 5.1.19 house H-1" in text


def test_of_many_failures_the_first_are_open(page, record):
    records = [record(f"a-{number}", "fail") for number in range(20)]
    found = page(records=records)
    cards = [attrs for tag, attrs in found.tags if tag == "details" and attrs.get("class") == "card fail"]
    assert ["open" in attrs for attrs in cards] == 12 * [True] + 8 * [False]
    assert "The first 12 of 20 are open." in found.text["failed"]


def test_figures_by_severity_level_and_area_are_reported(page, record):
    text = page(records=[record(), record("audit-a", "fail", severity="low", level=2)]).text["overview"]
    for words in ("High1 of 1", "Low0 of 1", "Level 11 of 1", "Level 20 of 1", "SSH1 of 1", "Audit records0 of 1"):
        assert words in text.replace(" applicable controls passed", "").replace("\n", "")


def test_every_citation_of_the_rule_says_how_it_stands(page, record):
    text = page(records=[record("a-b", "fail"), record("c-d", references={"hipaa": ["164.312(b)"]})]).text["safeguards"]
    text = re.sub(r"\s+", " ", text)
    assert "Technical safeguards 164.312" in text
    assert "Person or entity authentication164.312(d) · standard0 of 1Failing A system can show how people" in text
    assert "Of 1 control, 1 failed. Fail Title of a-b" in text
    assert "Audit controls164.312(b) · standard1 of 1Proven" in text and "1 that passed or do not apply Pass Title of c-d" in text
    assert (
        "Assigned security responsibility164.308(a)(2) · standardOut of reach No system can show it: responsibility is documented by the organization"
        in text
    )
    assert "never that the citation is met" in text


def test_other_frameworks_are_folded_where_somebody_asks_for_them(page, record):
    records = [record(references={"nist_csf": ["PR.AA-03"], "cis_v8": ["4.1"]})]
    text = page(records=records, frameworks=["hipaa", "nist_csf"]).text["safeguards"]
    assert "NIST CSF 2.0: 1 of 1 served citations proven" in text and "PR.AA-03" in text and "CIS" not in text


def test_what_a_scanner_found_has_a_section_of_its_own_and_counts_nowhere_else(page, record):
    foreign = {"origin": "openscap", "level": None, "expected": None, "observed": None, "read_from": "oscap 1.3.7, ds.xml, cis"}
    rule = record("openscap:xccdf_org.x_rule_grub2_password", "fail", references={"CIS benchmark": ["1.4.1"]}, **foreign)
    text = page(records=[record(), rule]).text
    assert "Title of openscap" not in "".join(text[name] for name in text if name != "scans")
    for words in ("oscap 1.3.7, ds.xml, cis", "the gate does not look at it", "1 failed", "grub2_password", "CIS benchmark 1.4.1"):
        assert words in text["scans"]
    assert "the gate looks at it too" in page(records=[rule], origins=["openscap"]).text["scans"]


def palettes():
    """The colours of the page, as light, dark and print set them."""
    with open(os.path.join(os.path.dirname(TEMPLATE), "report.css"), encoding="utf-8") as stream:
        roots = re.findall(r":root \{(.*?)\}", stream.read(), re.S)
    light, dark, printed = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", root)) for root in roots)
    return {"light": light, "dark": {**light, **dark}, "print": {**light, **printed}}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("name", ["light", "dark", "print"])
def test_text_stands_out_from_its_ground(name):
    colours = palettes()[name]
    pairs = [(text, ground) for text in ("ink", "soft", "accent") for ground in ("page", "card", "sunken")]
    pairs += [(status, f"{status}-tint") for status in ("pass", "fail", "error", "waived", "not_checked")]
    pairs += [("ink", "pass-tint"), ("ink", "fail-tint"), ("not_applicable", "card"), ("not_applicable", "sunken")]
    shades = {pair: sorted(luminance(colours[part]) + 0.05 for part in pair) for pair in pairs}
    assert [pair for pair, (low, high) in shades.items() if high / low < 4.5] == []  # WCAG 2.2, 1.4.3


def test_every_value_is_escaped(files, record):
    evil = "<script>alert('x')</script>"
    known = {
        "records": [record(status="fail", message=evil, title=evil, read_from=evil, observed={"sshd: PermitRootLogin": evil})],
        "diffs": [{"after_header": evil, "before": "", "after": evil}],
        "outcomes": [{"control": "a", "outcome": "refused", "changed": [], "message": evil}],
        "changes": [{"package": evil, "from": evil, "to": evil}],
        "boot": {"x": evil},
        "failure": evil,
        "host": evil,
        "profile": evil,
    }
    assert files(**known)["report.html"].count("<script") == 1


def test_a_long_difference_is_cut_and_says_so(page):
    after = "".join(f"line {number}\n" for number in range(1000))
    text = page(diffs=[{"after_header": "/x", "before": "", "after": after}]).text["hardening"]
    assert "+1000" in text and "801 more lines are left out." in text


def test_a_page_of_three_hundred_controls_at_two_stages_is_folded_and_stays_small(page, files, record, control):
    names = [f"area{number % 16}-control-{number}" for number in range(300)]
    references = {"hipaa": ["164.312(d)", "164.312(b)"], "nist_800_53": ["AC-6(2)", "AU-12"], "cis_debian12": ["5.1.20"]}
    known = {
        "records": [record(name, stage=stage, references=references) for name in names for stage in ("offline", "boot")],
        "controls": [control(name) for name in names],
    }
    assert len(files(**known)["report.html"].encode()) < 900_000
    assert not [attrs for tag, attrs in page(**known).tags if tag == "details" and "open" in attrs]


def test_a_page_of_seventy_controls_at_two_stages_stays_small(files, record, control):
    names = [f"area{number % 12}-control-{number}" for number in range(70)]
    records = [
        record(
            name,
            stage=stage,
            read_from=f"/etc/some/long/path/{stage}/zz-hygeia.conf:{number}",
            references={"hipaa": ["164.312(d)", "164.312(b)"], "nist_800_53": ["AC-6(2)", "AU-12"], "cis_debian12": ["5.1.20"]},
        )
        for number, name in enumerate(names)
        for stage in ("offline", "boot")
    ]
    assert len(files(records=records, controls=[control(name) for name in names])["report.html"].encode()) < 300_000


# -- what it is about, and where that is described -----------------------------------------------


ELSEWHERE = {"cis_rhel9": ["5.1.20"], "cis_ubuntu2404": ["5.1.22"], "cis_debian12": ["5.1.19"], "house": ["H-1"]}


def test_citations_that_are_about_other_systems_are_left_out(files, record):
    evidence = files(records=[record(status="fail", references=ELSEWHERE)], system={"names": ["debian-12", "debian"]})
    for name in ("report.html", "coverage.csv"):
        assert "5.1.19" in evidence[name] and not re.search("RHEL|Ubuntu|cis_rhel9|cis_ubuntu2404|5[.]1[.]20|5[.]1[.]22", evidence[name])
    assert "H-1" in evidence["report.html"]


@pytest.mark.parametrize("system", [{}, {"names": None}, {"names": 7}, {"names": "debian-12"}, {"names": [[], {}, None]}])
def test_without_knowing_the_system_nothing_is_left_out(files, record, system):
    table = files(records=[record(references=ELSEWHERE)], system=system)["coverage.csv"]
    assert all(name in table for name in ELSEWHERE if name != "house")


def test_a_framework_that_is_about_another_system_is_passed_over_where_a_fleet_asks_for_it(page, record):
    found = page(records=[record(references=ELSEWHERE)], frameworks=["hipaa", "cis_debian12", "cis_rhel9"], system={"names": ["debian-12"]})
    assert "CIS Debian 12: " in found.text["safeguards"] and "RHEL" not in found.text["safeguards"]


def test_controls_and_checks_of_the_collection_are_linked_to_their_pages_and_those_of_a_site_are_not(page, record):
    found = page(records=[record(), record("segment-in-guest"), record("gateway-tls")])
    assert {link for link in found.links if "://" in link} == {
        "https://docs.example.org/golden/controls/ssh.md#ssh-root-login",
        "https://docs.example.org/golden/checks.md#segment-in-",
    }
    assert not [link for link in page(records=[record()], docs="").links if "://" in link]


@pytest.mark.parametrize("docs", ["javascript:alert(1)", "//x", "docs", "file:///srv/docs", "https://", "https://x/#y"])
def test_only_an_address_of_the_web_is_linked_to(page, record, docs):
    with pytest.raises(PolicyError, match="give the address of the collection's docs directory"):
        page(records=[record()], docs=docs)


def test_every_area_is_called_as_the_field_calls_it():
    catalogue = Catalogue()
    areas = {entry["id"].split("-")[0] for entry in [*catalogue.controls.values(), *catalogue.checks.values()]}
    titles = {area: area_title(area) for area in areas}
    assert {"SELinux", "SSH", "AppArmor", "sudo", "AI workloads", "Cryptography"} <= set(titles.values())
    assert not [title for title in titles.values() if re.search(r"\b(Ssh|Pam|Selinux|Aide|Ai|Tls|Usb|Apparmor|Sudo|Id)\b", title)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("template_host_keys", "Template host keys"),
        ("source_sha256", "Source SHA-256"),
        ("id", "ID"),
        ("selinux-mode", "SELinux mode"),
        ("", ""),
    ],
)
def test_names_of_facts_are_headings(name, words):
    assert heading(name) == words


# -- since the run before ----------------------------------------------------------------------


def test_what_is_different_since_the_run_before_is_reported(files, record, tmp_path):
    before = files(records=[record("a-a", "fail"), record("a-b"), record("gone-one")])
    (tmp_path / "20261008T120000Z").mkdir()
    (tmp_path / "20261008T120000Z/results.json").write_text(before["results.json"])
    known = {"records": [record("a-a"), record("a-b"), record("new-one", "fail")], "path": str(tmp_path / "20261009T120000Z")}
    text = re.sub(r"\s+", " ", Page(files(**known)["report.html"]).text["since"])
    for words in (
        "Better 1 Title of a-a high, fail → pass",
        "New 1 Title of new-one high, new: fail",
        "No longer checked 1 Title of gone-one",
    ):
        assert words in text
    since = json.loads(files(**known)["results.json"])["since"]
    assert (since["run"], since["better"], since["gone"]) == ("20261008T120000Z", ["a-a"], ["gone-one"])


# -- finding a control, and paper ----------------------------------------------------------------


def test_without_its_script_the_page_has_no_filter_and_all_controls(page, record):
    found = page(records=[record(), record("audit-a", "fail", severity="low")])
    (form,) = [attrs for tag, attrs in found.tags if tag == "form"]
    assert "hidden" in form
    shown = {attrs["id"]: attrs for tag, attrs in found.tags if tag == "details" and attrs.get("id", "").startswith("control-")}
    assert {name: (attrs["data-status"], attrs["data-severity"], attrs["data-area"]) for name, attrs in shown.items()} == {
        "control-ssh-root-login": ("pass", "high", "ssh"),
        "control-audit-a": ("fail", "low", "audit"),
    }
    assert not [attrs for attrs in shown.values() if "hidden" in attrs]


def style():
    with open(os.path.join(os.path.dirname(TEMPLATE), "report.css"), encoding="utf-8") as stream:
        return stream.read().partition("@media print")


def test_paper_has_a_table_of_all_controls_page_numbers_and_a_place_to_sign(files, record):
    known = {"records": [record(), record("audit-a", "fail"), record("boot-a", "not_applicable"), record("boot-b", "not_applicable")]}
    listing = files(**known)["report.html"].partition('<div class="paper listing">')[2].partition("</div>")[0]
    rows = re.findall(r'<tr><td class="(\w+)"><b>(.)</b>', listing)
    assert rows == [("pass", "✓"), ("fail", "✕")]
    assert "<b>Not applicable:</b> boot-a, boot-b" in listing
    text = Page(files(**known)["report.html"]).text["sign"]
    assert all(text.count(field) == 2 for field in ("Name", "Role", "Date", "Signature"))
    screen, unused_media, paper = style()
    assert ".paper { display: none; }" in screen and ".paper { display: block; }" in paper
    assert "counter(page)" in paper and "counter(pages)" in paper
    assert re.search(r"nav, \.screen, #filter \{ display: none; \}", paper)


def test_the_foot_of_a_page_names_the_run_and_closes_no_style(files):
    text = files(host='</style><script>alert("x")</script>\\')["report.html"]
    foot = re.search(r'@bottom-left \{ content: "(.*)"; \}', text)[1]
    assert foot == "??style??script?alert??x????script??, 9 October 2026, 12:03 UTC, hipaa"


def test_a_page_of_five_hundred_controls_stays_small(files, record, control):
    """A host of five hundred controls at two stages; fifty of them are to be no burden."""
    names = [f"area{number % 20}-control-{number}" for number in range(500)]
    references = {"hipaa": ["164.312(d)", "164.312(b)"], "nist_800_53": ["AC-6(2)", "AU-12"], "cis_debian12": ["5.1.20"]}
    records = [record(name, stage=stage, references=references) for name in names for stage in ("offline", "boot")]
    assert len(files(records=records, controls=[control(name) for name in names])["report.html"].encode()) < 1_200_000


def test_portability_is_a_table_whose_cells_lead_to_their_records(page, record):
    records = [
        record("portable-disk-vmware", message="it works with pvscsi, and not with ahci"),
        record("portable-disk-xcp-ng", "fail", message="no disk of the platform has its driver"),
        record("portable-swap-xcp-ng", "not_applicable"),
        record("portable-boot-lsi+e1000e", "fail", "boot", message="ALERT! UUID=1 does not exist"),
    ]
    shown = page(records=records, controls=[])
    portability = shown.text["portability"]
    assert all(
        word in portability for word in ("vmware", "xcp-ng", "Disk driver", "Swap", "✓*", "✕", "lsi+e1000e", "ALERT! UUID=1 does not exist")
    )
    assert "Console" not in portability
    cells = {known.get("href"): known["title"] for tag, known in shown.tags if tag == "a" and "mark" in known.get("class", "")}
    assert cells == {
        "#control-portable-disk-vmware": "Pass: it works with pvscsi, and not with ahci",
        "#control-portable-disk-xcp-ng": "Fail: no disk of the platform has its driver",
        "#control-portable-swap-xcp-ng": "Not applicable",
    }
    assert {href[1:] for href in cells} <= set(shown.ids)
    assert "#portability" in shown.links


def test_a_run_without_platforms_has_no_such_section(page, record):
    assert "portability" not in page(records=[record()], controls=[]).text
