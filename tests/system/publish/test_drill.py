# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A guest is restored from what was published to a real libvirtd, seen from outside with virsh; before other tests use that one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.tests.system.publish.servers.environment import PYTHON

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_a_guest_is_restored_from_the_image_and_from_a_backup(hypervisor, radiology, promoted, play, tmp_path):
    path, _digest = promoted.promote("1")
    backup = tmp_path / path.name
    backup.write_bytes(path.read_bytes())
    start = [os.path.join(os.path.dirname(sys.executable), "ansible")]
    options = {"publish_restore_target": "radiology", "publish_restore_network": "", "publish_restore_timeout": 240}
    well, output = play("restore", [radiology], publish_restore_image=str(backup), publish_restore_time="10m", **options)
    records = promoted.records()
    assert well, output
    assert [records[f"restored-{step}-radiology"]["status"] for step in ("image", "start", "time")] == ["pass"] * 3
    assert hypervisor.virsh("domstate", "web-restored").strip() == "running"
    hypervisor.virsh("destroy", "web-restored")

    # A guest that never says what is waited for holds nobody up.
    asked = f"uri={hypervisor.uri} name=web-restored text=never timeout=2"
    command = [
        *start,
        "localhost",
        "-c",
        "local",
        "-e",
        f"ansible_python_interpreter={PYTHON}",
        "-m",
        "hygeia.golden.libvirt_start",
        "-a",
        asked,
    ]
    silent = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert silent.returncode and "did not write 'never' to its serial console in 2 seconds" in silent.stdout
    hypervisor.virsh("destroy", "web-restored")
    hypervisor.virsh("undefine", "web-restored")

    # A drill leaves nothing, and one that took too long is a failure.
    assert play("publish", [radiology])[0]
    hypervisor.virsh("vol-delete", "web-restored-disk1.qcow2", hypervisor.pool)
    well, output = play("restore", [radiology], publish_restore_time="1s", publish_restore_drill=True, **options)
    records = promoted.records()
    assert not well and [records[f"restored-{step}-radiology"]["status"] for step in ("image", "start", "time")] == [
        "pass",
        "pass",
        "fail",
    ], output
    assert hypervisor.volumes() == [path.name] and "web-restored" not in hypervisor.virsh("list", "--all", "--name")
