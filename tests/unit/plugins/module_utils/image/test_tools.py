# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import sys
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import tools
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, require_tools, run, sized


@pytest.fixture
def build_host(monkeypatch):
    """A build host that lacks some programs."""

    def make(missing=(), root=True, devices=True):
        monkeypatch.setattr(tools.os, "geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr(tools, "which", lambda name: None if name in missing else f"/usr/bin/{name}")
        monkeypatch.setattr(tools.os.path, "exists", lambda path: devices)

    return make


@pytest.mark.parametrize(
    "missing,sentence",
    [
        (["sfdisk"], "the build host lacks sfdisk: install the Debian package fdisk"),
        (
            ["qemu-img", "sfdisk", "qemu-storage-daemon"],
            "the build host lacks qemu-img, qemu-storage-daemon and sfdisk: install the Debian packages fdisk, qemu-system-common and qemu-utils",
        ),
    ],
)
def test_everything_that_is_missing_is_named_at_once(build_host, missing, sentence):
    build_host(missing)
    with pytest.raises(ImageError) as problem:
        require_tools()
    assert str(problem.value) == sentence


def test_root_and_devices_are_needed(build_host):
    build_host(root=False)
    with pytest.raises(ImageError, match="needs root on the build host: set become"):
        require_tools()
    build_host(devices=False)
    with pytest.raises(ImageError, match="the build host has no /dev/fuse: load the kernel module with 'modprobe fuse'"):
        require_tools()
    build_host()
    require_tools()


def test_a_program_that_does_not_end_is_left_behind():
    start = time.monotonic()
    ran = run([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.2)
    assert ran.code == 124 and "did not end within 0.2 s" in ran.err
    assert time.monotonic() - start < 10


def test_a_program_that_is_missing():
    assert run(["no-such-program"]).err == "no-such-program is not installed"


@pytest.mark.parametrize(
    "count,text", [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1 << 20, "1.0 MiB"), (3 << 29, "1.5 GiB"), (1 << 50, "1024.0 TiB")]
)
def test_sizes_as_people_say_them(count, text):
    assert sized(count) == text
