# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One call of the module image_session without Ansible around it, so that it can be killed at any moment.

With KILL_AT in the environment it kills itself as soon as the journal shows that step.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.journal import Journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.modules.image_session import act

DEFAULTS = {
    "source": None, "partition": None, "name": None, "user": None, "keep": 3, "compress": False,
    "teardown_timeout": 10, "promote_timeout": 60, "lifetime": 600, "lease": 600, "check": False,
}

record = Journal.record


def killed_at(step):
    def record_and_die(journal, **entries):
        record(journal, **entries)
        if entries.get("step") == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return record_and_die


if __name__ == "__main__":
    if "KILL_AT" in os.environ:
        Journal.record = killed_at(os.environ["KILL_AT"])
    params = {**DEFAULTS, **json.loads(sys.argv[1])}
    try:
        print(json.dumps(act(params, params["check"])))
    except ImageError as problem:
        print(json.dumps({"msg": str(problem)}))
