"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from platform import node
from threading import get_ident
from typing import IO

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when all of it is on the disk.

    Whatever happens before, a full disk or a kill, leaves at `path` what was there. A symbolic link
    stays, and what it leads to is replaced. Of a process that is killed a hidden file is left
    beside it, `.NAME.HOST.PID.THREAD.part`, until the same computer replaces `path` again (on
    Windows, for good).

    Raises
    ------
    OSError
        That names `path`, where its folder or its disk cannot take it.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{node()}.{os.getpid()}.{get_ident()}.part")
    try:
        _remove_left(target)
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(part)):
            raise  # not of this file
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _remove_left(target: Path) -> None:
    """Remove what processes of this computer left beside `target` that are no longer there."""
    if os.name != "posix":
        return  # os.kill would end the process that it is to look for
    for part in target.parent.glob(f".{escape(target.name)}.{escape(node())}.*.*.part"):
        with suppress(ValueError, OverflowError, OSError):  # no number; no right to do so
            try:
                os.kill(int(part.name.split(".")[-3]), 0)
            except ProcessLookupError:
                part.unlink()
