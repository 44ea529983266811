# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_definition import NAMESPACE, read
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, connected, libvirt

DOMAIN = f"""<domain><name>web</name><metadata><g:image xmlns:g="{NAMESPACE}"><g:version>2</g:version><g:sha256/></g:image></metadata>
<os firmware="efi"><type>hvm</type></os><devices>
<disk device="cdrom"><source file="/iso"/><target dev="sdb" bus="sata"/></disk>
<disk device="disk"><source pool="golden" volume="web.qcow2"/><target dev="sda" bus="scsi"/>
  <backingStore><source file="/srv/base.qcow2"/></backingStore></disk>
<controller type="scsi" model="virtio-scsi"/><interface><model type="e1000e"/></interface>
<channel><target name="org.qemu.guest_agent.0"/></channel></devices></domain>"""


def test_the_image_the_places_and_the_devices():
    definition = read(DOMAIN)
    assert definition.image == {"version": "2", "sha256": ""}
    assert definition.disks == ["/iso", "golden/web.qcow2", "/srv/base.qcow2"]
    assert definition.machine == {"firmware": "uefi", "disk": "virtio-scsi", "network": "e1000e", "agent": True}


def test_a_machine_of_somebody_else_has_no_image():
    definition = read("<domain><metadata><x xmlns='urn:x'/></metadata><devices/></domain>")
    assert definition.image == {} and definition.machine == {"firmware": "bios", "disk": "", "network": "", "agent": False}


@pytest.mark.parametrize("text", ["<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<domain>", ""])
def test_what_is_no_plain_document_is_refused(text):
    with pytest.raises(LibvirtError):
        read(text)


@pytest.mark.skipif(libvirt is not None, reason="the bindings are installed")
def test_missing_bindings_are_a_sentence():
    with pytest.raises(LibvirtError, match="install the package python3-libvirt"), connected("qemu:///system"):
        pass
