# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Boot a template on every machine of the boot matrix, and compare what happens with what portability_info predicts.

    python tests/bench/matrix.py TEMPLATE [MACHINE ...]

It needs root, and takes as long as that many boots. It ends with an error where a prediction was wrong.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.hardware import NotEmulated
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX
from ansible_collections.hygeia.golden.plugins.modules import portability_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue


def main(template, machines):
    with tempfile.TemporaryDirectory(prefix="matrix-", dir=os.environ.get("TMPDIR", "/var/tmp")) as place:
        directory = os.path.join(place, "matrix")
        Session(directory).open(os.path.abspath(template))
        try:
            predicted = predictions(directory)
            Session(directory).close()
            wrong = [name for name in machines if not boots_as_predicted(directory, predicted[name])]
        finally:
            Session(directory).discard()
    return f"wrong about {', '.join(wrong)}" if wrong else 0


def predictions(directory):
    catalogue = Catalogue()
    began = time.monotonic()
    params = {
        "platforms": list(catalogue.platforms.values()),
        "agents": list(catalogue.agents.values()),
        "session": directory,
        "root": None,
        "stage": None,
    }
    found = portability_info.found(params)
    print(f"portability_info: {len(found['results'])} results in {time.monotonic() - began:.1f} s")
    return {machine["name"]: machine for machine in found["hardware"]}


def boots_as_predicted(directory, predicted):
    name = predicted["name"]
    began = time.monotonic()
    request = boot_check.BootRequest(boot_limit=600, settle_limit=1, shutdown_limit=0, hardware=name)
    try:
        boot_check.start(Session(directory), request)
        boots, outcome = True, "login"
    except NotEmulated as problem:
        boots, outcome = None, str(problem)
    except boot_check.BootError as problem:
        boots, outcome = False, str(problem)
    finally:
        boot_check.stop(Session(directory), request)
    right = None in (boots, predicted["starts"]) or boots == predicted["starts"]
    print(
        f"{name}: {'as' if right else 'NOT as'} predicted, {outcome} after {time.monotonic() - began:.0f} s; {predicted['why']}", flush=True
    )
    return right


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] or list(MATRIX)))
