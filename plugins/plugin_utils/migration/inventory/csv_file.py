# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A CSV file as a table: any of the separators and encodings that spreadsheets write (RFC 4180 and its relatives)."""

from __future__ import annotations

import csv
import io
import os
import stat

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Row, Table

LARGEST = 128 << 20
MOST_COLUMNS, LONGEST = 1_024, 32_768
_SEPARATORS = ",;\t|"


def table(path: str, notes: Notes, sheet: str = "") -> Table:
    """The table of a file; its first row that is not empty has the headings."""
    file = os.path.basename(path)
    text = _text(path, file, notes)
    header_line = next((line for line in text.split("\n", 20) if line.strip(" ,;\t|\r\ufeff")), "")
    separator = max(_SEPARATORS, key=header_line.count)
    header: list[str] | None = None
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = cells
                continue
            rows.append(_row(file, sheet, reader.line_num, cells, header))
    except csv.Error as problem:
        raise Unusable(f"{file}, row {reader.line_num}: the row cannot be read ({problem}); export the file again.") from problem
    if header is None:
        raise Unusable(f"{file}: the file is empty; export it again.")
    if len(header) > MOST_COLUMNS:
        raise Unusable(f"{file}, row 1: there are more than {MOST_COLUMNS} columns; export only what is asked for.")
    return Table(file, sheet, header, rows, notes)


def _row(file: str, sheet: str, number: int, cells: list[str], header: list[str]) -> Row:
    for index, cell in enumerate(cells):
        name = header[index] if index < len(header) else str(index + 1)
        if cell.startswith("="):
            raise Unusable(
                f"{file}, row {number}, column {name}: the cell holds a formula, which an export never does; export the file again, or save "
                f"it with values only."
            )
        if len(cell) > LONGEST:
            raise Unusable(f"{file}, row {number}, column {name}: the cell is longer than {LONGEST} characters; shorten it.")
    return Row(number, cells)


def _text(path: str, file: str, notes: Notes) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Unusable(f"{path}: this is not a regular file; name a CSV file.")
            raw = stream.read(LARGEST + 1)
    except OSError as problem:
        raise Unusable(f"{path}: the file cannot be read ({problem.strerror or problem}); make it readable.") from problem
    if len(raw) > LARGEST:
        raise Unusable(f"{file}: the file is larger than {LARGEST >> 20} MiB; export fewer machines at a time.")
    encodings = ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if encoding == "cp1252":
            notes.guess(file, "the file is not in UTF-8, and was read as Windows-1252", file)
        return text
    raise Unusable(f"{file}: the file is neither in UTF-8 nor in another encoding of spreadsheets; save it as CSV in UTF-8.")
