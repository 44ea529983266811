# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A history as a hash chain: a JSON object a line, each of which holds the SHA-256 of the line before it.

An entry has the number of its line. So it shows, and is named, what was removed, edited or moved in between. What is missing at the
end, or was written anew throughout, only shows beside a checkpoint: somebody else's note of how many entries there were, and of the
digest of the last one. What was written before a history was chained is left as it is, and its digest is in the first chained entry.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

# The field of an entry that chains it.
KEY = "chain"


@dataclass(frozen=True)
class Checkpoint:
    """How many entries a history had at some time, the digest of the last of them, and who says so."""

    entries: int
    sha256: str
    source: str = ""


@dataclass
class Examination:
    """What a history shows of itself and beside checkpoints; without a problem nothing was removed, edited or moved."""

    entries: int = 0
    sha256: str | None = None
    # How many lines were written before the history was chained.
    unchained: int = 0
    # Up to which entry a checkpoint vouches for it.
    confirmed: int = 0
    problems: list[str] = field(default_factory=list)
    # What is no fault, and limits what the history shows.
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    """A line that is chained, with the place where it stands and what it says of itself and of the line before it."""

    place: int
    number: int
    sha256: str
    # None for a line that is not chained.
    link: dict[str, Any] | None
    # Whether it is JSON; one that a power cut tore is not.
    whole: bool


def append(path: str, entry: dict[str, Any], mode: int = 0o644) -> Checkpoint:
    """Add an entry, and return when it would survive a power cut. Only one process at a time may do so."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "r+b") as stream:
        content = stream.read()
        line = json.dumps({**entry, KEY: _link(_split(content))}, ensure_ascii=False).encode()
        # A line that a power cut tore stays as it is, and the next begins on a line of its own.
        torn = b"\n" if content and not content.endswith(b"\n") else b""
        stream.write(torn + line + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    atomic.sync_directory(os.path.dirname(path) or ".")
    return Checkpoint(len(_split(content)) + 1, _digest(line))


def head(path: str) -> Checkpoint | None:
    """The last entry of a history, or None where there is none."""
    try:
        with open(path, "rb") as stream:
            lines = _split(stream.read())
    except FileNotFoundError:
        return None
    return Checkpoint(len(lines), _digest(lines[-1])) if lines else None


def entry(line: bytes | str) -> dict[str, Any] | None:
    """What a line says, without what chains it, or None if it is no JSON object."""
    known = _parsed(line)
    return None if known is None else {name: value for name, value in known.items() if name != KEY}


def entries(content: bytes) -> list[dict[str, Any]]:
    """What the lines that can be read say, the oldest first."""
    return [known for known in map(entry, _split(content)) if known is not None]


def examine(content: bytes, checkpoints: Sequence[Checkpoint] = ()) -> Examination:
    """Everything in a history that is not as it was written, a sentence each."""
    texts = _split(content)
    before, lines = _numbered(texts)
    found = Examination(unchained=before)
    by_number: dict[int, _Line] = {}
    for line in lines:
        twin = by_number.setdefault(line.number, line)
        if twin is not line:
            found.problems.append(f"entry {line.number} is there twice, in lines {twin.place} and {line.place}")
    found.entries = max(by_number, default=before)
    found.sha256 = by_number[found.entries].sha256 if by_number else _digest(texts[-1]) if texts else None
    found.problems += [f"line {line.place} is not chained: somebody added or changed it" for line in lines if not line.link and line.whole]
    found.problems += _at_the_start(texts[:before], by_number)
    found.problems += _moved(lines)
    found.problems += _missing(by_number)
    edited = [number for number in sorted(by_number) if _was_edited(number, by_number)]
    found.problems += [f"entry {number} is not the one that entry {number + 1} was added to: it was edited" for number in edited]
    _confirm(found, by_number, set(edited), checkpoints)
    found.notes = _limits(found, lines)
    return found


def _link(lines: list[bytes]) -> dict[str, Any]:
    """What chains the next entry to these lines."""
    link: dict[str, Any] = {"entry": len(lines) + 1, "previous": _digest(lines[-1]) if lines else None}
    if lines and not any(map(_chained, lines)):
        # The only word there will ever be about all that was written until now.
        link["unchained"] = {"lines": len(lines), "sha256": _digest(b"\n".join(lines))}
    return link


def _chained(line: bytes) -> dict[str, Any] | None:
    link = (_parsed(line) or {}).get(KEY)
    usable = isinstance(link, dict) and isinstance(link.get("entry"), int) and link["entry"] > 0
    return link if usable else None


def _numbered(texts: list[bytes]) -> tuple[int, list[_Line]]:
    """How many lines stand before the first chained one, and the lines from there on by the numbers that they give themselves."""
    links = [_chained(text) for text in texts]
    before = next((place for place, link in enumerate(links) if link), len(links))
    lines: list[_Line] = []
    for place in range(before, len(texts)):
        link = links[place]
        number = link["entry"] if link else lines[-1].number + 1
        lines.append(_Line(place + 1, number, _digest(texts[place]), link, _parsed(texts[place]) is not None))
    return before, lines


def _limits(found: Examination, lines: list[_Line]) -> list[str]:
    notes = []
    if found.unchained:
        many = _many(found.unchained, "line")
        notes.append(f"{many} from before the history was chained: whether they were changed until then, nothing shows")
    notes += [f"line {line.place} cannot be read: it was cut off while it was written" for line in lines if not line.whole]
    if found.confirmed < found.entries:
        notes.append(
            f"{_range(found.confirmed + 1, found.entries)} newer than every checkpoint: a change of them and of the end would not show"
        )
    return notes


def _at_the_start(before: list[bytes], by_number: dict[int, _Line]) -> list[str]:
    """The lines from before the history was chained are those whose digest its first entry holds."""
    link = (by_number[min(by_number)].link or {}) if by_number else {}
    known = link.get("unchained")
    if not isinstance(known, dict):
        return [f"{_many(len(before), 'line')} stand before the first entry of the chain"] if by_number and before else []
    if known.get("lines") != len(before):
        return [f"{known.get('lines')} lines were written before the history was chained, and {len(before)} are there"]
    if known.get("sha256") != _digest(b"\n".join(before)):
        return [f"lines 1 to {len(before)}, from before the history was chained, were edited after entry {link['entry']} was added"]
    return []


def _moved(lines: list[_Line]) -> list[str]:
    found, highest = [], 0
    for line in lines:
        if line.number < highest:
            found.append(f"entry {line.number} stands in line {line.place}, after entry {highest}: entries were reordered")
        highest = max(highest, line.number)
    return found


def _missing(by_number: dict[int, _Line]) -> list[str]:
    """Ranges of numbers that no line has."""
    found, expected = [], 1
    if by_number and isinstance((by_number[min(by_number)].link or {}).get("unchained"), dict):
        expected = min(by_number)
    for number in sorted(by_number):
        if number > expected:
            found.append(f"{_range(expected, number - 1)} missing")
        expected = number + 1
    return found


def _was_edited(number: int, by_number: dict[int, _Line]) -> bool:
    following = by_number.get(number + 1)
    return following is not None and following.link is not None and following.link.get("previous") != by_number[number].sha256


def _confirm(found: Examination, by_number: dict[int, _Line], edited: set[int], checkpoints: Sequence[Checkpoint]) -> None:
    """Compare with what others have noted; only the first difference is reported, since whatever follows it differs too."""
    for checkpoint in sorted(checkpoints, key=lambda each: each.entries):
        if checkpoint.entries > found.entries:
            found.problems.append(f"{_range(found.entries + 1, checkpoint.entries)} missing at the end, by {checkpoint.source}")
            return
        line = by_number.get(checkpoint.entries)
        if line is None or checkpoint.entries in edited:
            continue
        if line.sha256 != checkpoint.sha256:
            since = f"an entry after number {found.confirmed}" if found.confirmed else "an entry"
            found.problems.append(
                f"entry {checkpoint.entries} is not the one that {checkpoint.source} names:"
                f" {since} was changed, and the chain was written anew"
            )
            return
        found.confirmed = checkpoint.entries


def _range(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _split(content: bytes) -> list[bytes]:
    return [line for line in content.split(b"\n") if line]


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _parsed(line: bytes | str) -> dict[str, Any] | None:
    try:
        known = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return known if isinstance(known, dict) else None
