# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boot loader at the fallback path of an EFI system partition, where a machine without boot entries looks (UEFI 3.5.1.1).

It is what ``grub-install --removable`` puts there, and what Debian's packages put there too when debconf says so
(grub2/force_efi_extra_removable). That program wants a mounted partition and the machine's firmware; here files are copied, of the
packages of the system or of the directory that its own boot loader has on the partition.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.esp import Esp
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fat import LARGEST
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import FALLBACK, NEXT, chain_signed
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu, fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

SHIM = "/usr/lib/shim/shimx64.efi.signed"
GRUB = "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
# With all modules that it needs, and a prefix on the partition.
UNSIGNED = "/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi"
KEY_MANAGERS = ("/usr/lib/shim/mmx64.efi.signed", "/usr/lib/shim/mmx64.efi")
KEY_MANAGER = "/EFI/BOOT/MMX64.EFI"
_PACKAGES = "install shim-signed and grub-efi-amd64-signed"
_MENU = "search.fs_uuid {uuid} root\nset prefix=($root)'{directory}'\nconfigfile $prefix/grub.cfg\n"


class Impossible(Exception):
    """Why nothing can be put there, and what to do, in one sentence."""


@dataclass(frozen=True)
class _Loader:
    """Programs that start a system; ``origin`` is where they come from."""

    origin: str
    first: bytes
    second: bytes = b""

    @property
    def signed(self) -> bool:
        return chain_signed(self.first, self.second)


def missing(host: Host, esp: Esp, secure: bool) -> tuple[dict[str, bytes], str]:
    """The files that must be written for a disk to start by itself, with where they come from; none where it does already.

    ``secure`` asks for a chain that firmware with Secure Boot starts.
    """
    there = _Loader(FALLBACK, esp.read(FALLBACK) or b"", esp.read(NEXT) or b"")
    if there.first and (there.signed or not secure):
        return {}, ""
    loader = next((each for each in _loaders(host, esp) if each.signed or not secure), None)
    if loader is None:
        what = "a signed boot loader" if secure else "a boot loader for UEFI"
        raise Impossible(f"neither the system nor its EFI system partition has {what}: {_PACKAGES}, or waive this")
    files = {FALLBACK: loader.first, **({NEXT: loader.second} if loader.second else {})}
    manager = next(filter(None, (_file(host, path) for path in KEY_MANAGERS)), b"")
    if loader.second and manager:
        files[KEY_MANAGER] = manager
    if loader.origin.startswith("/usr"):
        files.update(_menu(host, esp))
    return {path: content for path, content in files.items() if esp.read(path) != content}, loader.origin


def _loaders(host: Host, esp: Esp) -> Iterator[_Loader]:
    """In the order of choice: what the partition has of the system's own, then what the packages have; signed ones first."""
    own = [name for name in esp.names("/EFI") if name not in (".", "..", "BOOT")]
    for name in own:
        first, second = esp.read(f"/EFI/{name}/SHIMX64.EFI"), esp.read(f"/EFI/{name}/GRUBX64.EFI")
        if first and second:
            yield _Loader(f"/EFI/{name}", first, second)
    shim, grub = _file(host, SHIM), _file(host, GRUB)
    if shim and grub:
        yield _Loader(SHIM, shim, grub)
    for name in own:
        only = esp.read(f"/EFI/{name}/GRUBX64.EFI")
        if only:
            yield _Loader(f"/EFI/{name}", only)
    unsigned = _file(host, UNSIGNED)
    if unsigned:
        yield _Loader(UNSIGNED, unsigned)


def _file(host: Host, path: str) -> bytes:
    """A program of a system; nothing where there is none."""
    return host.read_bytes(path, LARGEST) or b""


def _menu(host: Host, esp: Esp) -> dict[str, bytes]:
    """What GRUB of a package reads first: where the system has its menu. One that is there is the system's own."""
    path = f"/EFI/{host.os_release.get('ID', 'debian')}/grub.cfg"
    if esp.read(path):
        return {}
    starts = boot_menu.starts(host)
    entries = fstab.of(host)
    entry = fstab.at(entries, "/boot") or fstab.at(entries, "/")
    key, unused_equals, uuid = entry.source.partition("=") if entry else ("", "", "")
    if not starts or key != "UUID":
        raise Impossible("the filesystem with the boot menu is not known by its UUID: name it so in /etc/fstab and run update-grub")
    directory = f"{os.path.dirname(starts[0].kernel).rstrip('/')}/grub"
    return {path: _MENU.format(uuid=uuid, directory=directory).encode()}


def write(esp: Esp, files: Mapping[str, bytes]) -> None:
    """All of the files, or the former ones."""
    before = {path: esp.read(path) for path in files}
    try:
        esp.write(files)
        lost = [path for path, content in files.items() if esp.read(path) != content]
        if lost:
            raise Impossible(f"{lost[0]} does not hold what was written there: the partition is full or damaged")
    except Exception:
        for path, content in before.items():
            esp.remove(path)
            esp.write({path: content} if content is not None else {})
        raise
