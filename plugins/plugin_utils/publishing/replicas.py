# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a second site has what was promoted: identical by its digests, and not older than the recovery point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import format_duration
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, NOT_CHECKED, PASS, Record, record

STAGE = "live"
# The disks of an image after the first, as a history names their files.
_FURTHER = [f"disk{number}.qcow2" for number in range(2, 16)]


def results(
    target: str, found: Mapping[str, Any], history: Sequence[Mapping[str, Any]], recovery_point: float, now: float, problem: str = ""
) -> list[Record]:
    """Two results: whether the image that a target uses was promoted and is intact, and whether it is recent enough."""
    names = [f"replica-{aspect}-{target}" for aspect in ("image", "recent")]
    place = str(found.get("place", ""))
    if problem:
        unread = record(names[0], ERROR, STAGE, read_from=place, message=problem)
        return [unread, record(names[1], NOT_CHECKED, STAGE, read_from=place, message="the target could not be read")]
    current = found.get("current") or {}
    return [_image(names[0], place, found, history), _recent(names[1], place, current, history, recovery_point, now)]


def _image(name: str, place: str, found: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Record:
    current = found.get("current") or {}
    read = list(current.get("read") or [])
    if not current:
        return record(name, FAIL, STAGE, {"published": True}, {"published": False}, place, "there is no image: publish it")
    known = [_digests(move) for move in history if move["action"] == "promoted" and move["sha256"] == current["sha256"]]
    if not known:
        message = f"its image {current['version']} was never promoted here: publish the current one, and find out where that came from"
        return record(name, FAIL, STAGE, {"promoted": True}, {"promoted": False}, place, message)
    expected, observed = {"sha256": known[-1]}, {"sha256": read}
    if found.get("unread"):
        return record(name, NOT_CHECKED, STAGE, expected, None, place, str(found["unread"]))
    message = "" if read == known[-1] else "what was read there is not what was promoted: find out who wrote to it, and publish anew"
    return record(name, FAIL if message else PASS, STAGE, expected, observed, place, message)


def _digests(move: Mapping[str, Any]) -> list[str]:
    """Those of the disks of a promoted image, in their order."""
    files = move.get("files") or {}
    return [move["sha256"], *(files[key] for key in _FURTHER if key in files)]


def _recent(
    name: str, place: str, current: Mapping[str, Any], history: Sequence[Mapping[str, Any]], recovery_point: float, now: float
) -> Record:
    """A site may lack what became current within the recovery point, and nothing that did before."""
    newest = history[-1]
    version = current.get("version")
    expected, observed = {"version": newest.get("version")}, {"version": version}
    if current.get("sha256") == newest["sha256"]:
        return record(name, PASS, STAGE, expected, observed, place)
    late = now - moment(newest["time"])
    since = f"version {newest.get('version')} is current for {format_duration(late)}, the target has {version or 'none'}"
    if version and late <= recovery_point:
        return record(name, PASS, STAGE, expected, observed, place, f"{since}, which the recovery point allows")
    return record(name, FAIL, STAGE, expected, observed, place, f"{since}: publish it")
