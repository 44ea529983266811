# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A build host for the tests of sessions, on which nothing is mounted."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export, inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.inspection import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter, life_cycle, locks, residue
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

ENTERED = {
    "root": {"number": 1},
    "isolation_reason": "",
    "mounts": ["/"],
    "places": {"/": "partition 1"},
    "not_mounted": [],
    "os": {"ID": "debian"},
    "python": True,
}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A build host on which nothing is mounted and every program succeeds."""
    source = tmp_path / "template.qcow2"
    source.write_text("the template")

    def entered(session, names, partition=None):
        with open(session.path("used"), "w", encoding="utf-8"), open(session.path("ended.json"), "w", encoding="utf-8") as stream:
            stream.write('{"clean": true, "why": "asked to end"}')
        return ENTERED

    def flatten(self, overlay, compress, limit, disk=1):
        os.makedirs(self.directory, exist_ok=True)
        with open(self.partial_of(names.key(names.QCOW2, disk)), "w", encoding="utf-8") as stream:
            stream.write(f"the image of disk {disk}" if disk > 1 else "the image")

    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))
    monkeypatch.setattr(life_cycle, "require_tools", lambda: None)
    monkeypatch.setattr(life_cycle, "run", lambda argv, limit=60: CommandResult(0, "", ""))
    monkeypatch.setattr(life_cycle, "owner", lambda: None)
    monkeypatch.setattr(enter, "enter", entered)
    monkeypatch.setattr(residue, "clean", lambda session: {"found": []})
    monkeypatch.setattr(
        inspection, "inspect_all", lambda path: [Disk(str(path), "qcow2", 1 << 20, 12, 0, (str(path),), fuse_export.qcow2(str(path)))]
    )
    monkeypatch.setattr(Target, "flatten", flatten)
    monkeypatch.setattr(Target, "require_space", lambda self, overlays: None)
    return tmp_path


@pytest.fixture
def web(host):
    """The session of the host's template, looked at afresh each time, as each call of the module does."""
    return lambda: Session(str(host / "work/web"))


@pytest.fixture
def source(host):
    return str(host / "template.qcow2")
