# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers: a risk that somebody accepted, for some hosts, until a day."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry


def find(waivers: Sequence[Entry], control: Iterable[str], host: str, today: str) -> dict[str, Any] | None:
    """The waiver that covers a control on a host, marked when it has expired; None when there is none.

    ``control`` may be several names, each of which a waiver may use. ``today`` and the end are days as YYYY-MM-DD.
    Of several the one that holds longest counts.
    """
    matching = [waiver for waiver in _matching(waivers, control, host) if "path" not in waiver]
    return _marked(max(matching, key=lambda waiver: waiver["until"]), today) if matching else None


def of_files(waivers: Sequence[Entry], control: Iterable[str], host: str, today: str) -> list[dict[str, Any]]:
    """The waivers of single files that the residue scan reports, each with its path and hash, those that hold longest first."""
    matching = [waiver for waiver in _matching(waivers, control, host) if "path" in waiver]
    longest_first = sorted(matching, key=lambda waiver: waiver["until"], reverse=True)
    return [{"path": waiver["path"], "hash": waiver["hash"], **_marked(waiver, today)} for waiver in longest_first]


def _matching(waivers: Sequence[Entry], control: Iterable[str], host: str) -> list[Entry]:
    return [waiver for waiver in waivers if waiver["control"] in each(control) and fnmatch.fnmatchcase(host, waiver["hosts"])]


def _marked(waiver: Entry, today: str) -> dict[str, Any]:
    return {"reason": waiver["reason"], "approver": waiver["approver"], "until": waiver["until"], "expired": waiver["until"] < today}
