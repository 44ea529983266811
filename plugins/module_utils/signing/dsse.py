# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Attestations in the Dead Simple Signing Envelope, version 1 (https://github.com/secure-systems-lab/dsse).

The envelope leaves open how its bytes are signed. Here it is as evidence is: a signature of OpenSSH in armor, or one of CMS in PEM.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class MalformedEnvelope(ValueError):
    """It is no envelope of an in-toto statement."""


def envelope(statement: dict[str, Any], sign: Callable[[bytes], str]) -> dict[str, Any]:
    payload = json.dumps(statement, ensure_ascii=False, sort_keys=True).encode()
    signature = sign(pre_authentication_encoding(payload)).encode()
    # Libraries insist on the name of a key, which is optional. The signature itself says which key it is by.
    return {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [{"keyid": "", "sig": _text(signature)}]}


def opened(line: str) -> tuple[dict[str, Any], bytes, list[bytes]]:
    """The statement of an envelope, the bytes that were signed, and the signatures."""
    try:
        found = json.loads(line)
        payload = base64.b64decode(found["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in found["signatures"]]
        statement = json.loads(payload)
        if found["payloadType"] == PAYLOAD_TYPE and isinstance(statement, dict) and signatures:
            return statement, pre_authentication_encoding(payload), signatures
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise MalformedEnvelope()


def pre_authentication_encoding(payload: bytes) -> bytes:
    """What is signed: type and payload with their lengths, so that neither can be taken for a part of the other."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
