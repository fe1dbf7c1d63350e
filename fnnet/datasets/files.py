"""A user's own data: an `.npz` of arrays, or a CSV file (RFC 4180) with a sample in each row."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from fnnet._checks import InputError, integer, refusal, require
from fnnet._files import read_bytes, read_npz, reading
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits, as_rows
from fnnet.datasets.splitting import split

__all__ = ["class_names", "load_csv", "load_npz"]

_NPZ, _CSV = "an .npz file of arrays of numbers", "a CSV file"
_TASKS = ("classification", "binary", "regression")
_MISSING = ("", "nan")
_PARTS = ("x", "y", "x_validation", "y_validation", "x_test", "y_test")


def load_npz(path: str | os.PathLike[str], *, seed: int = 0) -> Splits:
    """The data set in an `.npz`, as `numpy.savez(path, x=x, y=y)` writes it.

    Parameters
    ----------
    path
        A file with the arrays `x`, inputs (n, n_in) or images (n, h, w), and `y`, integer labels
        (n,) or float targets (n, n_out) or (n,). It may also hold the other parts, `x_validation`,
        `y_validation`, `x_test` and `y_test`; a number `scale` that x is to be multiplied by;
        `weights` (n,), how much each sample of x counts in training; and nothing else.
    seed
        Of the `split` of a file that holds x and y alone.

    Returns
    -------
    Splits
        Images as rows (n, h * w), targets (n,) as (n, 1). All parts have the same classes.

    Raises
    ------
    InputError
        If the file is missing or damaged, or its arrays do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/xor.npz", x=np.eye(20, 3), y=np.arange(20) % 2)
    ...     [len(part) for part in load_npz(f"{folder}/xor.npz")]
    [14, 2, 4]
    """
    integer("seed", seed, at_least=0)
    entries = read_npz(path, _NPZ)
    with reading(path, _NPZ):
        arrays = entries.keys() - {"scale", "weights"}
        expected = f"x and y, or all of {', '.join(_PARTS)}"
        require(arrays in ({"x", "y"}, {*_PARTS}), "the file", sorted(entries), expected)
        labels = [entries[name] for name in arrays if name.startswith("y")]
        largest = [int(y.max(initial=0)) for y in labels if y.dtype.kind in "iu"]
        classes = max(largest) + 1 if largest else None  # one part may lack the largest label
        scale = entries["scale"].tolist() if "scale" in entries else 1.0
        parts = []
        for part in ("", "_validation", "_test")[: len(arrays) // 2]:
            x, y = (as_rows(entries[f"{name}{part}"]) for name in "xy")
            weights = None if part else entries.get("weights")
            with reading(f"x{part}, y{part}", _NPZ):
                parts.append(Dataset(x, y, scale=scale, weights=weights, classes=classes))
        return Splits(*parts) if len(parts) > 1 else split(*parts, seed=seed)


def load_csv(
    path: str | os.PathLike[str],
    *,
    target: str | int | Sequence[str | int] = -1,
    task: str | None = None,
    delimiter: str = ",",
    header: bool | None = None,
    seed: int = 0,
) -> Splits:
    r"""The data set in a CSV file, split at random: all columns but the target are features.

    Parameters
    ----------
    path
        The file: UTF-8, gzipped or not.
    target
        The column to learn, by its name or its number: from 0, or from the end below 0. For
        regression also several.
    task
        "classification": labels, the numbers of the classes in `class_names`. "binary": the same
        for two classes, as targets 0.0 and 1.0, for a network of one output. "regression": the
        cells' numbers as targets. None: classification where all cells of the target are text, or
        all are integers without a point, at most 20 different ones, each twice on average;
        regression where all are other numbers. Text and numbers together are refused.
    delimiter
        The character between the cells.
    header
        Whether the first row holds the columns' names. None: it does if, in all columns that have
        a number in the second row, it has text; text in only some of them is refused.
    seed
        Of the `split`, which is stratified for classes.

    Returns
    -------
    Splits
        Features (n, n_in) of float64; labels (n,), or targets (n, 1) or (n, n_out) of float64.

    Raises
    ------
    InputError
        If the file cannot be read, its rows differ in length, or a cell is empty or not a finite
        number: with the line, from 1, and the column, by name or as `target` counts.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "animals.csv")
    ...     _ = path.write_text("legs,weight,animal\n" + "4,3.5,cat\n2,0.1,bird\n" * 10)
    ...     load_csv(path, target="animal").train.x[0], class_names(path, target="animal")
    (array([4. , 3.5]), ('bird', 'cat'))
    """
    require(task in (None, *_TASKS), "task", task, f"None or one of {', '.join(_TASKS)}")
    integer("seed", seed, at_least=0)
    table = _read_table(path, delimiter, header)
    with reading(path, _CSV):
        targets = table.places(target)
        features = [column for column in range(len(table.columns)) if column not in targets]
        require(features, "target", target, "at least one column to be left as a feature")
        if task is None:
            task = "regression" if len(targets) > 1 else _guess_task(table, targets[0])
        x = np.stack([table.numbers(column) for column in features], axis=1)
        if task == "regression":
            y = np.stack([table.numbers(column) for column in targets], axis=1)
            return split(Dataset(x, y), seed=seed)
        names, labels = _classes(table, targets)
        splits = split(Dataset(x, labels), seed=seed)
        if task == "classification":
            return splits
        require(len(names) == 2, "target", names, "two classes for task='binary'")
        return Splits(*(attrs.evolve(p, y=p.y[:, np.newaxis] * 1.0, classes=None) for p in splits))


def class_names(
    path: str | os.PathLike[str],
    *,
    target: str | int = -1,
    delimiter: str = ",",
    header: bool | None = None,
) -> tuple[str, ...]:
    """What the labels 0 ... K-1 of `load_csv` stand for: the classes, sorted.

    They are sorted and written as numbers where all of them are integers without a point, else as
    text. Parameters and errors are those of `load_csv`.
    """
    table = _read_table(path, delimiter, header)
    with reading(path, _CSV):
        return _classes(table, table.places(target))[0]


@attrs.frozen
class _Table:
    """The columns' names, if any, the lines on which rows end, and the cells by columns."""

    names: Sequence[str]
    ends: Sequence[int]
    columns: Sequence[Sequence[str]]

    def refusal(self, row: int, column: int, expected: str) -> InputError:
        name = repr(self.names[column]) if self.names else column
        return refusal(f"line {self.ends[row]}, column {name}", self.columns[column][row], expected)

    def places(self, target: Any) -> list[int]:
        """The columns that a target gives by names or numbers, as numbers from 0."""
        width, places = len(self.columns), list[int]()
        is_one = isinstance(target, str) or not isinstance(target, Sequence)
        for column in [target] if is_one else target:
            if isinstance(column, str):
                known = ", ".join(self.names) or "a column's number, for the file has no header"
                require(self.names.count(column) == 1, "target", column, f"one of {known}")
                places.append(self.names.index(column))
            else:
                number = integer("target", column, at_least=-width)
                require(number < width, "target", number, f"a number of {-width} to {width - 1}")
                places.append(number % width)
        require(
            0 < len(places) == len({*places}), "target", target, "one or more different columns"
        )
        return places

    def numbers(self, column: int) -> Array:
        """The column as float64 (n,); a cell that is not a finite number is refused."""
        values = np.array([_number(cell) for cell in self.columns[column]], np.float64)
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            raise self.refusal(row, column, "a finite number")
        return values


def _read_table(path: str | os.PathLike[str], delimiter: str, header: bool | None) -> _Table:
    is_character = isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n'
    require(is_character, "delimiter", delimiter, "one character")
    require(header is None or isinstance(header, bool), "header", header, "True, False or None")
    data = read_bytes(path, _CSV)
    ends, rows = list[int](), list[list[str]]()
    with reading(path, _CSV):
        try:
            text = io.StringIO(data.decode("utf-8-sig").rstrip(), newline="")
            for row in (reader := csv.reader(text, delimiter=delimiter, strict=True)):
                ends.append(reader.line_num)
                rows.append([cell.strip() for cell in row])
                if len(row) != len(rows[0]):
                    expected = f"{len(rows[0])}, as in the first row"
                    raise InputError(f"line {ends[-1]} has {len(row)} cells: expected {expected}")
        except UnicodeDecodeError as error:
            line, byte = error.object.count(b"\n", 0, error.start) + 1, error.object[error.start]
            raise InputError(f"line {line} holds the byte 0x{byte:02x}: expected UTF-8") from None
        except csv.Error as error:
            raise InputError(f"line {reader.line_num} is damaged: {error}") from None
        require(rows, "the number of rows", 0, "at least 1")
        require(len(rows[0]) > 1, "line 1", rows[0], f"cells with {delimiter!r} between them")
        names = rows.pop(0) if (_has_header(rows) if header is None else header) else []
        require(rows, "the number of rows below the header", 0, "at least 1")
        return _Table(names, ends[-len(rows) :], [*zip(*rows, strict=True)])


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has text above the numbers of the second."""
    # A name left empty, or a value that is missing, tells nothing.
    above = [a for a, b in zip(rows[0], rows[:2][-1], strict=True) if a and _number(b) is not None]
    texts = [cell for cell in above if _number(cell) is None]
    expected = "text only or numbers only; or header=True or False, to tell if it is the header"
    require(len(texts) in (0, len(above)), "the first row, above numbers,", above, expected)
    return bool(texts)


def _guess_task(table: _Table, target: int) -> str:
    cells = table.columns[target]
    known = [row for row, cell in enumerate(cells) if cell.lower() not in _MISSING]
    texts = [row for row in known if _number(cells[row]) is None]
    if texts == known:
        return "classification"
    if texts:
        expected = "a number, as other rows have, or task='classification'"
        raise table.refusal(texts[0], target, expected)
    values = _values(cells)
    is_few = isinstance(values[0], int) and len({*values}) <= min(20, len(values) / 2)
    return "classification" if is_few else "regression"


def _classes(table: _Table, targets: list[int]) -> tuple[tuple[str, ...], Array]:
    """The names of the classes, and the label of each row (n,)."""
    require(len(targets) == 1, "target", targets, "one column that names classes")
    cells = table.columns[targets[0]]
    for row, cell in enumerate(cells):
        if cell.lower() in _MISSING:
            raise table.refusal(row, targets[0], "a class")
    values = _values(cells)
    labels = {value: label for label, value in enumerate(sorted({*values}))}
    return tuple(map(str, labels)), np.array([labels[value] for value in values])


def _values(cells: Sequence[str]) -> Sequence[Any]:
    """The cells as integers, if all of them are integers without a point; else as they are."""
    try:
        return cells if "_" in "".join(cells) else [*map(int, cells)]
    except ValueError:
        return cells


def _number(cell: str) -> float | None:
    """The cell's number, or None for text; 1_000 is a number in Python, but in no file."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
