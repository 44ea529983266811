# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patients in HL7 FHIR, in JSON, in lines of JSON and in XML: a resource with an identifier, a name or a day of birth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_PATIENT = re.compile(rb"""["']resourceType["']\s*:\s*["'](?:Patient|Person|RelatedPerson)["']""")
_LONGEST, _BEFORE = 64 << 10, 4 << 10
_BORN = re.compile(rb""""birthDate"\s*:\s*"(?:18|19|20)\d\d""")
_NAMED = re.compile(rb""""(?:family|given|text)"\s*:\s*\[?\s*"[^"]""")
_NUMBERED = re.compile(rb""""identifier"\s*:\s*\[?\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*"value"\s*:\s*"[^"]""", re.S)

_XML = re.compile(rb"<(?:\w+:)?(?P<kind>Patient|Person|RelatedPerson)[\s>]")
_XML_BORN = re.compile(rb"<(?:\w+:)?birthDate\s[^>]*value=[\"'](?:18|19|20)\d\d")
_XML_NAMED = re.compile(rb"<(?:\w+:)?(?:family|given)\s[^>]*value=[\"'][^\"']")
_XML_NUMBERED = re.compile(rb"<(?:\w+:)?identifier[\s>].{0,2000}?<(?:\w+:)?value\s[^>]*value=[\"'][^\"']", re.S)


def detect_json(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``"resourceType"``."""
    if not _PATIENT.match(data, place):
        return
    resource = _resource(data, place)
    if resource is not None:
        value = _identity(resource)
        if value:
            yield value
        return
    # In another order, or cut off: then two signs of three.
    around = data[max(0, place - _BEFORE) : place + _LONGEST]
    if sum(bool(sign.search(around)) for sign in (_BORN, _NAMED, _NUMBERED)) >= 2:
        yield around[:_BEFORE]


def _resource(data: bytes, place: int) -> Any:
    """The object that begins with the place, if it does."""
    start = data.rfind(b"{", max(0, place - 256), place)
    if start < 0 or data[start + 1 : place].strip():
        return None
    try:
        return json.JSONDecoder().raw_decode(data[start : start + _LONGEST].decode("utf-8", "replace"))[0]
    except (ValueError, RecursionError):
        return None


def _identity(resource: dict[str, Any]) -> bytes:
    """What identifies the patient, as text; nothing where an example has only its form."""
    parts = [resource.get("identifier"), resource.get("name"), resource.get("birthDate")]
    numbered = any(isinstance(each, dict) and each.get("value") for each in _listed(parts[0]))
    named = any(isinstance(each, dict) and (each.get("family") or each.get("given") or each.get("text")) for each in _listed(parts[1]))
    if not numbered and not (named and parts[2]):
        return b""
    return json.dumps(parts, sort_keys=True).encode()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def detect_xml(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``Patient`` after an opening bracket."""
    found = _XML.match(data, data.rfind(b"<", max(0, place - 20), place + 1))
    if not found:
        return
    end = data.find(found["kind"] + b">", found.end(), found.end() + _LONGEST)
    element = data[found.start() : end] if end >= 0 else b""
    signs = [bool(sign.search(element)) for sign in (_XML_NUMBERED, _XML_BORN, _XML_NAMED)]
    if sum(signs) >= 2 and b"value=" in element:
        yield element
