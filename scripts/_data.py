"""The data sets that the scripts' option --data names."""

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import fnnet
from _common import require

_DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t"}


def data_option(default: str) -> Any:
    """The option --data, with the words for its default."""
    text = (
        "The embedded digits; MNIST, from the path in the environment variable FNNET_DATA or "
        "downloaded once; or the path of a folder of IDX files, a mnist.pkl.gz, an .npz, a .csv "
        "or a .tsv."
    )
    return typer.Option(metavar="digits|mnist|PATH", help=text, show_default=default)


Data = Annotated[str | None, data_option("the path in FNNET_DATA, or digits")]


def data_name(data: str | None) -> str:
    """`digits`, `mnist` or an absolute path; without --data, FNNET_DATA's path or the digits."""
    name = data or os.environ.get("FNNET_DATA") or "digits"
    return name if name in ("digits", "mnist") else str(Path(name).absolute())


def delimiter(name: str) -> str | None:
    """What separates the cells of the table with this name; None if it is no table's name."""
    return _DELIMITERS.get(Path(name.lower().removesuffix(".gz")).suffix)


def load_data(name: str, reading: Mapping[str, Any] | None = None) -> fnnet.Splits:
    """The data set with this `data_name`; `reading` has train.py's options that are for tables."""
    reading = reading or {}
    if cut := delimiter(name):
        columns = [_column(column) for column in (reading.get("target") or "-1").split(",")]
        return fnnet.load_csv(
            name,
            target=columns if len(columns) > 1 else columns[0],
            task=reading.get("task"),
            delimiter=cut,
            header=reading.get("header"),
        )
    for option, value in reading.items():
        require(value is None, f"--{option}", value, "a CSV in --data with it")
    if Path(name).suffix.lower() == ".npz":
        return fnnet.load_npz(name)
    if name == "digits":
        return fnnet.load_digits()
    if name == "mnist":
        return fnnet.load_mnist(os.environ.get("FNNET_DATA") or fnnet.download_mnist())
    return fnnet.load_mnist(name)


def class_names(name: str, reading: Mapping[str, Any]) -> list[str] | None:
    """The names of a table's classes; None for other data, whose classes have numbers only."""
    if cut := delimiter(name):
        column, header = _column(reading.get("target") or "-1"), reading.get("header")
        return list(fnnet.class_names(name, target=column, delimiter=cut, header=header))
    return None


def _column(target: str) -> str | int:
    return int(target) if re.fullmatch(r"\s*[+-]?\d+\s*", target) else target


def task_of(train: fnnet.Dataset, task: str | None = None) -> str:
    """Classification, binary (of one output) or regression: as asked for, else by the targets."""
    require(train.classes != 1, "the data's labels", "of one class", "two or more to tell apart")
    if task is not None:
        return task
    if train.classes is not None:
        return "classification"
    if not np.isin(train.y, (0, 1)).all():
        return "regression"
    if train.n_out == 1:
        return "binary"
    return "classification" if np.all(train.y.sum(axis=1) == 1) else "regression"


def digest_of(*datasets: fnnet.Dataset) -> str:
    """SHA-256, in hexadecimal, of all that training takes from data sets."""
    digest = sha256()
    for data in datasets:
        arrays = [array for array in (data.x, data.y, data.weights) if array is not None]
        kinds = data.scale, data.classes, [(array.dtype.str, array.shape) for array in arrays]
        digest.update(f"{kinds}\n".encode())
        for array in arrays:
            digest.update(array.tobytes())
    return digest.hexdigest()
