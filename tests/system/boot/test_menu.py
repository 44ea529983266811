# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new kernel makes update-grub run in the opened template, which has to find the root there as it will be found at boot."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from bootlab import build

_LINUX = re.compile(r"^\s*linux\s+(\S+)\s+root=(\S+)", re.M)


@pytest.mark.parametrize("filesystem", ["ext4", "xfs", "btrfs"])
def test_update_grub_keeps_every_kernel_and_its_root(tmp_path, filesystem):
    session = Session(str(tmp_path / "sessions/web"))
    session.open(str(build(tmp_path / "template.qcow2", "--filesystem", filesystem)))
    try:

        def menu():
            return subprocess.run(
                [f"{session.directory}/enter", "cat", "/boot/grub/grub.cfg"], capture_output=True, text=True, check=True
            ).stdout

        before = _LINUX.findall(menu())
        subprocess.run([f"{session.directory}/enter", "update-grub"], check=True)
        after = _LINUX.findall(menu())
    finally:
        session.discard()
    assert before
    assert after == before
    assert all(root.startswith("UUID=") for unused_kernel, root in after)
