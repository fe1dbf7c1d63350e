"""CSV files as columns of text, each cell with the line and the column that it stands in.

Format: RFC 4180, read by the standard library's csv module.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from fnnet._checks import InputError, as_path, integer, refusal, require
from fnnet._records import Array
from fnnet.datasets.idx import read_bytes

__all__ = ["Table", "is_text", "read_table"]


@attrs.frozen
class Table:
    """The cells of a CSV file, stripped of the spaces around them.

    Attributes
    ----------
    path
        The file, for the errors.
    names
        The columns' names, or none where the file has no header.
    lines
        The line that each row ends at, counted from 1.
    columns
        The rows' cells, column by column.
    """

    path: Path
    names: tuple[str, ...]
    lines: tuple[int, ...]
    columns: tuple[tuple[str, ...], ...]

    def place(self, row: int, column: int) -> str:
        """Where a cell stands, in words."""
        name = repr(self.names[column]) if self.names else column
        return f"{self.path}, line {self.lines[row]}, column {name}"

    def index(self, column: Any) -> int:
        """The number of a column that is given by its name or its number, from the end if below 0.

        >>> Table(Path("a.csv"), ("age", "size"), (), ((), ())).index("size")
        1
        """
        argument, width = f"{self.path}: target", len(self.columns)
        if isinstance(column, str):
            known = ", ".join(self.names) or "a column's number, for the file has no header"
            require(self.names.count(column) == 1, argument, column, f"one of {known}")
            return self.names.index(column)
        number = integer(argument, column, at_least=-width)
        require(number < width, argument, column, f"a name, or a number of {-width} to {width - 1}")
        return number % width

    def numbers(self, column: int) -> Array:
        """The column as float64 (n,); a cell that is no finite number is refused."""
        cells = self.columns[column]
        try:
            values = np.array([*map(float, cells)])
        except ValueError:
            values = np.array([np.nan])
        if "_" in "".join(cells) or not np.isfinite(values).all():
            row = next(row for row, cell in enumerate(cells) if not _is_finite(cell))
            raise refusal(self.place(row, column), cells[row], "a finite number")
        return values


def is_text(cell: str) -> bool:
    """Whether the cell is no number at all; 1_000 is one in Python, but in no file."""
    try:
        float(cell)
    except ValueError:
        return True
    return "_" in cell


def _is_finite(cell: str) -> bool:
    return not is_text(cell) and math.isfinite(float(cell))


def read_table(
    path: str | os.PathLike[str], *, delimiter: str = ",", header: bool | None = None
) -> Table:
    """Read a CSV file, UTF-8, gzipped or not, with a byte order mark or not.

    Parameters are those of `load_csv`.

    Raises
    ------
    InputError
        Where the file is missing or damaged, has no rows, rows of different lengths or one column,
        or a first row that may be a header or not.
    """
    path = as_path("path", path)
    is_character = isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n'
    require(is_character, "delimiter", delimiter, "one character")
    require(header is None or isinstance(header, bool), "header", header, "True, False or None")
    lines, rows = _rows(path, _text(path), delimiter)
    names = tuple(rows[0]) if header or (header is None and _has_header(path, rows)) else ()
    if names:
        lines, rows = lines[1:], rows[1:]
    require(rows, f"{path}", ",".join(names), "rows below the header")
    return Table(path, names, tuple(lines), tuple(zip(*rows, strict=True)))


def _text(path: Path) -> str:
    try:
        return read_bytes(path, "a CSV file").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = f"0x{error.object[error.start]:02x}"
        raise InputError(f"{path}, line {line} holds the byte {byte}: expected UTF-8") from None


def _rows(path: Path, text: str, delimiter: str) -> tuple[list[int], list[list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines, rows = list[int](), list[list[str]]()
    try:
        for row in reader:
            rows.append([cell.strip() for cell in row])
            lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num} is damaged: {error}") from None
    while rows and rows[-1] in ([], [""]):
        del rows[-1], lines[-1]
    if not rows:
        raise InputError(f"{path} is empty: expected rows of numbers")
    width = len(rows[0])
    require(width > 1, f"{path}, line 1", rows[0], f"cells with {delimiter!r} between them")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            held = f"{path}, line {line} has {len(row)} cells"
            raise InputError(f"{held}: expected {width}, as in the first row")
    return lines, rows


def _has_header(path: Path, rows: Sequence[Sequence[str]]) -> bool:
    if len(rows) == 1:
        return False
    # A name left empty, or a value that is missing, tells nothing.
    above = [
        first for first, second in zip(*rows[:2], strict=True) if first and not is_text(second)
    ]
    texts = [first for first in above if is_text(first)]
    if 0 < len(texts) < len(above):
        held = f"{path}: the first row has text above numbers, {texts[0][:20]!r}, and numbers"
        raise InputError(f"{held}: expected to be told if it is the header: header=True or False")
    return bool(texts)
