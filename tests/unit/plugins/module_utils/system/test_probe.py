# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import Probe, Rejected


class WithoutServer(Host):
    """A system that has the programs of an SSH client alone."""

    def run(self, argv, stdin=None, timeout=300, pass_fds=()):
        return CommandResult(0, "", "") if argv[0] == "ssh-keygen" else CommandResult(127, "", f"{argv[0]} is not installed")


def test_a_server_that_is_not_there_is_named(tmp_path):
    for directory in ("run", "tmp", "dev/shm"):
        (tmp_path / directory).mkdir(parents=True)
    with Probe(WithoutServer(str(tmp_path))) as probe, pytest.raises(Rejected, match="^sshd is not installed$"):
        probe.effective()
