"""What the scripts share: how data is named, and how bad input and Ctrl-C end them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

import fnnet
from fnnet._checks import require

_DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t"}

Data = Annotated[
    str | None,
    typer.Option(
        metavar="digits|mnist|PATH",
        help="The embedded digits; MNIST, downloaded once; or a folder of IDX files, a "
        "mnist.pkl.gz, an .npz, a .csv or a .tsv. The environment variable FNNET_DATA names one "
        "to take instead of the embedded digits, and for mnist instead of the download.",
        show_default="digits",
    ),
]


def data_name(data: str | None) -> str:
    """What `--data` names, in full; left out, it is FNNET_DATA's folder, or the digits."""
    name = data or os.environ.get("FNNET_DATA") or "digits"
    return name if name in ("digits", "mnist") else str(Path(name).absolute())


class Reading(NamedTuple):
    """How a table is read: train.py's options of these names."""

    target: str | None = None
    task: str | None = None
    header: bool | None = None


_PLAIN = Reading()


def load_data(data: str | None, reading: Reading = _PLAIN) -> fnnet.Splits:
    """The data set that `--data` names."""
    name = data_name(data)
    if delimiter := _delimiter(name):
        target, task, header = reading
        return fnnet.load_csv(
            name, target=_columns(target), task=task, delimiter=delimiter, header=header
        )
    for option, value in reading._asdict().items():
        needed = "a CSV in --data with it: other data tell it themselves"
        require(value is None, f"--{option}", value, needed)
    if Path(name).suffix.lower() == ".npz":
        return fnnet.load_npz(name)
    if name == "digits":
        return fnnet.load_digits()
    if name == "mnist":
        return fnnet.load_mnist(os.environ.get("FNNET_DATA") or fnnet.download_mnist())
    return fnnet.load_mnist(name)


def class_names(data: str | None, reading: Reading) -> list[str] | None:
    """What the classes are called in a table; of other data None: they have numbers alone."""
    name = data_name(data)
    delimiter = _delimiter(name)
    if delimiter is None:
        return None
    target = _column(reading.target or "-1")
    names = fnnet.class_names(name, target=target, delimiter=delimiter, header=reading.header)
    return list(names)


def is_table(data: str | None) -> bool:
    """Whether `--data` names a file that options say how to read."""
    return _delimiter(data_name(data)) is not None


def digest_of(*datasets: fnnet.Dataset) -> str:
    """SHA-256, in hexadecimal, over all that training takes from data sets."""
    digest = sha256()
    for data in datasets:
        arrays = [array for array in (data.x, data.y, data.weights) if array is not None]
        made_up = data.scale, data.classes, [(array.dtype.str, array.shape) for array in arrays]
        digest.update(f"{made_up}\n".encode())
        for array in arrays:
            digest.update(array.tobytes())
    return digest.hexdigest()


def _delimiter(name: str) -> str | None:
    """What stands between the cells, if this is the name of a table."""
    return _DELIMITERS.get(Path(name.lower().removesuffix(".gz")).suffix)


def _columns(target: str | None) -> str | int | list[str | int]:
    columns = [_column(column) for column in (target or "-1").split(",")]
    return columns if len(columns) > 1 else columns[0]


def _column(target: str) -> str | int:
    try:
        return int(target)
    except ValueError:
        return target


def task_of(train: fnnet.Dataset, task: str | None = None) -> str:
    """Classification, binary (of one output) or regression: as told, or as the targets look."""
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


def run(main: Callable[..., None]) -> None:
    """Run a script's main function: bad input ends it with one line and exit code 2."""
    _open_streams()
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    app.command()(main)
    try:
        sys.exit(app(standalone_mode=False))
    except (fnnet.InputError, fnnet.DivergenceError, OSError) as error:
        message = str(error)
    except MemoryError as error:
        message = f"not enough memory: {error}"
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # typer's own refusals, of an unknown option say; they do not tell what was given.
        if not hasattr(error, "format_message"):
            raise
        message = f"{error.format_message()} (given: {shlex.join(sys.argv[1:])})"
    print(f"{Path(sys.argv[0]).name}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _open_streams() -> None:
    """Let stdout and stderr take whatever is printed, however they were handed over."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by >&-: then nothing is shown
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, open(nowhere, "w", closefd=False))  # noqa: SIM115  # to the end
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):  # a name may have what its encoding has not
            stream.reconfigure(errors="backslashreplace")


def percent(evaluation: fnnet.Evaluation) -> str:
    """The accuracy as the notebook prints it."""
    return f"{evaluation.accuracy * 100:.2f}%"
