"""IDX files, the form MNIST is published in: a header that gives the shape, then the values.

Format: http://yann.lecun.com/exdb/mnist/ ("the IDX file format").
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from fnnet._checks import InputError, as_path
from fnnet._records import Array

__all__ = ["read_bytes", "read_idx"]

_GZIP = b"\x1f\x8b"
_WITH_HEADER = 16 + zlib.MAX_WBITS
_PIECE = 2**15
"""Bytes unpacked at once: what they become stays in the cache until it is copied."""
_UNSIGNED_BYTES = 0x08


def read_idx(path: str | os.PathLike[str]) -> Array:
    """The array that an IDX file of unsigned bytes holds.

    Parameters
    ----------
    path
        The file, gzipped or not.

    Returns
    -------
    Array
        uint8, of the shape that the file's header gives; read-only.

    Raises
    ------
    InputError
        Where the file is missing, damaged, or something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    ...     read_idx(path)
    array([7, 9], dtype=uint8)
    """
    path = as_path("path", path)
    data = _single_member(path) or read_bytes(path, "an IDX file")
    if len(data) < 4 or data[:2] != b"\0\0":
        start = f"starts with the bytes {data[:4].hex(' ')}" if data else "is empty"
        raise InputError(f"{path} {start}: expected an IDX file, gzipped or not")
    code, ndim = data[2], data[3]
    if code != _UNSIGNED_BYTES:
        raise InputError(f"{path} has the IDX type 0x{code:02x}: expected 0x08, unsigned bytes")
    offset = 4 + 4 * ndim
    if len(data) < offset:
        raise InputError(f"{path} ends within its header: expected the sizes of {ndim} dimensions")
    shape = struct.unpack_from(f">{ndim}I", data, offset=4)
    if len(data) - offset != math.prod(shape):
        counts = " x ".join(map(str, shape))
        held = f"{path} holds {len(data) - offset} values"
        raise InputError(f"{held}: expected {counts}, as its header says")
    try:
        return np.frombuffer(data, np.uint8)[offset:].reshape(shape)
    except ValueError as error:  # sizes that no array can have
        raise InputError(f"{path} has {ndim} dimensions ({error}): expected fewer") from None


def read_bytes(path: Path, expected: str) -> bytes:
    """What the file holds, unpacked where it is gzipped; `expected` tells the errors what it is."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): expected {expected}") from None
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is damaged ({error}): expected {expected}, gzipped") from None


def _single_member(path: Path) -> bytes | None:
    """What a gzip file of a single member holds, in three quarters of `gzip.decompress`'s time.

    Piece by piece: neither the packed file nor a second copy of what it holds takes memory. None
    where the file is anything else than one whole member: to read it all the same, or to say what
    is wrong, is for `read_bytes`.
    """
    member, unpacked = zlib.decompressobj(_WITH_HEADER), io.BytesIO()
    if not path.is_file():  # what is read from a pipe is gone
        return None
    try:
        with path.open("rb") as file:
            while not member.eof and (packed := file.read(_PIECE)):
                unpacked.write(member.decompress(packed))
            is_all = member.eof and not member.unused_data and not file.read(1)
    except (OSError, zlib.error):
        return None
    return unpacked.getvalue() if is_all else None
