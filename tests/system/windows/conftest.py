# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One NTFS volume for all tests of reading, and one disk with a Windows on it."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.windows import disks, making, systems


@pytest.fixture(scope="session")
def content():
    """What lies on the volume: a directory with many names, files that are compressed or have holes, and streams."""
    text = "".join(f"line {number} of a file that repeats itself\r\n" for number in range(4000)).encode()
    return {
        **{f"Windows\\System32\\file number {number}.dll": str(number).encode() for number in range(1500)},
        "packed\\text": text,
        "packed\\noise": bytes(number * number * 7919 >> 5 & 255 for number in range(70_000)),
        "packed\\text:a stream": b"of a compressed file",
        "Users\\Jörg\\Übergröe.txt": "Grüße".encode(),
        "Users\\Jörg\\Übergröe.txt:Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3\r\n",
        "empty": b"",
    }


@pytest.fixture(scope="session")
def volume(tmp_path_factory, content):
    path = disks.volume(tmp_path_factory.mktemp("ntfs") / "volume")
    with disks.mounted(path) as root:
        disks.compress(root / "packed")
        disks.fill(root, content)
        with open(root / "holes", "wb") as stream:
            stream.seek(3 << 20)
            stream.write(b"the end")
    return path


@pytest.fixture(scope="session")
def controls():
    """The controls of the collection for Windows."""
    return [control for control in Catalogue().controls.values() if set(control["settings"]) & set(WINDOWS_KINDS)]


@pytest.fixture(scope="session")
def hardened(controls):
    """A system that has what every control asks for."""
    system = systems.System()
    for control in controls:
        for kind, settings in control["settings"].items():
            for name, wanted in settings.items():
                making.set_right(system, kind, name, wanted)
    return system
