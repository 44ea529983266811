# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers, truths, days and names as spreadsheets of several languages write them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from typing import Any

# Everything is counted in MiB. RVTools and vCenter write MB where they count in powers of two, and so do the templates of clouds.
MEBIBYTES = {"kib": 1 / 1024, "kb": 1 / 1024, "mib": 1.0, "mb": 1.0, "gib": 1024.0, "gb": 1024.0, "tib": 2.0**20, "tb": 2.0**20}
_YES = frozenset(("true", "yes", "1", "wahr", "ja", "vrai", "oui", "verdadero", "sí", "si", "vero", "sim", "waar"))
_NO = frozenset(("false", "no", "0", "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee"))
# Blanks and apostrophes that part thousands, such as the narrow no-break space of French.
_PARTING = re.compile("[\\s\u00a0\u202f\u2009'\u2019]")
_NUMBER = re.compile(r"[+-]?[0-9.,]*[0-9][0-9.,]*%?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
# Beyond this nothing is a number of an inventory.
_LARGEST = 1e12


def number(value: Any, whole: bool = False) -> tuple[float | None, bool]:
    """The number of a cell, and whether its decimal sign was guessed. ``whole`` numbers have no decimals. ValueError says why not."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, False
    if isinstance(value, (bool, datetime, date, time)):
        raise ValueError("is not a number")
    if isinstance(value, (int, float)):
        return _bounded(float(value)), False
    text = _PARTING.sub("", str(value))
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number")
    plain, guessed = _decimal(text.rstrip("%"), whole)
    try:
        return _bounded(float(plain)), guessed
    except ValueError as problem:
        raise ValueError("is not a number") from problem


def _decimal(text: str, whole: bool) -> tuple[str, bool]:
    """A number with a point for its decimals, and whether that was guessed: 1.234 is either of two numbers."""
    points, commas = text.count("."), text.count(",")
    if points and commas:
        decimal = max(".,", key=text.rfind)
        other = "," if decimal == "." else "."
        return text.replace(other, "").replace(decimal, "."), False
    if points + commas == 0:
        return text, False
    sign = "." if points else ","
    if points + commas > 1:
        return text.replace(sign, ""), False
    if len(text) - text.index(sign) - 1 != 3:
        return text.replace(sign, "."), False
    return (text.replace(sign, ""), True) if whole or sign == "," else (text, True)


def _bounded(value: float) -> float:
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError("is not a number that an inventory can have")
    return value


def flag(value: Any) -> bool | None:
    """A truth, or None where a cell says nothing."""
    if isinstance(value, bool):
        return value
    text = plain(value).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if text:
        raise ValueError("is neither true nor false")
    return None


def day(value: Any) -> tuple[str, bool]:
    """The day of a cell as YYYY-MM-DD or an empty text, and whether day and month could be the other way round."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()[:10], False
    text = plain(value)
    if not text:
        return "", False
    if found := _YEAR_FIRST.match(text):
        year, month, of_month = map(int, found.groups())
        return date(year, month, of_month).isoformat(), False
    if found := _DAY_FIRST.match(text):
        of_month, month, year = map(int, found.groups())
        return date(year, month, of_month).isoformat(), False
    if found := _SLASHES.match(text):
        first, second, year = map(int, found.groups())
        if first > 12:
            return date(year, second, first).isoformat(), False
        return date(year, first, second).isoformat(), second <= 12 and first != second
    raise ValueError("is not a day")


def plain(value: Any) -> str:
    """The text of a cell on one line; a whole number has no decimals."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def listed(value: Any) -> list[str]:
    """The names in a cell that commas, semicolons or lines part."""
    return [part for part in (part.strip(" \"'[]") for part in re.split(r"[,;\n]", "" if value is None else str(value))) if part]
