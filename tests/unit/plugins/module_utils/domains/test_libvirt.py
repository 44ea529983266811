# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked of libvirt, with libvirt's own test driver, and what its guests touch."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.hypervisor import Hypervisor
from ansible_collections.hygeia.golden.plugins.module_utils.domains.libvirt import Libvirt, Network
from ansible_collections.hygeia.golden.plugins.module_utils.domains.pool import Pool
from ansible_collections.hygeia.golden.plugins.module_utils.domains.touched import touched
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import VirshError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from libvirt_node import connection

CLINICAL = """<network><name>clinical</name><uuid>0a6b0dd5-45d4-4fb3-b5bb-0a5a5fd0e001</uuid><forward mode='bridge'/><bridge name='br7'/>
<port isolated='yes'/><portgroup name='archive'/><portgroup name='guest' default='yes'>
<bandwidth><inbound average='100'/><outbound average='100'/></bandwidth></portgroup></network>"""
NAT = """<network><name>default</name><uuid>0a6b0dd5-45d4-4fb3-b5bb-0a5a5fd0e002</uuid><forward mode='nat'/><bridge name='virbr0'/>
<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"""
IMAGES = """<pool type='dir'><name>images</name><uuid>0a6b0dd5-45d4-4fb3-b5bb-0a5a5fd0e003</uuid>
<target><path>/var/lib/libvirt/images</path></target></pool>"""
STUDIES = """<pool type='netfs'><name>studies</name><uuid>0a6b0dd5-45d4-4fb3-b5bb-0a5a5fd0e004</uuid>
<source><host name='nas.example.org'/><dir path='/studies'/><format type='nfs'/></source><target><path>/srv/studies</path></target></pool>"""


@pytest.fixture(scope="module")
def uri(written, tmp_path_factory):
    # The test driver does not emulate what the firmware of another driver is.
    guests = [text.replace("<domain type='kvm'", "<domain type='test'") for text in written.values()]
    return connection(tmp_path_factory.mktemp("node"), guests, [CLINICAL, NAT], [IMAGES, STUDIES])


class Machine(Host):
    """A made-up system on which virsh is that of this machine."""

    def run(self, argv, **options):
        return Host().run(argv, **options)


@pytest.fixture
def hypervisor(uri, tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("/dev/vda / ext4 rw 0 0\nnas.example.org:/studies /srv/studies nfs4 rw 0 0\n")
    return Hypervisor(Machine(str(tmp_path)), uri)


def test_guests_networks_and_pools(uri):
    libvirt = Libvirt(Host(), uri)
    assert sorted(guest.name for guest in libvirt.definitions) == ["archive", "workbench"]
    assert {guest.running for guest in libvirt.definitions} == {True}
    limits = frozenset({"inbound", "outbound"})
    assert libvirt.networks == {
        "clinical": Network("clinical", "br7", "bridge", True, {"archive": frozenset(), "guest": limits, "": limits}),
        "default": Network("default", "virbr0", "nat", False, {}),
    }
    assert sorted(libvirt.pools, key=lambda pool: pool.name) == [
        Pool("images", "dir", "/var/lib/libvirt/images", ""),
        Pool("studies", "netfs", "/srv/studies", "nas.example.org:/studies"),
    ]
    assert libvirt.security_models == ["testSecurity"]


def test_no_password_of_a_guest_is_shown(uri):
    libvirt = Libvirt(Host(), uri)
    (printed,) = libvirt._ask(["dumpxml workbench"])
    assert "<graphics" in printed
    assert "passwd=" not in printed


def test_a_libvirt_that_does_not_answer_is_said(tmp_path):
    with pytest.raises(VirshError, match=r"virsh --connect test:///nowhere\.xml list --all --uuid: "):
        assert Libvirt(Host(), "test:///nowhere.xml").definitions


def test_without_virsh_its_absence_is_said(tmp_path):
    with pytest.raises(VirshError, match="belongs to a system that is not entered"):
        assert Libvirt(Host(str(tmp_path)), "test:///default").definitions


def test_a_host_without_guests(tmp_path):
    assert Libvirt(Host(), connection(tmp_path)).definitions == []


class Vanishing(Host):
    """A libvirt that no longer knows the second guest when it is asked for its definition."""

    def __init__(self, still_listed, others=("6695eb01-f6a4-8304-79aa-97f2502e193f",)):
        super().__init__()
        self._lists = 0
        self._still_listed = still_listed
        self._others = others

    def run(self, argv, **options):
        if argv[-1].startswith("list --all --uuid;"):
            self._lists += 1
            listed = self._lists == 1 or self._still_listed
            return super().run(["printf", "%s\n", *self._others, *(["gone"] if listed else []), "<<<end>>>"], **options)
        return super().run(argv, **options)


def test_a_guest_that_went_away_meanwhile_is_passed_over():
    assert [guest.name for guest in Libvirt(Vanishing(False), "test:///default").definitions] == ["test"]
    assert Libvirt(Vanishing(False, ()), "test:///default").definitions == []


def test_a_guest_that_is_there_and_not_shown_is_no_pass():
    with pytest.raises(VirshError, match="virsh dumpxml --domain gone printed nothing"):
        assert Libvirt(Vanishing(True), "test:///default").definitions


# -- what guests touch -----------------------------------------------------------------


def things(hypervisor, name):
    (guest,) = [guest for guest in hypervisor.libvirt.definitions if guest.name == name]
    return {(thing["kind"], thing["name"]): thing["place"] for thing in touched(guest, hypervisor)}


def test_what_a_guest_touches_on_its_host_and_elsewhere(hypervisor):
    assert things(hypervisor, "archive") == {
        ("network", "clinical"): "clinical",
        ("bridge", "br7"): "",
        ("disk", "/var/lib/libvirt/images/archive.qcow2"): "",
        ("disk", "/var/lib/libvirt/images/debian-12.qcow2"): "",
        ("pool", "images"): "",
        ("disk", "/srv/studies/archive-data.img"): "nas.example.org:/studies/archive-data.img",
        ("pool", "studies"): "nas.example.org:/studies",
    }


def test_devices_with_their_groups_and_parents(hypervisor, tmp_path):
    devices = tmp_path / "sys/devices/pci0000:00"
    (tmp_path / "sys/bus/pci/devices").mkdir(parents=True)
    (tmp_path / "sys/bus/mdev/devices").mkdir(parents=True)
    mediated = "c2177883-f1bb-47f0-914d-32a22e3a8804"
    for address, group in (("0000:3b:00.0", "17"), ("0000:5e:02.1", "18"), ("0000:af:00.0", "17")):
        (tmp_path / f"sys/kernel/iommu_groups/{group}").mkdir(parents=True, exist_ok=True)
        (devices / address).mkdir(parents=True)
        (devices / address / "iommu_group").symlink_to(f"/sys/kernel/iommu_groups/{group}")
        (tmp_path / "sys/bus/pci/devices" / address).symlink_to(f"/sys/devices/pci0000:00/{address}")
    (devices / "0000:af:00.0" / mediated).mkdir()
    (tmp_path / "sys/bus/mdev/devices" / mediated).symlink_to(f"/sys/devices/pci0000:00/0000:af:00.0/{mediated}")
    found = things(hypervisor, "workbench")
    assert {name for kind, name in found if kind == "device"} == {"0000:3b:00.0", "0000:5e:02.1", "0000:af:00.0", "046d:c52b", mediated}
    assert {name for kind, name in found if kind == "iommu_group"} == {"17", "18"}


def test_a_bridge_with_an_uplink_is_the_same_on_all_hosts(hypervisor, tmp_path):
    (tmp_path / "sys/class/net/br0/brif/vnet3").mkdir(parents=True)
    (tmp_path / "sys/class/net/vnet3").mkdir()
    (tmp_path / "sys/class/net/vnet3/tun_flags").write_text("0x1002\n")
    assert things(hypervisor, "workbench")["bridge", "br0"] == ""
    (tmp_path / "sys/class/net/br0/brif/eno1").mkdir()
    assert things(hypervisor, "workbench")["bridge", "br0"] == "br0"


def test_directories_memory_and_remote_disks(hypervisor):
    found = things(hypervisor, "workbench")
    assert ("directory", "/srv/exchange") in found
    assert ("memory", "exchange") in found
    assert found["disk", "https:images/workbench.raw"] == "https:images/workbench.raw"
    assert found["disk", "/dev/vg0/studies"] == ""
