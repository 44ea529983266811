# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds of the residue scan that somebody accepted: each file by its path and the hash of what is in it, until a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Waiver = Mapping[str, Any]


def applied(
    observed: Mapping[str, Any], waivers: Sequence[Waiver], waiver: Waiver | None, message: str
) -> tuple[dict[str, Any], Waiver | None, str]:
    """The files, each that is waived with the day until it is; the waiver that ends first; and the message with what is not waived."""
    files, used, expired = [], [], []
    for file in observed.get("files", ()):
        found = next((each for each in waivers if (each["path"], each["hash"]) == (file.get("path"), file.get("hash"))), None)
        if found and not found["expired"]:
            used.append(found)
            files.append({**file, "waived_until": found["until"]})
        else:
            expired += [found] if found else []
            files.append(dict(file))
    sentences = [message, f"{len(used)} of {len(files)} are waived" if used and len(used) < len(files) else ""]
    sentences += [f"the waiver of {each['path']} by {each['approver']} ended on {each['until']}" for each in expired]
    first = min(used, key=lambda each: str(each["until"]), default=None)
    accepted = {name: first[name] for name in ("reason", "approver", "until", "expired")} if first else None
    changed = {**observed, "files": files}
    return changed, (accepted if all_waived(changed) else waiver), "; ".join(filter(None, sentences))


def all_waived(observed: Mapping[str, Any]) -> bool:
    """Is each file waived, and are these all of them?"""
    files = observed.get("files", ())
    return bool(files) and not observed.get("more") and all("waived_until" in file for file in files)
