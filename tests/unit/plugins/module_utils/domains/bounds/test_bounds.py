# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds import starving
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.apply import shown
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.commands import commands
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import bounds
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.wanted import BadRequest, wanted

CARD = "52:54:00:00:00:01"
XML = f"""
<domain type='qemu'>
  <name>pacs</name>
  <memory unit='GiB'>4</memory>
  <currentMemory unit='GiB'>2</currentMemory>
  <vcpu current='2'>4</vcpu>
  <memtune><hard_limit unit='GiB'>6</hard_limit><soft_limit unit='KiB'>9007199254740991</soft_limit></memtune>
  <cputune><shares>2048</shares><period>100000</period><quota>-1</quota><emulator_quota>7</emulator_quota></cputune>
  <devices>
    <disk type='file' device='disk'>
      <target dev='vda'/><iotune><total_iops_sec>500</total_iops_sec><read_bytes_sec>0</read_bytes_sec><group_name>g</group_name></iotune>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <interface type='bridge'>
      <mac address='{CARD.upper()}'/><source bridge='br0'/><target dev='vnet0'/>
      <bandwidth><inbound average='1000' peak='2000'/></bandwidth><filterref filter='clean-traffic'/>
    </interface>
  </devices>
</domain>
"""
NOTHING = {"processors": {}, "memory": {}, "disks": [], "interfaces": [], "minimum": {}}
CARD_ENTRY = {"target": "*", "inbound": {}, "outbound": {}, "filter": None}


@pytest.fixture
def guest():
    return definition.parse(XML, "here")


def request(**changed):
    return {**NOTHING, **changed}


def commands_for(guest, **changed):
    """The words of the commands for a request."""
    before = bounds(guest)
    changes = {name: value for name, value in wanted(request(**changed), guest).items() if before.get(name, 0) != value}
    return [command.words for command in commands(changes, {**before, **changes}, guest)]


def test_what_has_no_limit_is_no_bound(guest):
    assert shown(bounds(guest)) == {
        "processors shares": 2048,
        "processors period": 100000,
        "memory hard_limit": 6 << 20,
        "disk vda total_iops_sec": 500,
        f"interface {CARD} inbound average": 1000,
        f"interface {CARD} inbound peak": 2000,
        f"interface {CARD} filter": "clean-traffic",
    }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"processors": {"shares": 2048, "quota": 0}}, []),
        ({"processors": {"shares": 512, "quota": 50000}}, [("schedinfo", "--set", "cpu_shares=512", "--set", "vcpu_quota=50000")]),
        ({"memory": {"hard_limit": 0, "swap_hard_limit": 8 << 30}}, [("memtune", "--hard-limit=-1", "--swap-hard-limit=8388608")]),
        (
            {"disks": [{"target": "*", "total_iops_sec": 0, "read_iops_sec": 9}]},
            [("blkdeviotune", "--device=vda", "--total-iops-sec=0", "--read-iops-sec=9")],
        ),
        (
            {"disks": [{"target": "*", "total_iops_sec": 1}, {"target": "vd?", "total_iops_sec": 2}]},
            [("blkdeviotune", "--device=vda", "--total-iops-sec=2")],
        ),
        (
            {"interfaces": [{**CARD_ENTRY, "target": "br0", "inbound": {"average": 500}, "outbound": {"average": 7}}]},
            [("domiftune", f"--interface={CARD}", "--inbound=500,2000,0", "--outbound=7,0,0")],
        ),
    ],
)
def test_only_what_differs_is_set(guest, asked, words):
    assert commands_for(guest, **asked) == words


def test_a_filter_is_changed_with_the_card_as_it_is(guest):
    entry = {**CARD_ENTRY, "target": CARD.upper(), "filter": "no-ip-spoofing"}
    before = bounds(guest)
    (command,) = commands(wanted(request(interfaces=[entry]), guest), before, guest)
    card = ElementTree.fromstring(command.stdin)
    assert command.words == ("update-device", "--file=/dev/stdin")
    assert [found.get("filter") for found in card.iter("filterref")] == ["no-ip-spoofing"]
    assert card.find("source").get("bridge") == "br0"
    assert bounds(guest) == before


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"disks": [{"target": "vdb"}]}, "it has no disk vdb, but vda: correct the target"),
        ({"disks": [{"target": "sda"}]}, "it has no disk sda, but vda: correct the target"),
        ({"interfaces": [{**CARD_ENTRY, "target": "br1"}]}, f"it has no network card br1, but {CARD}: correct the target"),
        ({"processors": {"shares": 1}}, "processors shares is 1, and must be from 2 to 262144"),
        ({"disks": [{"target": "vda", "total_iops_sec": -1}]}, "disk vda total_iops_sec is -1, and must be from 0 to 9223372036854775807"),
        (
            {"disks": [{"target": "vda", "total_iops_sec": 1, "write_iops_sec": 1}]},
            "disk vda total_iops_sec and write_iops_sec exclude each other (virsh(1), blkdeviotune): set one of them to 0",
        ),
        ({"interfaces": [{**CARD_ENTRY, "outbound": {"peak": 1}}]}, f"interface {CARD} outbound peak needs an average too"),
    ],
)
def test_what_cannot_be_asked_for_is_said(guest, asked, sentence):
    with pytest.raises(BadRequest) as problem:
        wanted(request(**asked), guest)
    assert str(problem.value) == sentence


@pytest.mark.parametrize(
    ("asked", "minimum", "sentence"),
    [
        (
            {"processors": {"quota": 50000}},
            {"processors": 1.5},
            "a quota of 50000 in a period of 100000 leaves it 1 processors, and it needs 1.5",
        ),
        ({"processors": {"quota": 75000}}, {"processors": 1.5}, None),
        ({"processors": {"quota": 0}}, {"processors": 1.5}, None),
        ({"processors": {"shares": 100}}, {"shares": 512}, "it would have 100 processor shares, and it needs 512"),
        (
            {"memory": {"soft_limit": 1 << 30}},
            {"memory": 3 << 30},
            "memory soft_limit of 1048576 KiB is below the 3145728 KiB that it needs",
        ),
        (
            {"memory": {"hard_limit": 2 << 30}},
            {},
            "memory hard_limit of 2097152 KiB is no more than its memory of 2097152 KiB, and the kernel would end it: raise the limit",
        ),
        ({}, {"iops_sec": 501}, "disk vda total_iops_sec of 500 is below the 501 that it needs"),
        ({"disks": [{"target": "vda", "total_iops_sec": 0}]}, {"iops_sec": 501}, None),
        ({}, {"inbound": 1001}, f"interface {CARD} inbound average of 1000 is below the 1001 that it needs"),
        ({}, {"outbound": 1001}, None),
    ],
)
def test_what_would_starve_a_guest_is_refused(guest, asked, minimum, sentence):
    after = {name: value for name, value in {**bounds(guest), **wanted(request(**asked), guest)}.items() if value}
    assert starving.refusals(guest, after, minimum) == ([sentence] if sentence else [])
