# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tables of patients: statements of an SQL dump that fill one, and files of comma-separated values with such columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Names that only a table of patients has, and names that are such in the company of others.
_SURE = "|".join(
    r"""mrn medical_?record_?(?:no|num|number) patient_?(?:id|no|num|number|name|key|dob|ssn) pat_?(?:id|name|mrn) ssn
    social_?security(?:_?(?:no|num|number))? mbi medicare_?(?:id|number) hicn subscriber_?id health_?plan_?id""".split()
)
_LIKELY = "|".join(
    r"""dob date_?of_?birth birth_?date (?:first|last|given|family|sur)_?name diagnosis(?:_?code)? icd_?(?:9|10)(?:_?code)?
    admit_?date discharge_?date encounter_?id allerg(?:y|ies) medications? sex gender phone address""".split()
)
_COLUMN = re.compile(rf"(?:(?P<sure>{_SURE})|(?P<likely>{_LIKELY}))", re.I)
_TABLES = b"|".join(
    rb"""patients? encounters? pat_enc person_patient medical_records? admissions? dicom_?studies lab_?results? immunizations?
    subscribers?""".split()
)
TABLE = rb"(?:\w*_)?(?:" + _TABLES + rb")(?:_\w*)?"
_COLUMNS = rb"\((?P<columns>[^()]{1,4000})\)\s"
_INSERT = re.compile(
    rb"INSERT\s+(?:IGNORE\s+)?INTO\s+(?:[\"`\[]?\w+[\"`\]]?\.){0,2}[\"`\[]?"
    + (TABLE + rb"[\"`\]]?\s*(?:" + _COLUMNS + rb"*)?VALUES\s*\(\s*[^)\s?:%$]"),
    re.I,
)
_COPY = re.compile(rb"COPY\s+(?:\"?\w+\"?\.)?\"?\w+\"?\s*" + _COLUMNS + rb"+FROM\s+stdin;\r?\n(?!\\\.)[^\n]+", re.I)
_SEPARATORS = (",", "\t", ";", "|")
_VALUE = 300
_LONGEST_LINE = 8192
# Names of columns do not begin with a space, as lines of programs do, and have no signs but these.
_HEADER = re.compile(rb"[\w\"'#][\w \"'#,;|/.()\t\r-]*")
_DIGIT = re.compile(rb"\d")


def sql(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``INSERT INTO`` or of ``COPY``."""
    found = _INSERT.match(data, place, place + 6000) or _COPY.match(data, place, place + 6000)
    if not found:
        return
    columns = found["columns"]
    names = [] if columns is None else [name.strip(' \t\r\n"`[]') for name in columns.decode("latin-1").split(",")]
    if names and not of_patients(names):
        return
    yield data[found.end() - 1 : found.end() + _VALUE]


def csv(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is the beginning of a file, or in the line of names: at least one more line has as many fields, with a number in one."""
    low = max(0, place - _LONGEST_LINE)
    start = max(data.rfind(end, low, place) for end in (b"\n", b"\0")) + 1
    if start < low:
        return
    line, unused_end, rest = data[start : start + _LONGEST_LINE].lstrip(b"\xef\xbb\xbf").partition(b"\n")
    if not rest or not _HEADER.fullmatch(line):
        return
    first = rest.partition(b"\n")[0]
    for separator in _SEPARATORS:
        names = [name.strip(" \r\"'") for name in line.decode("latin-1").split(separator)]
        values = first.split(separator.encode())
        if len(values) >= len(names) > 1 and of_patients(names):
            if any(_identifies(name) and _DIGIT.search(value) for name, value in zip(names, values)):
                yield first
            return


def _identifies(name: str) -> re.Match[str] | None:
    return _COLUMN.fullmatch(re.sub(r"[\s-]+", "_", name))


def of_patients(names: list[str]) -> bool:
    """Are these the columns of a table of patients: two that tell who it is, of which one is certain?"""
    found = [match for match in map(_identifies, names) if match]
    return len(found) >= 2 and any(match["sure"] for match in found)
