"""What every script needs: bad input and Ctrl-C end it properly, and percentages look alike."""

import os
import shlex
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from numpy.typing import NDArray

import fnnet

Array = NDArray[Any]


def require(condition: object, argument: str, value: object, expected: str) -> None:
    """Raise an InputError that names the argument, unless the condition holds."""
    if not condition:
        raise fnnet.InputError(f"{argument} is {value!r}: expected {expected}")


def percent(share: Any) -> str:
    """A share as the notebook prints it."""
    return f"{share * 100:.2f}%"


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
        # What typer refuses, such as an unknown option. It does not say what was given.
        if not hasattr(error, "format_message"):
            raise
        message = f"{error.format_message()} (given: {shlex.join(sys.argv[1:])})"
    print(f"{Path(sys.argv[0]).name}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _open_streams() -> None:
    """Let stdout and stderr take whatever is printed, even where they are closed or ASCII only."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by >&-
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, open(nowhere, "w", closefd=False))  # noqa: SIM115  # to the end
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):  # names may have letters that the encoding lacks
            stream.reconfigure(errors="backslashreplace")
