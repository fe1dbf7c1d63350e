"""`.npz` archives of plain arrays: read without pickle, and refused in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from fnnet._checks import InputError, existing_file
from fnnet._records import Array

__all__ = ["read_npz", "reading"]


def read_npz(path: str | os.PathLike[str], expected: str) -> dict[str, Array]:
    """The arrays of an archive by their names; `expected` says what it should be a file of."""
    found = existing_file("path", path, expected)
    # Opened here, for np.load leaves open what turns out to be no archive, and advises to unpickle
    # what it does not know.
    with reading(path, expected), found.open("rb") as file:
        is_archive = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        file.seek(0)
        if not is_archive:
            raise ValueError("no .npz archive")
        with np.load(file, allow_pickle=False) as npz:
            entries = dict(npz)
        for name, entry in entries.items():
            if not isinstance(entry, np.ndarray):
                raise ValueError(f"{name} is no array")
        return entries


@contextmanager
def reading(path: str | os.PathLike[str], expected: str) -> Iterator[None]:
    """Whatever is wrong with the file comes out as one line that names it."""
    name = os.fspath(path)
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except KeyError as error:
        raise InputError(f"{name} has no {error}: expected {expected}") from None
    except Exception as error:  # there is hardly one that a damaged archive cannot raise
        reason = " ".join(str(error).split()) or type(error).__name__
        reason = "Python objects in it" if "pickle" in reason else reason
        raise InputError(f"{name} cannot be read ({reason}): expected {expected}") from error
