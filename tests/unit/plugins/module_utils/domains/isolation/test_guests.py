# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each record of a guest, seen failing on purpose, over definitions that libvirt itself takes."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import parse
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.guests import ASPECTS, evaluate, identifier
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Allowed, Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.domains.libvirt import Network
from domain_changes import AGENT, ARGUMENTS, CHANGES, DEVICE, DOMAIN, END, FILTER, LABELS, QEMU, RNG, VDAGENT, before

SCHEMA = "/usr/share/libvirt/schemas/domain.rng"


def changed(text, old, new):
    """The definition with one change; a comment that is left open ends behind the limits of the memory."""
    assert text.count(old) == 1
    text = text.replace(old, new)
    return text.replace("</memtune>", "</memtune>-->") if "<!--" in text else text


def answer(text, aspect, around=Surroundings()):
    (guest,) = [parse(text, "archive.xml")]
    (record,) = [record for record in evaluate([guest], around) if record["control"] == f"domain-{aspect}-archive"]
    return record


def test_a_bounded_and_separated_guest_passes_everywhere(archive):
    assert {record["control"]: record["message"] for record in evaluate([archive], Surroundings()) if record["status"] != "pass"} == {}


def test_what_is_observed_has_names(archive, workbench):
    records = evaluate([archive, workbench], Surroundings())
    assert {type(record[field]) for record in records for field in ("expected", "observed")} == {dict}


def test_an_open_guest_fails_everywhere(workbench):
    records = evaluate([workbench], Surroundings())
    assert [record["control"] for record in records] == [f"domain-{aspect}-workbench" for aspect in ASPECTS]
    assert {record["status"] for record in records} == {"fail"}
    assert "Sesame-4711" not in str(records)


@pytest.mark.parametrize("aspect,old,new,status,message", CHANGES, ids=[f"{change[0]}-{change[4] or change[2][:40]}" for change in CHANGES])
def test_one_change_spoils_one_record(written, aspect, old, new, status, message):
    record = answer(changed(written["archive"], old, new), aspect)
    assert (record["status"], message in record["message"]) == (status, True), record["message"]


@pytest.mark.parametrize("added,named", ARGUMENTS)
def test_what_is_handed_to_qemu_past_libvirt(written, added, named):
    record = answer(written["archive"].replace(DOMAIN, QEMU).replace(END, f"{added}{END}"), "arguments")
    assert record["status"] == "fail"
    assert record["observed"] == {"arguments": [named]}
    assert "Sesame" not in str(record)


def test_each_aspect_is_seen_failing():
    failing = {change[0] for change in CHANGES if change[3] == "fail"} | {"arguments"}
    assert failing == set(ASPECTS)


def test_libvirt_takes_each_changed_definition(written, tmp_path):
    texts = [changed(written["archive"], old, new) for unused_aspect, old, new, unused_status, unused_message in CHANGES]
    texts += [written["archive"].replace(DOMAIN, QEMU).replace(END, f"{added}{END}") for added, unused_named in ARGUMENTS]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.xml").write_text(text, encoding="utf-8")
    ran = subprocess.run(
        ["xmllint", "--noout", "--relaxng", SCHEMA, *sorted(tmp_path.glob("*.xml"))], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, [line for line in ran.stderr.splitlines() if not line.endswith(" validates")]


# -- what the hypervisor and the site decide ----------------------------------------


@pytest.mark.parametrize(
    "around,status",
    [
        (Surroundings(), "not_checked"),
        (Surroundings(security_models=["apparmor", "dac"]), "pass"),
        (Surroundings(security_models=["none", "dac"]), "fail"),
        (Surroundings(security_models=["selinux"], settings={"security_default_confined": 0}), "fail"),
    ],
)
def test_a_guest_that_does_not_run_is_confined_by_its_hypervisor(written, around, status):
    stopped = written["archive"].replace(DOMAIN, "<domain type='kvm'>").replace(LABELS, "")
    record = answer(stopped, "confinement", around)
    assert (record["status"], record["stage"]) == (status, "offline")


def test_without_ksm_no_page_is_merged(written):
    text = changed(written["archive"], "<nosharepages/>", "")
    assert answer(text, "pages", Surroundings(pages_merged=False))["status"] == "pass"
    assert answer(text, "pages", Surroundings(pages_merged=True))["status"] == "fail"


def test_dumps_by_the_default_of_the_hypervisor(written):
    around = Surroundings(settings={"dump_guest_core": 1})
    assert answer(written["archive"], "dumps", around)["status"] == "fail"
    text = changed(written["archive"], "<memory unit='KiB'>", "<memory unit='KiB' dumpCore='off'>")
    assert answer(text, "dumps", around)["status"] == "pass"


@pytest.mark.parametrize("settings,status", [({}, "fail"), ({"vnc_tls": 1}, "pass")])
def test_vnc_is_encrypted_by_its_hypervisor(written, settings, status):
    text = changed(written["archive"], "<listen type='address' address='127.0.0.1'/>", "<listen type='address' address='10.0.0.5'/>")
    assert answer(text, "consoles", Surroundings(settings=settings))["status"] == status


def test_a_console_without_an_address_listens_where_the_hypervisor_says(written):
    text = written["archive"].replace(" listen='127.0.0.1'", "").replace("<listen type='address' address='127.0.0.1'/>", "")
    assert answer(text, "consoles", Surroundings(settings={"vnc_listen": "0.0.0.0"}))["observed"] == {"listens": ["0.0.0.0"]}


def test_the_network_bounds_and_isolates_its_ports(written):
    text = changed(written["archive"], "<port isolated='yes'/>", "")
    text = changed(text, "<outbound average='12800'/>", "")
    network = Network("clinical", "virbr7", "bridge", True, {"archive": frozenset({"outbound"})})
    around = Surroundings(networks={"clinical": network})
    assert [answer(text, aspect, around)["status"] for aspect in ("ports", "bandwidth")] == ["pass", "pass"]
    other = Surroundings(networks={"clinical": Network("clinical", "virbr7", "bridge", False, {})})
    assert [answer(text, aspect, other)["status"] for aspect in ("ports", "bandwidth")] == ["fail", "fail"]


@pytest.mark.parametrize(
    "card,filtered,apart,bounded",
    [
        ("<interface type='user'><mac address='52:54:00:6b:3c:58'/></interface>", "not_applicable", "not_applicable", "fail"),
        (
            "<interface type='direct'><mac address='52:54:00:6b:3c:58'/><source dev='eth0' mode='private'/>"
            "<bandwidth><inbound average='1'/><outbound average='1'/></bandwidth></interface>",
            "fail",
            "pass",
            "pass",
        ),
        (
            "<interface type='direct'><mac address='52:54:00:6b:3c:58'/><source dev='eth0' mode='bridge'/></interface>",
            "fail",
            "fail",
            "fail",
        ),
        ("", "not_applicable", "not_applicable", "not_applicable"),
    ],
)
def test_other_cards(written, card, filtered, apart, bounded):
    start, end = (written["archive"].index(sign) for sign in ("<interface", "<channel"))
    text = written["archive"][:start] + card + written["archive"][end:]
    assert [answer(text, aspect)["status"] for aspect in ("filters", "ports", "bandwidth")] == [filtered, apart, bounded]


def test_what_the_site_allows_passes(written):
    text = changed(written["archive"], *before(RNG, DEVICE.format("pci") + VDAGENT))
    text = changed(text, FILTER, "<filterref filter='hospital'/>")
    allowed = Allowed(["org.qemu.guest_agent.0", "com.redhat.spice.0"], ["0000:3b:00.0"], [], ["hospital"])
    assert {record["status"] for record in evaluate([parse(text, "")], Surroundings(allowed))} == {"pass"}
    assert answer(written["archive"], "channels", Surroundings(Allowed([])))["status"] == "fail"
    assert answer(changed(written["archive"], AGENT, ""), "channels", Surroundings(Allowed([])))["status"] == "pass"


def test_spice_shares_clipboard_and_files_by_default(workbench, written):
    closed = written["workbench"].replace(
        "<listen type='address' address='0.0.0.0'/>\n    </graphics>",
        "<listen type='address' address='0.0.0.0'/><clipboard copypaste='no'/><filetransfer enable='no'/></graphics>",
    )
    observed = [
        next(record for record in evaluate([guest], Surroundings()) if "channels" in record["control"])["observed"]
        for guest in (workbench, parse(closed, ""))
    ]
    assert set(observed[0]["channels"]) - set(observed[1]["channels"]) == {"clipboard", "file-transfer"}


@pytest.mark.parametrize("name,shown", [("archive", "archive"), ("pacs.01_a-b", "pacs.01_a-b"), ("röntgen", "u"), ("a b", "u"), ("*", "u")])
def test_a_guest_whose_name_is_no_part_of_an_id_is_named_by_its_uuid(name, shown):
    assert identifier(name, "u") == shown
