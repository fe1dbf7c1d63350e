"""What the scripts share: how data is named, and how bad input and Ctrl-C end them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import fnnet
from fnnet.checks import require

_TABLES = (".csv", ".tsv", ".txt")

Data = Annotated[
    str | None,
    typer.Option(
        metavar="digits|mnist|PATH",
        help="The embedded digits; MNIST, downloaded once; or a folder of IDX files, a "
        "mnist.pkl.gz, an .npz or a .csv. The environment variable FNNET_DATA names one to take "
        "instead of the embedded digits, and for mnist instead of the download.",
        show_default="digits",
    ),
]


def data_name(data: str | None) -> str:
    """What `--data` names, in full; left out, it is FNNET_DATA's folder, or the digits."""
    name = data or os.environ.get("FNNET_DATA") or "digits"
    return name if name in ("digits", "mnist") else str(Path(name).absolute())


def load_data(data: str | None, target: str | None = None, task: str | None = None) -> fnnet.Splits:
    """The data set that `--data` names; of a CSV, the column to learn, and how."""
    name = data_name(data)
    if Path(name).suffix in _TABLES:
        return fnnet.load_csv(name, target=_column(target), task=task)
    for option, value in {"--target": target, "--task": task}.items():
        require(value is None, option, value, "a CSV in --data with it")
    if Path(name).suffix == ".npz":
        return fnnet.load_npz(name)
    if name == "digits":
        return fnnet.load_digits()
    if name == "mnist":
        return fnnet.load_mnist(os.environ.get("FNNET_DATA") or fnnet.download_mnist())
    return fnnet.load_mnist(name)


def _column(target: str | None) -> str | int:
    try:
        return -1 if target is None else int(target)
    except ValueError:
        return str(target)


def is_regression(data: fnnet.Dataset) -> bool:
    """Whether there are targets to come near to, and no classes to tell apart."""
    return data.classes is None and not np.isin(data.y, (0, 1)).all()


def run(main: Callable[..., None]) -> None:
    """Run a script's main function: bad input ends it with one line and exit code 2."""
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    app.command()(main)
    try:
        sys.exit(app(standalone_mode=False))
    except (fnnet.InputError, fnnet.DivergenceError, OSError) as error:
        message = str(error)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # typer's own refusals, of an unknown option say; they do not tell what was given.
        if not hasattr(error, "format_message"):
            raise
        message = f"{error.format_message()} (given: {shlex.join(sys.argv[1:])})"
    print(f"{Path(sys.argv[0]).name}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def percent(evaluation: fnnet.Evaluation) -> str:
    """The accuracy as the notebook prints it."""
    return f"{evaluation.accuracy * 100:.2f}%"
