# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is moved into a session's control groups: the command, and nobody else whatever happens meanwhile."""

from __future__ import annotations

import os
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import counting


def _group(place):
    place.mkdir()
    (place / "cgroup.procs").touch()
    return str(place)


def test_the_command_itself_is_moved(tmp_path):
    mover = counting.begin([str(tmp_path / "gone"), _group(tmp_path / "group")])
    counting.end(mover)
    assert (tmp_path / "group/cgroup.procs").read_text() == str(os.getpid())


def test_once_the_command_has_ended_nobody_is_moved_in_its_place(tmp_path):
    """Whoever takes over the children of processes that have ended, such as the first process of the build host, is none of it."""
    commands = {}
    for number in range(30):
        group = _group(tmp_path / str(number))
        command = os.fork()
        if command == 0:
            counting.begin([group])
            os._exit(0)
        commands[group] = command
        os.waitpid(command, 0)
    time.sleep(0.5)
    for group, command in commands.items():
        with open(os.path.join(group, "cgroup.procs"), encoding="ascii") as stream:
            assert stream.read() in ("", str(command))
