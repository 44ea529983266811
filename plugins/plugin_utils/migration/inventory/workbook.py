# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An XLSX workbook as tables. It is looked at before it is parsed, since a workbook is a stranger's archive.

ECMA-376 part 1, 18.3: a sheet is an XML part of a ZIP archive, its cells are named such as C7, and a cell whose value is calculated has
an element f. calamine reads the values, far faster than anything in Python, but lays a sheet out as a rectangle, so two far
cells would take all memory.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from typing import IO, Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import LARGEST as LARGEST_XML
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import values
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Row, Table

LARGEST = 128 << 20
# Unpacked, of all parts together.
LARGEST_UNPACKED = 512 << 20
MOST_PARTS = 2_000
# Spreadsheets end at row 1,048,576 and column XFD; inventories far before that.
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 300_000, 1_024, 20_000_000
_PIECE = 1 << 20
# A piece of a part overlaps with the next by what a cell's element can be long, up to its formula.
_OVERLAP = 512
# Cells with something in them: those that are empty, as spreadsheets leave them down to their last row, take no room.
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>(?!</)')
# A cell without a name is counted from the row in which it is.
_NAMELESS = re.compile(rb"<(?:\w+:)?c(?![^>]*\br=)[^>]*(?<!/)>(?!</)")
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="()([0-9]{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CREATED = re.compile(rb"<dcterms:created[^>]*>\s*([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Workbook:
    """A workbook of a path, of which the sheets are read one at a time."""

    def __init__(self, path: str, notes: Notes) -> None:
        self.file, self._path, self._notes = os.path.basename(path), path, notes
        self._parts = self._checked()
        self._calamine: Any = None

    @property
    def sheets(self) -> list[str]:
        return list(self._parts)

    @property
    def created(self) -> str:
        """The day on which the workbook was made, as it says itself."""
        with zipfile.ZipFile(self._path) as archive:
            try:
                found = _CREATED.search(_small(archive, "docProps/core.xml"))
            except KeyError:
                return ""
        return found[1].decode() if found else ""

    def table(self, sheet: str, columns: Sequence[str]) -> Table | None:
        """A sheet, or None where there is none. Its headings are in the first row that has one of these columns."""
        name = next((name for name in self._parts if name.lower() == sheet.lower()), None)
        if name is None:
            return None
        self._look_at(name)
        cells = self._cells(name)
        header = next((index for index, row in enumerate(cells[:20]) if set(map(values.plain, row)) & set(columns)), None)
        if header is None:
            raise Unusable(f"{self.file}, sheet {name}, row 1: there is no heading {' or '.join(columns)}; export the file again.")
        rows = [Row(index + 1, row) for index, row in enumerate(cells) if index > header and any(cell not in ("", None) for cell in row)]
        return Table(self.file, name, cells[header], rows, self._notes)

    # -- before it is parsed ------------------------------------------------------

    def _checked(self) -> dict[str, str]:
        """The part of each sheet, of an archive that is one and unpacks to a bearable size."""
        try:
            if os.path.getsize(self._path) > LARGEST:
                raise Unusable(f"{self.file}: the file is larger than {LARGEST >> 20} MiB; export fewer machines at a time.")
            with zipfile.ZipFile(self._path) as archive:
                listed = archive.infolist()
                if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > LARGEST_UNPACKED:
                    raise Unusable(
                        f"{self.file}: the workbook unpacks to more than an inventory can be; it may be a ZIP bomb: do not open it."
                    )
                return self._sheet_parts(archive)
        except OSError as problem:
            raise Unusable(f"{self._path}: the file cannot be read ({problem.strerror or problem}); make it readable.") from problem
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError, BadXml, EOFError) as problem:
            raise Unusable(
                f"{self.file}: this is no whole XLSX workbook ({_reason(problem)}); export it again without a password."
            ) from problem

    @staticmethod
    def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
        relations = tree(_small(archive, "xl/_rels/workbook.xml.rels"))
        targets = {each.get("Id", ""): each.get("Target", "") for each in relations}
        sheets = tree(_small(archive, "xl/workbook.xml")).findall(f"{_MAIN}sheets/{_MAIN}sheet")
        named = {each.get("name", ""): targets.get(each.get(_RELATION, ""), "") for each in sheets}
        return {name: target.lstrip("/") if target.startswith("/") else f"xl/{target}" for name, target in named.items() if target}

    def _look_at(self, sheet: str) -> None:
        """Refuse formulas, and cells so far out that a rectangle around them would not fit into memory."""
        last, rows, columns = "A1", 0, 0
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._parts[sheet]) as stream:
                for piece in _pieces(stream):
                    formula = _FORMULA.search(piece)
                    end = formula.start() if formula else len(piece)
                    nameless = _ROW.findall(piece, 0, end) if _NAMELESS.search(piece, 0, end) else []
                    for letters, number in [*nameless, *_CELL.findall(piece, 0, end)]:
                        rows, columns = max(rows, int(number)), max(columns, _column(letters))
                        last = f"{letters.decode()}{number.decode()}" if letters else last
                    if formula:
                        row, column = re.sub("[A-Z]", "", last), re.sub("[0-9]", "", last)
                        raise Unusable(
                            f"{self.file}, sheet {sheet}, row {row}, column {column}: the cell holds a formula, which an export never does; "
                            f"export the file again, or save it with values only."
                        )
                    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
                        raise Unusable(
                            f"{self.file}, sheet {sheet}, row {rows}, column {last.rstrip('0123456789')}: there is a cell further out than "
                            f"any inventory goes; delete what is below and beside the table."
                        )
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError, EOFError, OSError) as problem:
            raise Unusable(
                f"{self.file}, sheet {sheet}: the sheet is cut off or damaged ({_reason(problem)}); export it again."
            ) from problem

    # -- and then --------------------------------------------------------------------

    def _cells(self, sheet: str) -> list[list[Any]]:
        try:
            import python_calamine
        except ImportError as problem:
            raise Unusable(
                f"{self.file}: reading XLSX needs the Python library python-calamine on the controller; install it, or export as CSV."
            ) from problem
        try:
            if self._calamine is None:
                self._calamine = python_calamine.CalamineWorkbook.from_path(self._path)
            cells: list[list[Any]] = self._calamine.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        except (python_calamine.CalamineError, ValueError, OSError) as problem:
            raise Unusable(f"{self.file}, sheet {sheet}: the sheet cannot be read ({_reason(problem)}); export it again.") from problem
        return cells


def _small(archive: zipfile.ZipFile, part: str) -> bytes:
    """A part that no workbook has large; of a larger one only so much that its reader refuses it."""
    with archive.open(part) as stream:
        return stream.read(LARGEST_XML + 1)


def _pieces(stream: IO[bytes]) -> Any:
    """The text of a part piece by piece, each with the end of the one before."""
    rest = b""
    while piece := stream.read(_PIECE):
        if b"\0" in piece:
            raise zipfile.BadZipFile("a part is not in UTF-8")
        yield rest + piece
        rest = piece[-_OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _reason(problem: BaseException) -> str:
    return " ".join(str(problem).split())[:200].rstrip(".") or type(problem).__name__
