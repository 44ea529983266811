# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A table of a file: columns are found by their headings, and whatever is wrong in a cell is reported with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import values
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable

_UNIT = re.compile(r"(?:in)?([kmgt]i?b)(?:s|ps|persecond)?$")
_BRACKETS = re.compile(r"\(([^)]*)\)")
_OTHER = re.compile(r"[^a-z0-9]")
# What of a cell is shown in a message.
_SHOWN = 60

Found = TypeVar("Found")


@dataclass(frozen=True)
class Row:
    """``number`` is the row as a spreadsheet counts it."""

    number: int
    cells: Sequence[Any]


def key(heading: Any, prefix: str = "") -> tuple[str, str]:
    """A heading without its case, signs and unit, and the unit: ``*Memory (In MB)`` and ``Memory`` are one column."""
    text = values.plain(heading).lower().replace("%", " percent")
    units = [found for inner in _BRACKETS.findall(text) if (found := _unit(_OTHER.sub("", inner)))]
    bare = _OTHER.sub("", _BRACKETS.sub("", text))
    if prefix and bare.startswith(prefix) and bare != prefix:
        bare = bare[len(prefix) :]
    unit = _unit(bare)
    return _UNIT.sub("", bare) or bare, unit or (units[0] if units else "")


def _unit(text: str) -> str:
    found = _UNIT.search(text)
    return found[1] if found else ""


class Column:
    """One column of a table, or none: then every cell of it is empty."""

    def __init__(self, table: Table, index: int | None, title: str, unit: str = "") -> None:
        self._table, self.index, self.title, self.unit = table, index, title, unit

    @property
    def there(self) -> bool:
        return self.index is not None

    def raw(self, row: Row) -> Any:
        return row.cells[self.index] if self.index is not None and self.index < len(row.cells) else None

    def place(self, row: Row) -> str:
        return self._table.place(row, self.title)

    def text(self, row: Row) -> str:
        return values.plain(self.raw(row))

    def names(self, row: Row) -> list[str]:
        return values.listed(self.raw(row))

    def number(self, row: Row, whole: bool = False, negative: bool = False) -> float | None:
        """A number; a guess of its decimal sign is noted once for the column."""
        found, guessed = self._read(row, lambda cell: values.number(cell, whole), "write a number such as 1024 or 12.5")
        if guessed:
            text = f"{self.text(row)} was read as {found:g}, which depends on the language of the file"
            self._table.notes.guess(self._table.name, f"column {self.title}: {text}", self.place(row))
        if found is not None and found < 0 and not negative:
            raise Unusable(f"{self.place(row)}: {found:g} is less than nothing; correct the cell.")
        return found

    def mebibytes(self, row: Row, default: str = "mib") -> float | None:
        found = self.number(row, whole=self.unit[:1] in ("", "m", "k"))
        return None if found is None else round(found * values.MEBIBYTES[self.unit or default], 3)

    def flag(self, row: Row) -> bool | None:
        return self._read(row, values.flag, "write True or False")

    def day(self, row: Row) -> str:
        found, guessed = self._read(row, values.day, "write a day such as 2026-11-30")
        if guessed:
            text = f"{self.text(row)} was read as {found}, the month first"
            self._table.notes.guess(self._table.name, f"column {self.title}: {text}", self.place(row))
        return found

    def _read(self, row: Row, read: Callable[[Any], Found], wanted: str) -> Found:
        cell = self.raw(row)
        try:
            return read(cell)
        except (ValueError, OverflowError) as problem:
            shown = readable(values.plain(cell))[:_SHOWN]
            what = str(problem) if str(problem).startswith("is ") else "is not usable"
            raise Unusable(f"{self.place(row)}: {shown!r} {what}; {wanted}.") from problem


class Table:
    """The rows below a row of headings. ``sheet`` is empty for a file that is one table."""

    def __init__(self, file: str, sheet: str, header: Sequence[Any], rows: Sequence[Row], notes: Notes) -> None:
        self.file, self.sheet, self.rows, self.notes = file, sheet, rows, notes
        self.name = f"{file}/{sheet}" if sheet else file
        self.titles = [values.plain(title) for title in header]
        self._columns: dict[str, tuple[int, str, str]] = {}
        for index, title in enumerate(self.titles):
            name, unit = key(title, sheet.lower())
            if title and name not in self._columns:
                self._columns[name] = (index, title, unit)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def has(self, *names: str) -> bool:
        return any(name in self._columns for name in names)

    def column(self, *names: str) -> Column:
        """The first of these columns that is there, by the names that ``key`` makes of headings."""
        found = next((self._columns[name] for name in names if name in self._columns), None)
        return Column(self, *found) if found else Column(self, None, names[0])

    def required(self, *names: str, says: str) -> Column:
        found = self.column(*names)
        if not found.there:
            raise Unusable(f"{self.place()}: there is no column {says}; export the file again with all columns.")
        return found

    def others(self, known: frozenset[str], too: re.Pattern[str]) -> list[Column]:
        """The columns that no program of the format writes, such as custom attributes."""
        titles = {name: (index, title) for name, (index, title, unused_unit) in self._columns.items()}
        return [Column(self, *titles[name]) for name in titles if name not in known and not too.fullmatch(name)]

    def place(self, row: Row | None = None, column: str = "") -> str:
        parts = [self.file, *([f"sheet {self.sheet}"] if self.sheet else []), *([f"row {row.number}"] if row else [])]
        return ", ".join(parts + ([f"column {readable(column)}"] if column else []))
