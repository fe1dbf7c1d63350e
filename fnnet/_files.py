"""Files read, with whatever is wrong told in one line; and files replaced whole or not at all."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from platform import node
from threading import get_ident
from typing import IO

import numpy as np

from fnnet._checks import InputError, as_path
from fnnet._records import Array

__all__ = ["read_bytes", "read_npz", "reading", "replacing"]


@contextmanager
def reading(name: str | os.PathLike[str], expected: str) -> Iterator[None]:
    """Any exception in here becomes an `InputError` of one line that names the file."""
    name = os.fspath(name)
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except KeyError as error:
        raise InputError(f"{name} has no {error}: expected {expected}") from None
    except Exception as error:  # a damaged file can raise almost any
        reason = " ".join(f"{getattr(error, 'strerror', None) or error}".split()) or repr(error)
        raise InputError(f"{name} cannot be read ({reason}): expected {expected}") from error


def read_bytes(path: str | os.PathLike[str], expected: str) -> bytes:
    """What the file holds, unpacked if it is gzipped."""
    file, gzip, size = as_path("path", path), 16 + zlib.MAX_WBITS, 2**15  # fits the cache
    with reading(path, expected), file.open("rb") as opened:
        piece = opened.read(size)
        if not piece.startswith(b"\x1f\x8b"):
            return piece + opened.read()
        unpacked, member = io.BytesIO(), zlib.decompressobj(gzip)
        while piece:
            while piece := piece.lstrip(b"\0") if member.eof else piece:
                member = zlib.decompressobj(gzip) if member.eof else member
                unpacked.write(member.decompress(piece))
                piece = member.unused_data
            piece = opened.read(size)
        if not member.eof:
            raise EOFError("its end is missing")
        return unpacked.getvalue()


def read_npz(path: str | os.PathLike[str], expected: str) -> dict[str, Array]:
    """The arrays of an `.npz` by their names. Python objects are refused, not unpickled."""
    file = as_path("path", path)
    with reading(path, expected), file.open("rb") as opened:
        npz = np.lib.npyio.NpzFile(opened, allow_pickle=False)  # np.load takes other formats, too
        return {name: np.asarray(npz[name]) for name in npz}


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` once all of it is on the disk.

    If that fails, `path` stays as it was, and an OSError names it. Of a symbolic link, the file
    that it leads to is replaced. A killed process leaves a hidden file beside it, which is removed
    when the same computer replaces `path` again (not on Windows).
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{node()}.{os.getpid()}.{get_ident()}.part")
    left = target.parent.glob(f".{escape(target.name)}.{escape(node())}.*.*.part")
    try:
        for other in left if os.name == "posix" else ():  # elsewhere, os.kill would kill
            with suppress(ValueError, OverflowError, OSError):  # no number; no right to do so
                try:
                    os.kill(int(other.name.split(".")[-3]), 0)
                except ProcessLookupError:
                    other.unlink()
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(part)):
            raise  # of another file
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()
