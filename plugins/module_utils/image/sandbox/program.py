# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox as one program (see archive.py), in the three ways in which it is started."""

from __future__ import annotations

import base64
import json
import os
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image import archive
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import (
    arguments,
    command,
    confine,
    counting,
    devices,
    filesystems,
    fstab_sources,
    furniture,
    join,
    kernel,
    loops,
    mapper,
    namespaces,
    nodes,
    once,
    own_python,
    owners,
    proxy,
    session,
    settings,
    syscalls,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING
from ansible_collections.hygeia.golden.plugins.module_utils.system import covered, fstab

if TYPE_CHECKING:
    from typing import Any

_PARTS = (
    arguments,
    command,
    confine,
    counting,
    covered,
    devices,
    filesystems,
    fstab_sources,
    fstab,
    furniture,
    join,
    kernel,
    loops,
    mapper,
    namespaces,
    nodes,
    once,
    own_python,
    owners,
    proxy,
    session,
    settings,
    syscalls,
)
_PACKAGE = settings.__name__.rpartition(".")[0]
# Run without the environment of whoever calls it, and without anything that this machine adds to Python. What it has to know stands
# in it, since to read it from elsewhere would take longer.
_ENTER = """\
import os, sys
from {package} import counting
state = {state}
mover = counting.begin(state["groups"])
from {package} import join
os._exit(join.main(state, sys.argv[1:], mover))
"""
# The archive lies in memory alone, and has a path all the same.
_ONCE = """\
import base64, json, os, sys
memory = os.memfd_create("sandbox")
os.write(memory, base64.b64decode("{archive}"))
sys.path.insert(0, f"/proc/self/fd/{{memory}}")
from {package} import once
sys.exit(once.main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:]))
"""


def python() -> str:
    """The build host's Python, and not that of an environment for one program."""
    return os.path.realpath(sys.executable)


def enter(state: dict[str, Any]) -> bytes:
    """The file ``enter`` of an opened session, as bytes: an archive that can be called. ``state`` is what join.py wants to know."""
    return f"#!/usr/bin/env -S -i {python()} -IS\n".encode() + archive.archive(_PARTS, _ENTER.format(package=_PACKAGE, state=ascii(state)))


def session_program() -> bytes:
    """The archive that is a session's first process; its argument is the plan as JSON."""
    return archive.program(session, _PARTS)


def once_command(python_path: str, root: str, isolation: str, network: dict[str, Any]) -> list[str]:
    """The command line that runs, in the system under a root, the command whose words come after it.

    ``network`` says where a command with ``--network`` may go: ``{"hosts": [...], "proxy": ""}``.
    """
    code = _ONCE.format(archive=base64.b64encode(archive.archive(_PARTS, sources=True)).decode(), package=_PACKAGE)
    return ["env", "-i", python_path, "-I", "-S", "-c", code, root, isolation, json.dumps(network)]
