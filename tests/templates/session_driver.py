# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One call of the module image_session without Ansible around it, so that it can be killed at any moment.

With KILL_AT in the environment it kills itself as soon as the journal shows that step; with ``STEP, daemon`` when the storage
daemon of that step runs and the journal does not know yet, with ``STEP, mounted`` while a filesystem is mounted in it.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import secrets
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.journal import Journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.modules.image_session import act

DEFAULTS = {
    "source": None,
    "disks": [],
    "partition": None,
    "luks_key": None,
    "luks_key_file": None,
    "name": None,
    "user": None,
    "keep": 3,
    "compress": False,
    "formats": [],
    "teardown_timeout": 10,
    "promote_timeout": 60,
    "lifetime": 600,
    "lease": 600,
    "run": None,
    "busy": "fail",
    "busy_timeout": 30,
    "check": False,
    "isolation": "strong",
    "package_hosts": [],
    "package_proxy": "",
}

record, of_tree = Journal.record, secrets.of_tree


def kill_at(moment):
    step, unused_comma, what = moment.partition(", ")
    shown = [""]

    def die_at(now):
        if shown[0] == step and now == what:
            os.kill(os.getpid(), signal.SIGKILL)

    def record_and_die(journal, **entries):
        if entries.get("daemon"):
            die_at("daemon")
        record(journal, **entries)
        shown[0] = journal.get("step")
        if "step" in entries:
            die_at("")

    def die_or_look(directory):
        die_at("mounted")
        return of_tree(directory)

    Journal.record, secrets.of_tree = record_and_die, die_or_look


if __name__ == "__main__":
    if "KILL_AT" in os.environ:
        kill_at(os.environ["KILL_AT"])
    params = {**DEFAULTS, **json.loads(sys.argv[1])}
    try:
        print(json.dumps(act(params, params["check"])))
    except ImageError as problem:
        print(json.dumps({"msg": str(problem)}))
