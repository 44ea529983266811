# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of an image at one target, as results: each step counts only if it was read back from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.obsolete import obsolete

STAGE = "live"


@dataclass(frozen=True)
class Publication:
    """An image on its way to a target, what was ``found`` there in the end, and what went wrong."""

    target: str
    place: str
    image: Mapping[str, Any]
    machine: Mapping[str, Any]
    keep: int
    found: Mapping[str, Any]
    problem: str = ""


def results(publication: Publication) -> list[Record]:
    """A result for each step. The first that is not as expected tells what went wrong; those after it were not reached.

    A platform that returns nothing of an image keeps only that step from being checked.
    """
    open_problem, found = publication.problem, []
    reached = True
    for name, expected, observed in _steps(publication):
        well = reached and expected == observed
        failed = reached and not well and (open_problem or observed is not None)
        message = (open_problem or "this is not what was published") if failed else "" if well else _unreached(publication)
        status = PASS if well else FAIL if failed else NOT_CHECKED
        if name == "image" and _unread(publication):
            well, status, message = True, NOT_CHECKED, str(publication.found["unread"])
        found.append(record(f"published-{name}-{publication.target}", status, STAGE, expected, observed, publication.place, message))
        reached = well
    return found


def _steps(publication: Publication) -> Iterator[tuple[str, object, object]]:
    """Each step with what is expected, and what was read back, None where nothing was."""
    found, image = publication.found, publication.image
    current = found.get("current") or {}
    yield "image", {"sha256": image["sha256"]}, {"sha256": found["sha256"]} if found.get("sha256") else None
    machine = current.get("machine") or {}
    wanted = {part: machine.get(part) for part in publication.machine} if machine else None
    yield "machine", dict(publication.machine), wanted
    identity = ("version", "sha256")
    yield "pointer", {key: image[key] for key in identity}, {key: current.get(key) for key in identity} if current else None
    images = found.get("images")
    left = None if images is None else [entry["version"] for entry in obsolete(images, publication.keep, image["sha256"])]
    yield "kept", {"obsolete": []}, None if left is None else {"obsolete": left}


def _unread(publication: Publication) -> bool:
    """Is the image there, on a platform that returns nothing of it?"""
    there = [image.get("sha256") for image in publication.found.get("images") or []]
    return bool(publication.found.get("unread")) and publication.image["sha256"] in there


def _unreached(publication: Publication) -> str:
    return "an earlier step failed" if publication.problem else "nothing was published in check mode"
