# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collector of a site, asked whether it has messages: by what its receiver writes, by a query, or by a command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.proofs.canary import fresh, words
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.web import Asking, Unanswered, fetched, shown

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

TOKEN = "{token}"
# How much of the end of each file is read: what has just been sent stands near it.
_TAIL = 64 * 1024 * 1024
# How long before the messages a file may have been written last, for a clock that is not quite right.
_SLACK = 600
_PAUSE = 0.5


class Unasked(Exception):
    """Why the collector cannot be asked, as the end of a sentence."""


class Files:
    """What the receiver writes: a file, or a directory with the files of many hosts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = path

    def found(self, tokens: Collection[str]) -> set[str]:
        wanted = {token: words(token).encode() for token in tokens}
        has = set()
        for path in self._recent():
            text = _tail(path)
            has |= {token for token, message in wanted.items() if message in text}
        return has

    def _recent(self) -> list[str]:
        if os.path.isfile(self.path):
            return [self.path]
        if not os.path.isdir(self.path):
            raise Unasked(f"there is no {self.path}: start the receiver, or name the file or directory that it writes")
        since = time.time() - _SLACK
        paths = (os.path.join(directory, name) for directory, unused_directories, names in os.walk(self.path) for name in names)
        return [path for path in paths if os.path.isfile(path) and os.path.getmtime(path) >= since]


class Query:
    """A query over HTTP for each token, whose answer has the token, or something in a ``field``."""

    def __init__(self, url: str, field: str, how: Asking) -> None:
        self.url, self.field, self.how = url, field, how
        self.name = shown(url.replace(TOKEN, "TOKEN"))

    def found(self, tokens: Collection[str]) -> set[str]:
        return {token for token in tokens if self._has(token)}

    def _has(self, token: str) -> bool:
        try:
            text = fetched(self.url.replace(TOKEN, words(token)), 20, **self.how)
        except Unanswered as problem:
            raise Unasked(f"{self.name} gives no answer: {problem}") from problem
        return bool(_field(text, self.field)) if self.field else words(token) in text


class Command:
    """A command for each token, which prints the message when the collector has it."""

    def __init__(self, argv: Sequence[str], host: Host) -> None:
        self.argv, self.host = argv, host
        self.name = argv[0]

    def found(self, tokens: Collection[str]) -> set[str]:
        return {token for token in tokens if self._has(token)}

    def _has(self, token: str) -> bool:
        ran = self.host.run([word.replace(TOKEN, words(token)) for word in self.argv], timeout=60)
        if not ran.ok and ran.err.strip():
            raise Unasked(f"{self.argv[0]} says: {ran.error}")
        return ran.ok and words(token) in ran.out


def arrivals(collector: Files | Query | Command, tokens: Collection[str], timeout: float, age: float = 0.0) -> tuple[dict[str, float], str]:
    """After how many seconds each token was seen, and why the collector could not be asked, if so.

    ``timeout`` counts from when they were sent, ``age`` seconds ago; a first look is taken in any case. A collector that
    claims to have what nobody sent, as one does that repeats the question, proves nothing.
    """
    start, arrived, problem, left = time.monotonic(), {}, "", timeout - age
    tokens, control = list(tokens), fresh()
    while True:
        try:
            found = collector.found([*(token for token in tokens if token not in arrived), control])
            problem = ""
        except Unasked as trouble:
            found, problem = set(), str(trouble)
        if control in found:
            why = f"{collector.name} claims to have a message that nobody sent, so its answers prove nothing"
            return {}, f"{why}: have it look for {TOKEN} in messages only"
        waited = time.monotonic() - start
        arrived.update({token: round(age + waited, 1) for token in found})
        if len(arrived) == len(tokens) or waited >= left:
            return arrived, "" if arrived else problem
        time.sleep(min(_PAUSE, left - waited))


def _tail(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - _TAIL))
            return stream.read()
    except FileNotFoundError:
        return b""  # rotated away just now
    except OSError as problem:
        raise Unasked(f"{path} cannot be read ({problem.strerror}): ask as somebody who may") from problem


def _field(text: str, field: str) -> Any:
    """What stands at ``hits.total.value`` of an answer in JSON; None where there is no such thing."""
    try:
        value = json.loads(text)
    except ValueError as problem:
        raise Unasked(f"its answer is not JSON, so it has no {field}") from problem
    for name in field.split("."):
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value
