# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Definitions of guests: what is read of them, what is refused, and that no secret of one is kept."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import parse
from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import FileSystem, HostDevice
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import LARGEST, BadXml, tree

DEFINITIONS = Path(__file__).parent / "definitions"
PATHS = sorted(DEFINITIONS.glob("*.xml"))


def definition(name):
    return parse((DEFINITIONS / f"{name}.xml").read_bytes(), f"{name}.xml")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_libvirt_itself_takes_these_definitions(path):
    assert shutil.which("virt-xml-validate"), "install libvirt-clients and libxml2-utils"
    ran = subprocess.run(["virt-xml-validate", path, "domain"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_guest_and_its_disks():
    archive = definition("archive")
    assert (archive.name, archive.uuid) == ("archive", "5f1c1f3a-6f0e-4c39-9a1e-0d6d3f9a2b11")
    assert (archive.hypervisor, archive.architecture, archive.machine) == ("kvm", "x86_64", "pc-q35-7.2")
    assert (archive.memory, archive.processors) == (4 << 20, 2)
    first, second = archive.disks
    assert (first.source, first.format, first.cache) == ("/var/lib/libvirt/images/archive.qcow2", "qcow2", "none")
    assert first.limits == {"total_bytes_sec": 104857600, "total_iops_sec": 2000}
    assert first.backing == ("/var/lib/libvirt/images/debian-12.qcow2",)
    assert (second.pool, second.source) == ("studies", "archive-data.img")


def test_an_interface_with_its_bounds():
    (card,) = definition("archive").interfaces
    assert (card.type, card.source, card.bridge, card.portgroup) == ("network", "clinical", "virbr7", "archive")
    assert (card.model, card.mac, card.filter, card.isolated) == ("virtio", "52:54:00:6b:3c:58", "clean-traffic", True)
    assert card.limits == {"inbound": 12800, "outbound": 12800}


def test_a_guest_that_runs_has_the_type_of_its_network():
    """libvirt writes a network that is a bridge so, as long as the guest runs."""
    written = (DEFINITIONS / "archive.xml").read_text().replace("<interface type='network'>", "<interface type='bridge'>")
    (card,) = parse(written, "").interfaces
    assert (card.type, card.network, card.source, card.bridge) == ("bridge", "clinical", "clinical", "virbr7")


def test_what_a_guest_shares_with_its_host():
    workbench = definition("workbench")
    assert workbench.memory == 8 << 20
    assert workbench.file_systems == [FileSystem("virtiofs", "/srv/exchange", "exchange", False)]
    assert workbench.host_devices == [
        HostDevice("pci", "0000:3b:00.0", True),
        HostDevice("usb", "046d:c52b", False),
        HostDevice("mdev", "c2177883-f1bb-47f0-914d-32a22e3a8804", False),
        HostDevice("pci", "0000:5e:02.1", True),
    ]
    assert [(disk.type, disk.source, disk.shareable) for disk in workbench.disks] == [
        ("network", "https:images/workbench.raw", False),
        ("block", "/dev/vg0/studies", True),
        ("file", "", False),
        ("file", "/srv/floppy.img", False),
    ]


def test_consoles():
    (vnc,), (spice,) = definition("archive").graphics, definition("workbench").graphics
    assert (vnc.type, vnc.listens, vnc.port) == ("vnc", ("127.0.0.1",), 5900)
    assert (spice.listens, spice.tls_port, spice.clipboard, spice.file_transfer) == (("0.0.0.0",), None, True, True)


def test_no_secret_of_a_definition_is_kept():
    written = (DEFINITIONS / "workbench.xml").read_text()
    assert written.count("Sesame-4711") == 6
    workbench = definition("workbench")
    kept = ElementTree.tostring(workbench.root, encoding="unicode")
    assert "Sesame-4711" not in kept
    assert workbench.raw_options == ["-object"]


def test_a_guest_that_runs_by_its_status_file():
    written = (DEFINITIONS / "archive.xml").read_text().replace("<domain type='kvm' id='7'>", "<domain type='kvm'>")
    status = f"<domstatus state='running' pid='4'><vcpus/>{written}</domstatus>"
    assert parse(status, "").running
    assert not parse(written, "").running
    assert definition("archive").running


@pytest.mark.parametrize(
    "unit,kibibytes",
    [("", 4096), ("unit='KiB'", 4096), ("unit='b'", 4), ("unit='M'", 4 << 20), ("unit='GB'", 4000000000), ("unit='odd'", None)],
)
def test_units_of_memory(unit, kibibytes):
    assert parse(f"<domain><name>a</name><memory {unit}>4096</memory></domain>", "").memory == kibibytes


@pytest.mark.parametrize(
    "written,reason",
    [
        ("<!DOCTYPE domain><domain><name>a</name></domain>", "declares a document type"),
        ('<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><domain><name>&a;</name></domain>', "declares a document type"),
        ("<domain><name>a</name>", "is cut off or no XML"),
        ("", "is cut off or no XML"),
        ("<domain><name>&a;</name></domain>", "is cut off or no XML"),
        (b"<?xml version='1.0' encoding='odd'?><domain/>", "is cut off or no XML"),
        ("<network><name>a</name></network>", "describes a network and no domain"),
        ("<domstatus/>", "describes a domstatus and no domain"),
        ("<domain/>", "names no guest"),
        ("<a>" * 65 + "</a>" * 65, "has elements in more than 64 others"),
        (b"\xff\xfe", "is cut off or no XML"),
        ("<domain>" + " " * LARGEST + "</domain>", "is larger than 4 MiB"),
    ],
)
def test_what_is_not_read_is_said_in_one_sentence(written, reason):
    with pytest.raises(BadXml, match=reason) as refused:
        parse(written, "")
    assert "\n" not in str(refused.value)


def test_a_name_in_a_namespace_is_whole():
    assert tree("<a xmlns:q='urn:q'><q:b q:c='1'/></a>")[0].attrib == {"{urn:q}c": "1"}
