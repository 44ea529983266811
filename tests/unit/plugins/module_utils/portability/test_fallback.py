# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boot loader at the fallback path, on partitions that mkfs.vfat has made and in directories."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import esp as partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.esp import MountedEsp, RawEsp
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import FALLBACK, NEXT
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, which
from ansible_collections.hygeia.golden.plugins.module_utils.portability import fallback
from ansible_collections.hygeia.golden.plugins.module_utils.portability.fallback import GRUB, KEY_MANAGER, KEY_MANAGERS, SHIM, UNSIGNED
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.tests.unit.plugins.module_utils.image.disk import test_starting as programs

MIB = 1 << 20
PLAIN = programs.program()
SIGNED = {SHIM: programs.SHIM, GRUB: programs.GRUB, KEY_MANAGERS[0]: b"MZ keys"}
SYSTEM = {
    "/etc/os-release": b"ID=debian\n",
    "/etc/fstab": b"UUID=4ea3164e-74e5-49be-8905-294900b8b5f2 / ext4 defaults 0 1\n",
    "/boot/grub/grub.cfg": b"menuentry 'Debian' {\n\tlinux\t/boot/vmlinuz-6.1 root=UUID=4ea3164e ro\n}\n",
}
MENU = b"search.fs_uuid 4ea3164e-74e5-49be-8905-294900b8b5f2 root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"


def put(root, files):
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@pytest.fixture(params=["raw", "mounted"])
def system(request, tmp_path):
    """A system with these files, whose EFI system partition has those."""

    def make(files, on_partition=()):
        root = tmp_path / "root"
        put(root, {**SYSTEM, **dict(files)})
        esp = raw(tmp_path) if request.param == "raw" else mounted(root)
        esp.write(dict(on_partition))
        return Host(str(root)), esp

    return make


def raw(place):
    if not which("mkfs.vfat") or not which("mcopy"):
        pytest.skip("dosfstools and mtools are not installed on this machine")
    part, disk = place / "part", place / "disk"
    with open(part, "wb") as stream:
        stream.truncate(4 * MIB)
    subprocess.run([which("mkfs.vfat"), part], check=True, stdout=subprocess.DEVNULL)
    disk.write_bytes(bytes(MIB) + part.read_bytes() + bytes(MIB))
    return RawEsp(Window(str(disk), MIB, 4 * MIB))


def mounted(root):
    (root / "boot/efi/EFI").mkdir(parents=True)
    found = partitions.mounted(Host(str(root)))
    assert isinstance(found, MountedEsp)
    return found


def fill(system, secure=False):
    """What was written, and what the fallback path has then."""
    host, esp = system
    files, source = fallback.missing(host, esp, secure)
    fallback.write(esp, files)
    assert fallback.missing(host, esp, secure) == ({}, "")
    return files, source, esp


def test_the_packages_signed_programs_are_put_there_with_where_the_menu_is(system):
    files, source, esp = fill(system(SIGNED))
    assert source == SHIM and sorted(files) == sorted([FALLBACK, NEXT, KEY_MANAGER, "/EFI/debian/grub.cfg"])
    assert (esp.read(FALLBACK), esp.read(NEXT)) == (programs.SHIM, programs.GRUB)
    assert esp.read("/EFI/debian/grub.cfg") == MENU


def test_a_separate_boot_has_its_menu_elsewhere(system):
    files = {
        "/etc/fstab": b"UUID=11 / ext4 defaults 0 1\nUUID=22 /boot ext4 defaults 0 2\n",
        "/boot/grub/grub.cfg": b"\tlinux\t/vmlinuz-6.1 root=UUID=11 ro\n",
    }
    unused_files, unused_source, esp = fill(system({**SIGNED, **files}))
    assert esp.read("/EFI/debian/grub.cfg") == b"search.fs_uuid 22 root\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n"


def test_what_the_system_itself_installed_is_copied(system):
    own = {"/EFI/debian/shimx64.efi": programs.SHIM, "/EFI/debian/grubx64.efi": programs.GRUB, "/EFI/debian/grub.cfg": b"its own\n"}
    files, source, esp = fill(system(SIGNED, own))
    assert source == "/EFI/DEBIAN" and esp.read("/EFI/debian/grub.cfg") == b"its own\n"
    assert sorted(files) == sorted([FALLBACK, NEXT, KEY_MANAGER])


@pytest.mark.parametrize(
    "files,on_partition,source", [({}, {"/EFI/debian/grubx64.efi": PLAIN}, "/EFI/DEBIAN"), ({UNSIGNED: PLAIN}, {}, UNSIGNED)]
)
def test_what_is_not_signed_will_do_where_nobody_asks_for_it(system, files, on_partition, source):
    there = system(files, on_partition)
    assert fill(there)[1] == source and there[1].read(FALLBACK) == PLAIN
    with pytest.raises(fallback.Impossible, match="has a signed boot loader: install shim-signed and grub-efi-amd64-signed"):
        fallback.missing(*there, True)


def test_one_that_is_there_stays_unless_it_must_be_signed(system):
    there = system(SIGNED, {FALLBACK: PLAIN})
    assert fallback.missing(*there, False) == ({}, "")
    files, source, esp = fill(there, secure=True)
    assert source == SHIM and FALLBACK in files and esp.read(FALLBACK) == programs.SHIM


def test_a_menu_that_nobody_finds_is_no_boot_loader(system):
    there = system({**SIGNED, "/etc/fstab": b"/dev/sda1 / ext4 defaults 0 1\n"})
    with pytest.raises(fallback.Impossible, match="not known by its UUID"):
        fallback.missing(*there, False)


def test_what_cannot_all_be_written_is_as_it_was_before(system):
    host, esp = system(SIGNED, {FALLBACK: PLAIN})
    files, unused_source = fallback.missing(host, esp, True)
    torn = Torn(esp)
    with pytest.raises(OSError, match="No space left"):
        fallback.write(torn, files)
    assert esp.read(FALLBACK) == PLAIN
    assert [path for path in files if path != FALLBACK and esp.read(path) is not None] == []


class Torn:
    """A partition that is full after the second file."""

    def __init__(self, esp):
        self._esp = esp
        self.read, self.names, self.remove = esp.read, esp.names, esp.remove

    def write(self, files):
        for number, (path, content) in enumerate(files.items()):
            if number == 2:
                raise OSError("No space left on device")
            self._esp.write({path: content})


def test_a_partition_that_is_too_small_says_so(tmp_path):
    esp = raw(tmp_path)
    with pytest.raises(ImageError, match="the EFI system partition cannot be written"):
        esp.write({FALLBACK: bytes(8 * MIB)})
