# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Python of a hostile system: it runs what Ansible sends and adds to each answer what lies in lies.json beside it."""

import json
import os
import subprocess
import sys

ran = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, check=False)
try:
    answer = json.loads(ran.stdout)
except ValueError:
    sys.stdout.buffer.write(ran.stdout)
    sys.exit(ran.returncode)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lies.json"), encoding="utf-8") as stream:
    lies = json.load(stream)
said = lies.pop("said", "")


def extended(value):
    """The same value with what the attacker says in every sentence and place of it."""
    if isinstance(value, dict):
        return {
            name: item + said if name in ("message", "read_from") and item is not None else extended(item) for name, item in value.items()
        }
    return [extended(item) for item in value] if isinstance(value, list) else value


if "stat" in answer:
    answer["stat"]["exists"] = True
print(json.dumps({**extended(answer), **lies, "warnings": [*answer.get("warnings", ()), *lies.get("warnings", ())]}))
print(said)
