# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two hosts that answer as virsh of libvirt 9.0 does, and a guest that can move between them."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.evaluate import evaluate
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move, Way
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.side import Side
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Virsh
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

UUID = "0b9a3a1c-1111-4222-8333-444455556666"
GUEST = f"""
<domain type='kvm'>
  <name>pacs</name><uuid>{UUID}</uuid>
  <memory unit='GiB'>4</memory>
  <vcpu cpuset='0-1'>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <loader type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/nvram/pacs</nvram>
    <kernel>/srv/boot/vmlinuz</kernel>
  </os>
  <cpu mode='custom' match='exact'><model fallback='forbid'>EPYC</model><feature policy='require' name='aes'/></cpu>
  <clock offset='utc'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/><source file='/srv/images/pacs.qcow2'/><target dev='vda'/>
      <encryption format='luks'><secret type='passphrase' uuid='5a5a5a5a-1111-4222-8333-444455556666'/></encryption>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/><source network='clinical' portgroup='imaging'/><filterref filter='clean-traffic'/>
    </interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br-lan'/></interface>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
  </devices>
</domain>
"""
CAPABILITIES = """
<capabilities><host>
  <uuid>0000000{number}-1111-4222-8333-444455556666</uuid>
  <cpu><arch>x86_64</arch><model>EPYC</model><vendor>AMD</vendor><microcode version='17'/><feature name='aes'/><feature name='avx2'/></cpu>
  <topology><cells num='1'><cell id='0'><cpus num='2'><cpu id='0'/><cpu id='1'/></cpus></cell></cells></topology>
</host></capabilities>
"""
HARDWARE = """
<domainCapabilities>
  <os><loader supported='yes'><value>/usr/share/OVMF/OVMF_CODE_4M.fd</value></loader></os>
  <cpu><mode name='custom'><model usable='yes'>kvm64</model><model usable='no'>EPYC-Milan</model><model usable='yes'>EPYC</model></mode></cpu>
  <devices><tpm supported='yes'><enum name='backendModel'><value>passthrough</value><value>emulator</value></enum></tpm></devices>
</domainCapabilities>
"""
VOLUME = """
<volume type='file'><key>{path}</key><capacity unit='bytes'>16777216</capacity>
<target><timestamps><ctime>1796047571.994426379</ctime></timestamps></target></volume>
"""
POOL = "<pool type='dir'><name>{name}</name><source/><target><path>{path}</path></target></pool>"
POOLS = {"images": "/srv/images", "boot": "/srv/boot"}


def no(message):
    """A refusal, as virsh prints it."""
    return CommandResult(1, "", f"error: {message}\n")


def answers(number):
    """What the virsh of a host answers to each command; a function is given the words after it."""
    return {
        "capabilities": CAPABILITIES.format(number=number),
        "hostname": f"host{number}\n",
        "domcapabilities": HARDWARE,
        "hypervisor-cpu-compare": "CPU described is identical\n",
        "list": f" {UUID} pacs\n" if number == 1 else " 11111111-1111-4222-8333-444455556666 worklist\n",
        "net-list": "clinical\n",
        "net-dumpxml": "<network><name>clinical</name><portgroup name='imaging'/></network>",
        "iface-mac": "52:54:00:aa:bb:cc\n",
        "nwfilter-list": " 22222222-1111-4222-8333-444455556666 clean-traffic\n",
        "secret-list": " 5a5a5a5a-1111-4222-8333-444455556666 volume /srv/images/pacs.qcow2\n",
        "pool-list": "".join(f"{name}\n" for name in POOLS),
        "pool-dumpxml": lambda words: POOL.format(name=words[0][7:], path=POOLS[words[0][7:]]),
        "vol-dumpxml": lambda words: VOLUME.format(path=words[0][6:]),
        "nodememstats": "total  :   16000000 KiB\nfree   :    6000000 KiB\nbuffers:     100000 KiB\ncached :    1000000 KiB\n",
        "freepages": "Node 0:\n4KiB: 2841141\n2048KiB: 2048\n1048576KiB: 0\n\n",
    }


@pytest.fixture
def evaluated(tree):
    """The records of a move: the guest and the answers of the destination are changed by replacing texts, or answers."""

    def evaluate_move(guest=(), destination=None, source=None, way=None, mounts=None, certificate=True):
        hosts = {"source": {**answers(1), **(source or {})}, "destination": {**answers(2), **(destination or {})}}

        def virsh(argv, unused_stdin):
            words = [word for word in argv[4:] if word != "--readonly"]
            answer = hosts[argv[3]][words[0]]
            return answer(words[1:]) if callable(answer) else answer

        host = tree(answers={"virsh": virsh})
        text = GUEST
        for old, new in guest:
            assert old in text
            text = text.replace(old, new)
        sides = [Side(Virsh(host, name)) for name in hosts]
        how = way or Way(tls=True, seconds=0.1)
        move = Move(
            definition.parse(text, "virsh dumpxml", running=True), *sides, how, mounts or {"/": "ext4", "/srv": "nfs4"}, certificate
        )
        return {record["control"].split("-")[1]: record for record in evaluate(move)}

    return evaluate_move
