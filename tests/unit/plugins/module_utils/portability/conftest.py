# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trees of systems, with kernels that have the drivers that a test says."""

from __future__ import annotations

import gzip

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

RELEASE = "6.1.0-9-amd64"


def newc(names):
    """An archive in the format newc of files without content."""
    data = b""
    for name in [*names, "TRAILER!!!"]:
        path = name.encode() + b"\0"
        data += b"070701" + b"%08x" % 0 * 11 + b"%08x" % len(path) + b"0" * 8 + path + bytes(-(110 + len(path)) % 4)
    return data


@pytest.fixture
def tree(tmp_path):
    def make(files=(), **kernels):
        for path, text in dict(files).items():
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for release, drivers in kernels.get("kernels", {}).items():
            kernel(tmp_path, release, **drivers)
        return Host(str(tmp_path))

    return make


def kernel(root, release, early=(), loadable=(), builtin=(), needs=None):
    """A kernel whose modules are files below kernel/, of which early ones are in its initramfs too."""
    needs, modules = needs or {}, root / f"lib/modules/{release}"
    (root / "boot").mkdir(exist_ok=True)
    modules.mkdir(parents=True)
    (root / f"boot/vmlinuz-{release}").touch()
    path = "kernel/drivers/{}.ko".format
    lines = [f"{path(name)}: {' '.join(map(path, needs.get(name, ())))}\n" for name in {*(early or ()), *loadable}]
    (modules / "modules.dep").write_text("".join(lines), encoding="utf-8")
    (modules / "modules.builtin").write_text("".join(f"{path(name)}\n" for name in builtin), encoding="utf-8")
    if early is not None:
        names = [f"usr/lib/modules/{release}/{path(name)}" for name in early]
        (root / f"boot/initrd.img-{release}").write_bytes(gzip.compress(newc(["init", *names])))
