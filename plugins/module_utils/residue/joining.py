# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One result for each rule of what was found in files and what was found on the disks that these lie on."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.residue.scan import MOST_NAMED

_LISTS = ("files", "unread")


def joined(of_files: Sequence[result.Record], of_disks: Sequence[result.Record]) -> list[result.Record]:
    """The results of the search of files, each with what the disks have in addition; then those that only the disks have."""
    on_disks = {each["control"]: each for each in of_disks}
    both = [_joined(each, on_disks.pop(each["control"])) if each["control"] in on_disks else each for each in of_files]
    return both + list(on_disks.values())


def _joined(first: result.Record, second: result.Record) -> result.Record:
    status = result.worst((first["status"], second["status"]))
    messages = dict.fromkeys(filter(None, (first["message"], second["message"])))
    read_from = f"{first['read_from']}; {second['read_from']}"
    observed = {name: first["observed"].get(name, []) + second["observed"].get(name, []) for name in _LISTS if name in first["observed"]}
    more = sum(each["observed"].get("more", 0) for each in (first, second))
    for name, entries in observed.items():
        more += max(0, len(entries) - MOST_NAMED) if name == "files" else 0
        observed[name] = entries[:MOST_NAMED]
    return {
        **first,
        "status": status,
        "observed": {**observed, **({"more": more} if more else {})},
        "read_from": read_from,
        "message": "; ".join(messages),
    }
