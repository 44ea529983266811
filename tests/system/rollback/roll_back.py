# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One call of the module image_rollback without Ansible around it, which can be killed before any change to the directory.

With KILL_AT in the environment it kills itself before the change of that number; it prints how many there were else.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.modules.image_rollback import act

CHANGES = ("os.rename", "os.remove", "os.symlink")


class Killer:
    """Counts what changes names or opens files to write in a directory (audit events of Python)."""

    def __init__(self, directory, at):
        self.directory = directory
        self.at = at
        self.count = 0

    def __call__(self, event, arguments):
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in CHANGES or writes) and any(self.directory in str(argument) for argument in arguments):
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    params = json.loads(sys.argv[1])
    killer = Killer(params["dest"], int(os.environ.get("KILL_AT", "0")))
    sys.addaudithook(killer)
    try:
        print(json.dumps({**act(params, False), "changes": killer.count}))
    except ImageError as problem:
        print(json.dumps({"msg": str(problem)}))
