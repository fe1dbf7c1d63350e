"""Data sets of one's own in CSV files: a sample a row, what is to be learnt among its columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from fnnet._checks import InputError, in_file, integer, refusal, require
from fnnet._records import Array
from fnnet.datasets.csv_file import Table, is_text, read_table
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.splitting import split

__all__ = ["Target", "class_names", "load_csv"]

Target = str | int | Sequence[str | int]
"""A column's name or number; several of them for several targets."""

_TASKS = ("classification", "binary", "regression")


def load_csv(
    path: str | os.PathLike[str],
    *,
    target: Target = -1,
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
        The column to be learnt, by its name or its number: from 0, or from the end below 0. For
        regression also several.
    task
        "classification": labels, the numbers in `class_names` of what the cells hold.
        "binary": the same for two classes, as targets 0.0 and 1.0, for a network of one output.
        "regression": the cells' numbers as targets.
        None: classification where all cells of the target are text, and where all are integers
        without a point, at most 20 different ones, each twice on average; regression where all are
        other numbers; a mixture of text and numbers is refused.
    delimiter
        What stands between the cells, one character.
    header
        Whether the first row holds the columns' names. None: it does where, in the columns in
        which the second row has a number, it has text: in all, for a mixture is refused.
    seed
        Of the `split`, which is stratified for classes.

    Returns
    -------
    Splits
        Features (n, n_in) of float64; labels (n,), or targets (n, 1) or (n, n_out) of float64.

    Raises
    ------
    InputError
        Where the file cannot be read, a row has other cells than the first, or a cell is empty or
        no finite number: with the line, from 1, and the column, by name or as `target` counts.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "animals.csv")
    ...     _ = path.write_text("legs,weight,animal\n" + "4,3.5,cat\n2,0.1,bird\n" * 10)
    ...     splits = load_csv(path, target="animal")
    ...     class_names(path, target="animal")
    ('bird', 'cat')
    >>> splits.train.x[0], splits.train.y[0]
    (array([4. , 3.5]), np.int64(1))
    """
    require(task in (None, *_TASKS), "task", task, f"None or one of {', '.join(_TASKS)}")
    integer("seed", seed, at_least=0)
    table = read_table(path, delimiter=delimiter, header=header)
    targets = _targets(table, target)
    features = [column for column in range(len(table.columns)) if column not in targets]
    require(features, f"{path}: target", target, "at least one column to be left as a feature")
    if task is None:
        task = _guess(table, targets)
    x = np.stack([table.numbers(column) for column in features], axis=1)
    if task == "regression":
        y = np.stack([table.numbers(column) for column in targets], axis=1)
    else:
        names, y = _classes(table, targets)
        is_fit = task == "classification" or len(names) == 2
        require(is_fit, f"{path}: target", names, "two classes for task='binary'")
    with in_file(path):
        splits = split(Dataset(x, y), seed=seed)
    if task == "binary":  # stratified as labels
        return Splits(*map(_as_targets, (splits.train, splits.validation, splits.test)))
    return splits


def class_names(
    path: str | os.PathLike[str],
    *,
    target: str | int = -1,
    delimiter: str = ",",
    header: bool | None = None,
) -> tuple[str, ...]:
    """What the labels 0 ... K-1 of `load_csv` stand for: the classes, sorted.

    They are sorted as numbers, and so written, where all of them are integers without a point;
    else as text. Parameters and errors are those of `load_csv`.
    """
    table = read_table(path, delimiter=delimiter, header=header)
    return _classes(table, _targets(table, target))[0]


def _targets(table: Table, target: Target) -> list[int]:
    if isinstance(target, str) or not isinstance(target, Sequence):
        target = (target,)
    columns = [*map(table.index, target)]
    expected = "a column, or several different ones"
    require(columns and len({*columns}) == len(columns), f"{table.path}: target", target, expected)
    return columns


def _guess(table: Table, targets: list[int]) -> str:
    if len(targets) > 1:
        return "regression"
    cells = table.columns[targets[0]]
    texts = [row for row, cell in enumerate(cells) if is_text(cell) and not _is_missing(cell)]
    if len(texts) + sum(map(_is_missing, cells)) == len(cells):
        return "classification"
    if texts:
        expected = "a number, as other rows have, or task='classification'"
        raise refusal(table.place(texts[0], targets[0]), cells[texts[0]], expected)
    integers = _integers(cells)
    few = integers is not None and len({*integers}) <= min(20, len(integers) / 2)
    return "classification" if few else "regression"


def _classes(table: Table, targets: list[int]) -> tuple[tuple[str, ...], Array]:
    """The names of the classes, and the label of each row (n,)."""
    require(len(targets) == 1, f"{table.path}: target", targets, "one column that names classes")
    cells = table.columns[targets[0]]
    for row, cell in enumerate(cells):
        if _is_missing(cell):
            raise InputError(f"{table.place(row, targets[0])} is {cell!r}: expected a class")
    values: Sequence[Any] = _integers(cells) or cells
    classes = sorted({*values})
    labels = {value: label for label, value in enumerate(classes)}
    return tuple(map(str, classes)), np.array([labels[value] for value in values])


def _is_missing(cell: str) -> bool:
    return cell.lower() in ("", "nan")


def _integers(cells: Sequence[str]) -> list[int] | None:
    try:
        return None if "_" in "".join(cells) else [*map(int, cells)]
    except ValueError:
        return None


def _as_targets(labelled: Dataset) -> Dataset:
    return attrs.evolve(labelled, y=labelled.y[:, np.newaxis].astype(np.float64), classes=None)
