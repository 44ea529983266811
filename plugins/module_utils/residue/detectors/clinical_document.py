# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clinical documents (HL7 CDA release 2, C-CDA) that are about a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMESPACE = b"urn:hl7-org:v3"
_LONGEST = 64 << 10
_ROOT = re.compile(rb"<(?:\w+:)?ClinicalDocument[\s>]")
_PATIENT = re.compile(rb"<(?:\w+:)?recordTarget[\s>].*?</(?:\w+:)?recordTarget\s*>", re.S)
_NUMBER = re.compile(rb"<(?:\w+:)?patientRole[\s>].*?<(?:\w+:)?id\s[^>]*extension=[\"'][^\"']", re.S)
_NAME = re.compile(rb"<(?:\w+:)?family[^>]*>\s*[^<\s]")
_BORN = re.compile(rb"<(?:\w+:)?birthTime\s[^>]*value=[\"'](?:18|19|20)\d\d")


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``ClinicalDocument``, which may have a prefix."""
    start = data.rfind(b"<", max(0, place - 20), place + 1)
    if start < 0 or not _ROOT.match(data, start):
        return
    document = data[start : start + _LONGEST]
    patient = _PATIENT.search(document) if _NAMESPACE in document[:4096] else None
    if patient and any(sign.search(patient[0]) for sign in (_NUMBER, _NAME, _BORN)):
        yield patient[0]
