# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Applying controls while a system shuts down, when nobody is logged in any more and nothing writes logs.

A unit of systemd does it in its ExecStop. It runs this file, from a copy of the archive that Ansible ran the module from. All of
it lies in /run, which is not on the disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import FAILED, OFFLINE, enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

NAME = "hygeia-seal"
UNIT = f"/run/systemd/system/{NAME}.service"
DIRECTORY = f"/run/{NAME}"
CODE = f"{DIRECTORY}/code.zip"
PLAN = f"{DIRECTORY}/plan.json"

# What stops late in a shutdown and writes to the disk when it stops: units without systemd's default dependencies, which do not
# count as stopped when sysinit.target is.
_LATE = (
    "auditd.service",
    "cloud-init-local.service",
    "dm-event.service",
    "iscsid.service",
    "open-iscsi.service",
    "systemd-hwdb-update.service",
    "systemd-journal-flush.service",
    "systemd-networkd.service",
    "systemd-random-seed.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "systemd-update-utmp.service",
)

# Units stop in the reverse of the order in which they start (systemd.unit(5)): this one comes after the local filesystems and
# before everything else. Without /run/systemd there is no systemd to ask (sd_booted(3)), so that programs only change files.
_UNIT = f"""[Unit]
Description=Seal this system when it shuts down
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target shutdown.target {" ".join(_LATE)}
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/usr/bin/python3 -c 'import sys; sys.path.insert(0, "{CODE}"); from {__name__} import main; main()'
TimeoutStopSec=10min
StandardOutput=journal+console
TemporaryFileSystem=/run/systemd
"""

# From now on the journal is written to /run alone: what logs the shutdown itself ends after everything else (journalctl(1)).
_COMMANDS = (["systemctl", "daemon-reload"], ["systemctl", "start", f"{NAME}.service"], ["journalctl", "--relinquish-var"])


class Unable(Exception):
    """Why nothing can be prepared, and what to do."""


def _archive() -> str:
    """The archive that Ansible runs this module from."""
    for path in sys.path:
        if os.path.isfile(path) and zipfile.is_zipfile(path):
            return path
    raise Unable("Ansible did not send the module as an archive, of which the unit needs a copy: run it by a task, not by hand")


def prepare(host: Host, controls: Sequence[Mapping[str, Any]], accounts: Iterable[str], paths: Iterable[str]) -> bool:
    """Have the controls applied, and the accounts and files removed, when this system shuts down. True if anything changed."""
    if not host.booted:
        raise Unable("systemd does not run here, so nothing would happen at a shutdown: apply the controls now, with hygeia.golden.enforce")
    plan = json.dumps({"controls": list(controls), "accounts": list(accounts), "paths": list(paths)}, sort_keys=True)
    code = _archive()
    if host.read(PLAN) == plan and host.read(UNIT) == _UNIT and _active(host):
        return False
    if not host.check:
        os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
        with open(code, "rb") as source, open(CODE, "wb") as copy:
            copy.write(source.read())
        host.write(PLAN, plan)
        host.write(UNIT, _UNIT)
        for command in _COMMANDS:
            ran = host.run(command)
            if not ran.ok:
                raise Unable(f"{' '.join(command)} failed: {ran.error}")
    return True


def _active(host: Host) -> bool:
    return host.run(["systemctl", "is-active", "--quiet", f"{NAME}.service"]).ok


def _remove_account(account: str) -> str:
    """Remove an account with its home directory; why it could not be."""
    ran = subprocess.run(["userdel", "--force", "--remove", account], capture_output=True, text=True, check=False)
    # userdel(8): 6, there is no such account; 12, its home directory could not be removed, as it has none or another one owns it.
    return "" if ran.returncode in (0, 6, 12) else ran.stderr.strip()


def _remove_file(path: str) -> str:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as problem:
        return str(problem)
    return ""


def main() -> None:
    """What the unit runs: print a line for each thing that failed, and end with an error if any did."""
    with open(PLAN, encoding="utf-8") as stream:
        plan = json.load(stream)
    failed = {account: _remove_account(account) for account in plan["accounts"]}
    failed.update({path: _remove_file(path) for path in plan["paths"]})
    controls = [Control.load(control) for control in plan["controls"]]
    outcomes = enforce(Host(), controls, partial=True, stage=OFFLINE).outcomes
    failed.update({outcome["control"]: outcome["message"] for outcome in outcomes if outcome["outcome"] == FAILED})
    for name, why in failed.items():
        if why:
            sys.stdout.write(f"{NAME}: {name}: {why}\n")
    if any(failed.values()):
        raise SystemExit(1)
