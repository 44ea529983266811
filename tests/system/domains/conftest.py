# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One hypervisor with three guests, two of which run. These tests need root, libvirtd and QEMU."""

from __future__ import annotations

import os
import shutil

import pytest
from hypervisor import Hypervisor

NEEDED = ("libvirtd", "virsh", "qemu-system-x86_64", "bridge")
# The guests run until nothing is found to start from; they have no system.
CLINICAL = "<network><name>clinical</name><forward mode='bridge'/><bridge name='br0'/><port isolated='yes'/></network>"
PACS = """<domain type='qemu'>
  <name>pacs</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <memoryBacking><nosharepages/></memoryBacking>
  <cputune><vcpupin vcpu='0' cpuset='0'/></cputune>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='{images}/pacs.qcow2'/><target dev='vda' bus='virtio'/>
      <iotune><total_iops_sec>500</total_iops_sec></iotune>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/><source network='clinical'/><model type='virtio'/>
    </interface>
    <graphics type='vnc' autoport='yes' passwd='Sesame47'/>
    <memballoon model='none'/>
  </devices>
</domain>"""
LAB = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>lab</name><memory unit='MiB' dumpCore='on'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <on_crash>coredump-destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='{images}/lab.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <filesystem type='mount'><source dir='{images}'/><target dir='exchange'/></filesystem>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/><model type='virtio'/></interface>
    <graphics type='vnc' autoport='yes' listen='0.0.0.0' passwd='Sesame47'/>
    <sound model='ich9'><audio id='1'/></sound>
    <audio id='1' type='none'/>
    <memballoon model='none'/>
  </devices>
  <qemu:commandline><qemu:arg value='-name'/><qemu:arg value='guest=Sesame47'/></qemu:commandline>
</domain>"""
ARCHIVE = """<domain type='qemu'>
  <name>archive</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='qcow2'/><source pool='images' volume='lab.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <memballoon model='none'/>
  </devices>
</domain>"""


def pytest_collection_modifyitems(items):
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if os.geteuid() != 0 or not all(shutil.which(name, path=path) for name in NEEDED):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"needs root, {', '.join(NEEDED)}"))


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="session")
def hypervisor(tmp_path_factory, images):
    found = Hypervisor(tmp_path_factory.mktemp("hypervisor"))
    try:
        for name in ("pacs", "lab"):
            found.run("qemu-img", "create", "-q", "-f", "qcow2", images / f"{name}.qcow2", "16M")
        found.virsh("pool-create-as", "images", "dir", "--target", images)
        found.make("net-create", CLINICAL)
        found.make("create", PACS.format(images=images))
        found.make("create", LAB.format(images=images))
        found.make("define", ARCHIVE)
        yield found
    finally:
        found.stop()
