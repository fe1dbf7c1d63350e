"""Files that are written whole or not at all, and folders that one process writes at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import fnnet


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which replaces `path` when all of it is on the disk."""
    target = Path(os.path.realpath(path))  # a symbolic link stays one
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder if there is none, and lock it until the block or the process ends.

    The lock is on the folder itself, so nothing is left in it. A folder that another process has
    locked is refused: both would write the same files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            used = f"{folder} is in use by another run"
            raise fnnet.InputError(f"{used}: expected its end, or another --out") from None
        yield
    finally:
        os.close(handle)
