"""A folder that one process at a time writes its run in."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fnnet._checks import InputError

__all__ = ["alone", "lock"]


def lock(folder: Path) -> int:
    """Lock a folder, until the descriptor that comes back is closed or the process ends.

    It is the folder itself that is locked: nothing is left in there, however the process ends.

    Raises
    ------
    InputError
        Where another process has the lock: both would write the same files.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        expected = "its end, or another --out"
        raise InputError(f"{folder} is in use by another run: expected {expected}") from None
    return handle


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock a folder, which is made where there is none, until the block ends; errors as `lock`."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = lock(folder)
    try:
        yield
    finally:
        os.close(handle)
