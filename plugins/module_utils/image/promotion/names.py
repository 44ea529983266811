# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the files of an image are called.

NAME-VERSION-DIGEST.qcow2 is the image. Its other files have the same name but for the end: ``.vmdk`` is the same disk in another
format, ``-disk2.qcow2`` the second disk of the system. Their pointers have the same ends, as NAME.vmdk and NAME-disk2.qcow2. In a
journal, in the history and in a manifest a file has a key: ``vmdk``, ``disk2.qcow2``, ``disk2.vmdk``.
"""

from __future__ import annotations

import re

QCOW2 = "qcow2"
VERSION = r"[\w.+~]+"  # without a hyphen, so that a name never looks like the start of another
# What a file in each format ends in.
SUFFIXES = {QCOW2: ".qcow2", "raw": ".raw", "vmdk": ".vmdk", "ova": ".ova", "vhd": ".vhd", "vhdx": ".vhdx", "gcp": ".tar.gz"}
# What holds all disks in one file.
WHOLE = ("ova",)
_DISK = r"disk([2-9]|1[0-9])"
_KEY = re.compile(rf"(?:{_DISK}\.)?({'|'.join(SUFFIXES)})")
_END = re.compile(rf"(?:-{_DISK})?({'|'.join(map(re.escape, SUFFIXES.values()))})")
_OF_A_DISK = re.compile(rf".*-{_DISK}")
_FORMATS = {suffix: form for form, suffix in SUFFIXES.items()}


def key(form: str, disk: int = 1) -> str:
    """The key of a disk's file in a format."""
    return form if disk == 1 else f"disk{disk}.{form}"


def is_key(text: str) -> bool:
    return bool(_KEY.fullmatch(text))


def disk_of(of_file: str) -> int:
    """The number of the disk that a key means."""
    found = _KEY.fullmatch(of_file)
    return int(found[1] or 1) if found else 1


def form_of(of_file: str) -> str:
    """The format that a key means."""
    return of_file.rpartition(".")[2]


def end(of_file: str) -> str:
    """What the name of a file, or of a pointer, ends in."""
    disk = disk_of(of_file)
    return (f"-disk{disk}" if disk > 1 else "") + SUFFIXES[form_of(of_file)]


def key_of(text: str) -> str | None:
    """The key of a file whose name has this end, or None."""
    found = _END.fullmatch(text)
    return key(_FORMATS[found[2]], int(found[1] or 1)) if found else None


def named(image: str, file: str) -> tuple[str, str, str] | None:
    """The version, the short digest and the key of a file of an image with this name, or None."""
    found = re.fullmatch(rf"{re.escape(image)}-({VERSION})-([0-9a-f]{{12}})([-.].*)", file, re.A)
    of_file = key_of(found[3]) if found else None
    return (found[1], found[2], of_file) if found and of_file else None


def keys(formats: list[str], disks: int) -> list[str]:
    """The keys of all files that an image of so many disks has in these formats, but for the image itself."""
    found = list(formats)
    for disk in range(2, disks + 1):
        found += [key(form, disk) for form in formats if form not in WHOLE]
        found.append(key(QCOW2, disk))
    return found


def of_a_disk(name: str) -> bool:
    """Does the name of an image look like that of the second disk of another one?"""
    return bool(_OF_A_DISK.fullmatch(name))
