# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.comparison import differences, values

# As libvirt 9.0 writes a guest that runs, shortened.
BEFORE = """
<domain type='qemu' id='1'>
  <name>pacs</name><uuid>0b9a3a1c-1111-4222-8333-444455556666</uuid>
  <memtune><soft_limit unit='KiB'>524288</soft_limit></memtune>
  <vcpu placement='static'>1</vcpu>
  <cputune><shares>777</shares><quota>80000</quota></cputune>
  <resource><partition>/machine</partition></resource>
  <devices>
    <disk type='file' device='disk'>
      <source file='/srv/pacs.qcow2' index='1'/><backingStore/><target dev='vda'/><iotune><total_iops_sec>500</total_iops_sec></iotune>
      <alias name='virtio-disk0'/><address type='pci' bus='0x04'/>
    </disk>
    <disk type='file' device='cdrom'><source file='/srv/a.iso'/><target dev='sda'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:24:c9:92'/><source bridge='br0'/><target dev='vnet0'/><alias name='net0'/><filterref filter='clean-traffic'/>
    </interface>
    <serial type='pty'><source path='/dev/pts/3'/></serial>
    <console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/></console>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-1-pacs/a'/><target type='virtio' name='a' state='disconnected'/>
    </channel>
    <graphics type='vnc' port='5900' autoport='yes'/>
  </devices>
  <seclabel type='dynamic' model='dac' relabel='yes'><label>+0:+0</label><imagelabel>+0:+0</imagelabel></seclabel>
</domain>
"""
SAME = {
    "the id": ("id='1'", "id='7'"),
    "a name of the index": ("index='1'", "index='4'"),
    "a tap": ("vnet0", "vnet12"),
    "an alias": ("virtio-disk0", "ua-disk"),
    "a socket": ("domain-1-pacs", "domain-7-pacs"),
    "a connection": ("'disconnected'", "'connected'"),
    "a terminal": ("/dev/pts/3", "/dev/pts/9"),
    "a port": ("'5900'", "'5931'"),
    "labels": ("+0:+0", "+64055:+64055"),
    "a partition": ("/machine<", "/machine.slice<"),
}
DEFINITION = {
    "a disk": ("/srv/pacs.qcow2", "/srv/other.qcow2", "devices/disk[vda]/source@file was /srv/pacs.qcow2 and is /srv/other.qcow2"),
    "a bridge": ("'br0'", "'br1'", "devices/interface[52:54:00:24:c9:92]/source@bridge was br0 and is br1"),
    "confinement": ("'dynamic' model='dac'", "'none' model='dac'", "seclabel@type was dynamic and is none"),
    "a fixed port": ("'5900' autoport='yes'", "'5931' autoport='no'", "devices/graphics@port was absent and is 5931"),
    "an address": ("bus='0x04'", "bus='0x05'", "devices/disk[vda]/address@bus was 0x04 and is 0x05"),
    "a medium": ("<source file='/srv/a.iso'/>", "", "devices/disk[sda]/source@file was /srv/a.iso and is absent"),
}
BOUNDS = {
    "a quota": ("<quota>80000</quota>", "", "cputune/quota was 80000 and is absent"),
    "a limit": (">500<", ">900<", "devices/disk[vda]/iotune/total_iops_sec was 500 and is 900"),
    "a filter": (
        "<filterref filter='clean-traffic'/>",
        "",
        "devices/interface[52:54:00:24:c9:92]/filterref@filter was clean-traffic and is absent",
    ),
    "pinning": ("<vcpu placement", "<vcpu cpuset='3' placement", "vcpu@cpuset was absent and is 3"),
    "memory": ("524288", "1", "memtune/soft_limit was 524288 and is 1"),
}


def found(old, new):
    assert old in BEFORE
    before, after = (values(definition.parse(text, "here")) for text in (BEFORE, BEFORE.replace(old, new)))
    return [[str(difference) for difference in some] for some in differences(before, after)]


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_libvirt_gives_anew_is_no_difference(change):
    assert found(*change) == [[], []]


@pytest.mark.parametrize(("old", "new", "sentence"), DEFINITION.values(), ids=DEFINITION)
def test_a_difference_of_the_definition_is_named(old, new, sentence):
    of_definition, of_bounds = found(old, new)
    assert sentence in of_definition and of_bounds == []


@pytest.mark.parametrize(("old", "new", "sentence"), BOUNDS.values(), ids=BOUNDS)
def test_a_difference_of_the_bounds_is_named(old, new, sentence):
    assert found(old, new) == [[], [sentence]]


def test_disks_in_another_order_are_the_same():
    disk = BEFORE[BEFORE.index("<disk type='file' device='cdrom'") : BEFORE.index("<interface")]
    text = BEFORE.replace(disk, "").replace("<devices>", f"<devices>{disk}")
    assert differences(*(values(definition.parse(written, "here")) for written in (BEFORE, text))) == ([], [])
