# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.evaluate import ASPECTS
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Way
from conftest import CAPABILITIES, HARDWARE, POOL, UUID, VOLUME, no

AS_HOST = [
    (
        "mode='custom' match='exact'><model fallback='forbid'>EPYC</model><feature policy='require' name='aes'/></cpu>",
        "mode='host-passthrough'/>",
    )
]
OTHER_CPU = CAPABILITIES.format(number=2).replace("'17'", "'18'").replace("<feature name='avx2'/>", "")
HERE = ("<backend type='emulator' version='2.0'/>", "<backend type='passthrough'/>")
NO_VOLUME = no("failed to get vol")
LATER = VOLUME.format(path="/srv/images/pacs.qcow2").replace("1796047571", "1796047572")
LARGER = VOLUME.format(path="/srv/images/pacs.qcow2").replace("16777216", "16777217")
COPIED = Way(copied=True, tls=True, seconds=0)
EVERY = [("<uuid>", "<memoryBacking><hugepages><page size='1' unit='GiB'/></hugepages></memoryBacking><uuid>")]
BLOCK = [("type='file' device='disk'", "type='block' device='disk'"), ("file='/srv/images/pacs.qcow2'", "dev='/dev/san/pacs'")]
IN_POOL = [("type='file' device='disk'", "type='volume' device='disk'"), ("file='/srv/images/pacs.qcow2'", "pool='san' volume='pacs'")]


def device(xml):
    """The guest with one more device."""
    return [("<devices>", f"<devices>{xml}")]


def without_images(words):
    return NO_VOLUME if "images" in words[0] else VOLUME


def keyed(number):
    """Volumes of a storage array, which have a key of it."""
    return {"vol-dumpxml": lambda words: VOLUME.format(path=f"3600140{number}")}


def pools(*names, place=""):
    """The pools of a host, which are of a server where there is a place."""

    def described(words):
        name = words[0][7:]
        source = f"<source><host name='{place}'/><dir path='/export'/></source>" if place else "<source/>"
        return POOL.format(name=name, path=f"/srv/{name}").replace("<source/>", source)

    return {"pool-list": "".join(f"{name}\n" for name in names), "pool-dumpxml": described}


BLOCKERS = [
    (
        "hosts",
        {"destination": {"capabilities": CAPABILITIES.format(number=1)}},
        "both hosts have the UUID 00000001-1111-4222-8333-444455556666",
    ),
    ("hosts", {"destination": {"hostname": "host1\n"}}, "both hosts are called host1"),
    (
        "hosts",
        {"destination": {"list": f" {UUID} old pacs\n"}},
        f"the destination has the guest {UUID} already (old pacs): undefine it there",
    ),
    ("hosts", {"destination": {"list": " 1-2-3 pacs\n"}}, "the destination has another guest that is called pacs: rename one of them"),
    (
        "machine",
        {"destination": {"domcapabilities": no("invalid argument: the machine 'pc-q35-7.2' is not supported by emulator '/usr/bin/qemu'")}},
        "the destination has no such machine (the machine 'pc-q35-7.2' is not supported by emulator '/usr/bin/qemu'): install a QEMU that has it",
    ),
    (
        "processor",
        {
            "destination": {
                "hypervisor-cpu-compare": no("the CPU is incompatible with host CPU: Host CPU does not provide required features: aes")
            }
        },
        "lacks what the processor of the guest has (Host CPU does not provide required features: aes): give the guest an older model (kvm64, EPYC)",
    ),
    ("processor", {"guest": AS_HOST, "destination": {"capabilities": OTHER_CPU}}, "its microcode is 17 here and 18 there"),
    (
        "processor",
        {"guest": AS_HOST, "destination": {"capabilities": OTHER_CPU}},
        "and the destination lacks avx2: give the guest a named model",
    ),
    ("processor", {"guest": [("name='aes'", "name='invtsc'")]}, "the guest requires invtsc, with which QEMU moves nothing"),
    (
        "firmware",
        {"destination": {"domcapabilities": HARDWARE.replace("OVMF_CODE_4M", "OVMF_CODE")}},
        "the destination does not have /usr/share/OVMF/OVMF_CODE_4M.fd: install the same firmware there",
    ),
    (
        "firmware",
        {"guest": [("/usr/share/OVMF/OVMF_VARS", "/opt/vars/OVMF_VARS")]},
        "does not have /opt/vars, where the template of its variables lies",
    ),
    (
        "devices",
        {"guest": device("<hostdev mode='subsystem' type='pci'><source><address bus='0x3b' slot='0' function='0x1'/></source></hostdev>")},
        "the pci device 0000:3b:00.1 belongs to the source: detach it before the move",
    ),
    (
        "devices",
        {"guest": device("<filesystem><driver type='virtiofs'/><source dir='/srv/share'/><target dir='share'/></filesystem>")},
        "the directory /srv/share of the source is shared with the guest: unmount it",
    ),
    ("devices", {"guest": device("<shmem name='frames'/>")}, "the shared memory frames stays at the source: detach it"),
    ("devices", {"guest": device("<redirdev bus='usb' type='spicevmc'/>")}, "a USB port of a console is redirected to the guest"),
    ("devices", {"guest": [HERE]}, "the TPM of the source is passed to the guest: give it an emulated one"),
    ("devices", {"guest": [("<clock", "<launchSecurity type='sev'/><clock")]}, "its memory is encrypted by the processor of the source"),
    (
        "devices",
        {"destination": {"domcapabilities": HARDWARE.replace("<value>emulator</value>", "")}},
        "the destination cannot emulate its TPM: install swtpm there",
    ),
    (
        "storage",
        {"destination": {"vol-dumpxml": NO_VOLUME}},
        "vda is /srv/images/pacs.qcow2, which is not at the destination: put it on storage that both hosts have, refresh the pool images",
    ),
    ("storage", {"destination": {"vol-dumpxml": LATER}}, "vda is /srv/images/pacs.qcow2, and another file lies there at the destination"),
    (
        "storage",
        {"destination": {"vol-dumpxml": LARGER}},
        "another file lies there at the destination: share the storage, or copy the disks in the move",
    ),
    (
        "storage",
        {"mounts": {"/": "ext4"}},
        "vda is /srv/images/pacs.qcow2 on ext4, which libvirt takes for storage of the source alone and refuses",
    ),
    ("storage", {"way": COPIED, "destination": {"vol-dumpxml": LARGER}}, "a file of another size lies there at the destination: remove it"),
    (
        "storage",
        {"way": COPIED, "destination": {**pools("boot"), "vol-dumpxml": NO_VOLUME}},
        "no pool of the destination has /srv/images, so that libvirt cannot make its copy: define one",
    ),
    (
        "storage",
        {"way": COPIED, "destination": {"vol-dumpxml": NO_VOLUME}},
        "its kernel is /srv/boot/vmlinuz, which is not at the destination",
    ),
    ("storage", {"guest": [("cache='none'", "cache='unsafe'")]}, "vda has cache=unsafe, so that what the guest has written may be lost"),
    ("storage", {"guest": IN_POOL}, "vda lies in the pool san, which the destination does not have"),
    (
        "storage",
        {"guest": IN_POOL, "source": pools("san", place="nas1"), "destination": pools("san", place="nas2")},
        "vda lies in the pool san, which is other storage at the destination (nas2:/export)",
    ),
    ("storage", {"guest": BLOCK, "source": keyed(1), "destination": keyed(2)}, "another device is called that at the destination"),
    ("networks", {"destination": {"net-list": ""}}, "the destination has no active network clinical: define and start them there"),
    ("networks", {"guest": [("'imaging'", "'office'")]}, "the network clinical of the destination has no port group office"),
    (
        "networks",
        {"destination": {"iface-mac": no("Interface not found: couldn't find interface named 'br-lan'")}},
        "the destination has no bridge br-lan",
    ),
    ("networks", {"destination": {"nwfilter-list": ""}}, "the destination has no network filter clean-traffic"),
    (
        "secrets",
        {"destination": {"secret-list": ""}},
        "has no secret 5a5a5a5a-1111-4222-8333-444455556666, which a disk of the guest needs",
    ),
    (
        "secrets",
        {"guest": [("version='2.0'/>", "version='2.0'><encryption secret='6b6b6b6b-1111-4222-8333-444455556666'/></backend>")]},
        "the destination has no secret 6b6b6b6b-1111-4222-8333-444455556666, which the TPM of the guest needs",
    ),
    (
        "memory",
        {"guest": [("'GiB'>4<", "'GiB'>8<")]},
        "the destination has 7100000 KiB of memory for guests, and this one needs 9489612 with its QEMU",
    ),
    ("memory", {"guest": EVERY}, "the destination has 0 free pages of 1048576 KiB, and the guest needs 4"),
    ("topology", {"guest": [("'0-1'", "'0,2-3,^3'")]}, "the guest is bound to the processors 0,2-3,^3, which the destination has not all"),
    ("topology", {"guest": [("<clock", "<numatune><memory nodeset='1'/></numatune><clock")]}, "bound to the cells of memory 1, which"),
    ("topology", {"guest": [("'0-1'>2", "''>4")]}, "the guest has 4 processors, and the destination 2"),
    ("stream", {"way": Way(seconds=0)}, "the memory of the guest, and patient data in it, would cross the network in plain text"),
    ("stream", {"certificate": False}, "the source has no CA certificate of its own for QEMU at /etc/pki/qemu/ca-cert.pem"),
    ("clock", {"way": Way(tls=True, seconds=-7)}, "the clocks of the hosts differ by 7.0 s: synchronise both with the time server"),
]


def test_a_guest_that_can_move_has_no_blocker(evaluated):
    found = evaluated()
    assert {name: record["message"] for name, record in found.items() if record["status"] != "pass"} == {}
    assert list(found) == list(ASPECTS)


@pytest.mark.parametrize(("aspect", "changed", "sentence"), BLOCKERS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_blocker_is_found_on_purpose(evaluated, aspect, changed, sentence):
    found = evaluated(**changed)[aspect]
    assert found["status"] == "fail" and sentence in found["message"], found


def test_every_aspect_has_a_blocker_that_is_tried():
    assert {aspect for aspect, unused_changed, unused_sentence in BLOCKERS} == {*ASPECTS} - {"running"}


@pytest.mark.parametrize(
    ("aspect", "changed", "status", "sentence"),
    [
        (
            "storage",
            {"destination": {**pools("boot"), "vol-dumpxml": without_images}},
            "not_checked",
            "no pool of the destination has /srv/images",
        ),
        ("storage", {"guest": BLOCK}, "not_checked", "libvirt has no serial number of it: compare its WWN on both hosts"),
        ("clock", {"way": Way(tls=True)}, "not_checked", "give destination_time"),
        ("processor", {"destination": {"domcapabilities": no("no such machine")}}, "not_checked", "does not have the machine"),
        (
            "networks",
            {"destination": {"net-list": no("end of file while reading data")}},
            "error",
            "virsh --connect destination net-list: end of",
        ),
        ("processor", {"destination": {"hypervisor-cpu-compare": no("operation forbidden")}}, "error", "operation forbidden"),
        (
            "secrets",
            {"guest": [("<encryption format='luks'>", "<other>"), ("</encryption>", "</other>")]},
            "not_applicable",
            "needs no secret",
        ),
    ],
)
def test_what_is_not_known_is_not_passed(evaluated, aspect, changed, status, sentence):
    found = evaluated(**changed)[aspect]
    assert found["status"] == status and sentence in found["message"], found


@pytest.mark.parametrize(
    "changed",
    [
        {"way": COPIED, "destination": {"vol-dumpxml": without_images}},
        {"source": pools("images", "boot", place="nas"), "destination": {**pools("images", "boot", place="nas"), "vol-dumpxml": LATER}},
        {"guest": BLOCK, "source": keyed(1), "destination": keyed(1)},
        {"guest": IN_POOL, "source": pools("san", "boot", place="nas"), "destination": pools("san", "boot", place="nas")},
        {"guest": [("type='file' device", "type='network' device"), ("file='/srv/images/pacs.qcow2'", "protocol='rbd' name='p/pacs'")]},
    ],
)
def test_disks_that_are_shared_or_copied_are_no_blocker(evaluated, changed):
    found = evaluated(**changed)["storage"]
    assert found["status"] == "pass", found
