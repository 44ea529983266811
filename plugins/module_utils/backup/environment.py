# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a backup product finds in its environment: that of this process, of a file on the host, and what was declared."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import BackupError
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


def environment(host: Host, declared: dict[str, Any]) -> dict[str, str]:
    """The later wins; times are shown in UTC, so that no clock change comes between them."""
    found = dict(host.environ)
    if declared.get("environment_file"):
        found.update(_file(host, declared["environment_file"]))
    for given in (declared.get("environment"), declared.get("secrets")):
        found.update({name: str(value) for name, value in (given or {}).items()})
    return {**found, "TZ": "UTC"}


def _file(host: Host, path: str) -> dict[str, str]:
    """The assignments of a file as EnvironmentFile of systemd and a shell that sources it both read them."""
    text = host.read(path)
    if text is None:
        raise BackupError(f"there is no {path}: write it with what the backup needs, or say in environment_file where it is")
    found = {}
    for line in lines_of(text):
        assignment = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", line, re.A)
        if assignment:
            try:
                found[assignment[1]] = "".join(shlex.split(assignment[2])[:1])
            except ValueError as problem:
                raise BackupError(f"{path} has a quotation mark that is not closed in the line of {assignment[1]}: close it") from problem
    return found
