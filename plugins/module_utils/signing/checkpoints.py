# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A signed checkpoint of a history: how many entries it had, and the digest of the last one.

A history that has a hash chain (util/chain.py) can be written anew as a whole, and entries can be left out at its end. A checkpoint
shows both. It is a statement of in-toto in an envelope, signed as attestations are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing import dsse
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.util.chain import Checkpoint

SUFFIX = ".checkpoint"
_STATEMENT = "https://in-toto.io/Statement/v1"
_TYPE = "urn:hygeia:golden:history-checkpoint:v1"


def text(name: str, head: Checkpoint, moment: str, sign: Callable[[bytes], str]) -> str:
    """The checkpoint of the history with this name; ``moment`` is a time in UTC as ISO 8601."""
    statement: dict[str, Any] = {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": head.sha256}}],
        "predicateType": _TYPE,
        "predicate": {"entries": head.entries, "time": moment},
    }
    return json.dumps(dsse.envelope(statement, sign)) + "\n"


def opened(content: bytes, file: str, name: str) -> tuple[Checkpoint, str, bytes, list[bytes]]:
    """A checkpoint with its time, the bytes that were signed, and the signatures, which are not verified yet.

    ``file`` is what its file is called, ``name`` the history that it must be of.
    """
    try:
        statement, payload, signatures = dsse.opened(content.decode())
        [subject], predicate = statement["subject"], statement["predicate"]
        head = Checkpoint(predicate["entries"], subject["digest"]["sha256"], file)
        if statement["predicateType"] != _TYPE or not isinstance(head.entries, int):
            raise SigningError(f"{file} is not the checkpoint of a history")
        if subject["name"] != name:
            raise SigningError(f"{file} is the checkpoint of {subject['name']}, not of {name}")
        return head, str(predicate["time"]), payload, signatures
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise SigningError(f"{file} is not the checkpoint of a history") from problem
