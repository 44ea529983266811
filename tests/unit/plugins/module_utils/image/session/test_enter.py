# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


def test_a_sandbox_that_ended_at_once_is_reported(tmp_path, monkeypatch):
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr(fuse_export, "start", lambda *unused_arguments: Process.of(os.getpid()))
    monkeypatch.setattr(partitions, "read_all", lambda *unused_arguments: [])
    monkeypatch.setattr(partitions, "candidates", lambda *unused_arguments: [])
    monkeypatch.setattr(enter, "_start_supervisor", lambda *unused_arguments: {"pid": gone.pid, "namespaces": {}})
    session = SessionState(str(tmp_path / "web"))
    with session.created(None, [str(tmp_path / "overlay")]):
        with pytest.raises(ImageError, match="web.qcow2 cannot be entered: the sandbox ended without a word"):
            enter.enter(session, ["web.qcow2"])
