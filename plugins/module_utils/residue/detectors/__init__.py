# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Structures that no regular expression can tell, each in a file of its own.

A detector is asked about a place in some bytes and yields what it found there: the bytes that make the finding what it is, such as
the body of a key or the name and birth date of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.residue.detectors import (
    clinical_document,
    core_dump,
    dicom,
    fhir,
    hl7,
    keystore,
    private_key,
    sqlite,
    swap,
    table,
    x12,
)

Detector = Callable[[bytes, int], Iterable[bytes]]

DETECTORS: Mapping[str, Detector] = {
    "clinical_document": clinical_document.detect,
    "core_dump": core_dump.detect,
    "csv": table.csv,
    "dicom": dicom.detect,
    "fhir_json": fhir.detect_json,
    "fhir_xml": fhir.detect_xml,
    "hibernation": swap.hibernation,
    "hl7": hl7.detect,
    "keystore": keystore.detect,
    "private_key": private_key.detect,
    "sql": table.sql,
    "sqlite": sqlite.detect,
    "swap": swap.used,
    "x12": x12.detect,
}
