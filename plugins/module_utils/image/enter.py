# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The script ENTER in a session's folder: runs one command in the system that the session stands for.

``SESSION/enter [--network] COMMAND...`` passes standard input, output and the
exit code through. What it does depends on the session's state, so it is written
anew whenever that changes; whoever calls it needs to know nothing else.
"""

from __future__ import annotations

import os
import shlex

from ansible_collections.hygeia.golden.plugins.module_utils.image import journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.worker import ENVIRONMENT, MARK, WITHOUT

NAME = "enter"

_OPEN = """#!/bin/sh
# Runs a command in the opened template; without --network it has no network.
umask 022
network=--net
if [ "$1" = --network ]; then network=; shift; fi
started() {{ if [ "$1" != Z ]; then start=${{20}}; fi; }}
if read -r stat 2>/dev/null </proc/{pid}/stat; then set -f; started ${{stat##*) }}; set +f; fi
if [ "$start" != {start} ]; then
  echo {gone} >&2
  exit 125
fi
: >{used}
exec setpriv --bounding-set={without} env -i {environment} \\
  nsenter --target {pid} --mount --uts --ipc --pid $network -- "$@"
"""

_CLOSED = """#!/bin/sh
echo {sentence} >&2
exit 125
"""


def write_open(folder, worker):
    """Commands run in the worker's namespaces."""
    gone = f"{MARK}the session {os.path.basename(folder)} is not open any more: its worker ended, open the template again"
    write(folder, _OPEN.format(
        pid=worker.pid, start=worker.start, gone=shlex.quote(gone), used=shlex.quote(os.path.join(folder, "used")), without=WITHOUT,
        environment=" ".join(f"{name}={shlex.quote(value)}" for name, value in ENVIRONMENT.items()),
    ))


def write_closed(folder):
    """Commands are refused with one sentence."""
    sentence = f"{MARK}the session {os.path.basename(folder)} is closed: nothing can run in it until it is promoted or discarded"
    write(folder, _CLOSED.format(sentence=shlex.quote(sentence)))


def write(folder, script):
    """Put a script in place in one step."""
    path = os.path.join(folder, NAME)
    journal.replace(path, script, 0o700)
    return path
