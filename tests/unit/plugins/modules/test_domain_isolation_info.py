# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How guests are isolated, as the module answers."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import CHANNELS, FILTERS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import domain_isolation_info
from ansible_collections.hygeia.golden.plugins.modules.domain_isolation_info import found
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.returned import documented, validated

GUEST = "<domain type='test'><name>{}</name><memory>1024</memory><os><type>hvm</type></os></domain>"


def asked(**params):
    defaults = {"uri": None, "files": None, "vmware_guests": None, "guests": ["*"], "channels": list(CHANNELS)}
    return {**defaults, "host_devices": [], "shared_directories": [], "filters": list(FILTERS), **params}


@pytest.fixture
def file(tmp_path):
    def write(text=GUEST.format("one")):
        (tmp_path / "one.xml").write_text(text, encoding="utf-8")
        return str(tmp_path / "one.xml")

    return write


def test_guests_and_their_hypervisor_by_libvirt():
    answer = found(asked(uri="test:///default"), Host())
    controls = {result["control"] for result in answer["results"]}
    assert {"domain-consoles-test", "hypervisor-remote"} < controls
    assert answer["guests"][0]["name"] == "test"
    assert {"kind": "disk", "name": "/guest/diskimage1", "place": "", "below": False} in answer["guests"][0]["touches"]


def test_what_guests_touch_is_documented():
    """What is not, the controller leaves out."""
    answer = found(asked(uri="test:///default"), Host())
    assert validated({**answer, "changed": False}, documented(domain_isolation_info.__file__)) == {**answer, "changed": False}


def test_guests_are_chosen_by_name():
    answer = found(asked(uri="test:///default", guests=["other*"]), Host())
    assert answer["guests"] == []
    assert {result["control"].split("-")[0] for result in answer["results"]} == {"hypervisor"}


def test_definitions_in_files_say_nothing_of_a_hypervisor(file):
    answer = found(asked(files=[file()]), Host())
    assert list(answer) == ["results"]
    assert {result["control"]: result["status"] for result in answer["results"]}["domain-confinement-one"] == "not_checked"
    assert {result["read_from"] for result in answer["results"] if result["read_from"]} == {file()}


def test_machines_of_vsphere():
    machines = [{"hw_name": name, "advanced_settings": {}} for name in ("pacs", "ris")]
    answer = found(asked(vmware_guests=machines, guests=["pacs"]), Host())
    assert {result["control"].rsplit("-", 1)[1] for result in answer["results"]} == {"pacs"}


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>", "declares a document type"),
        ("<domain>", "is cut off or no XML"),
    ],
)
def test_a_file_that_is_not_read_fails_in_one_sentence(file, run_module, text, sentence):
    answer = run_module(domain_isolation_info, {"files": [file(text)]})
    assert answer["failed"]
    assert answer["msg"].startswith(f"The isolation of guests cannot be checked: {file(text)} {sentence}")
    assert answer["msg"].count("\n") == 0


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        ({"files": ["/no/such.xml"]}, "/no/such.xml is not there"),
        ({"uri": "test:///no/such.xml"}, "virsh --connect test:///no/such.xml"),
        ({"vmware_guests": [{"odd": 1}]}, "hand over the instance that vmware_guest_info returns"),
        ({"uri": "test:///default", "files": []}, "mutually exclusive"),
    ],
)
def test_what_cannot_be_asked_is_said(run_module, arguments, sentence):
    answer = run_module(domain_isolation_info, arguments)
    assert answer["failed"]
    assert sentence in answer["msg"]
