"""Frozen records: attrs classes whose arrays nobody can write to.

Two records are equal when they are equal bit for bit, and equal ones hash alike. An array's field
reads `attrs.field(converter=read_only, eq=bits)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnnet._checks import array_of_numbers

__all__ = ["Array", "Record", "all_bits", "all_read_only", "bits", "freeze", "read_only"]

Array = NDArray[Any]
"""An array; shapes are given in the docstrings, where `...` are leading axes that broadcast."""


class Record:
    """Base of the records that hold arrays: a copied or unpickled one is as frozen as the first."""

    __slots__ = ()

    def __reduce__(self) -> str | tuple[Any, ...]:
        # attrs' own way would restore the fields as they come, with arrays that can be written to.
        kind: Any = type(self)  # an attrs class
        names = [field.name for field in attrs.fields(kind) if field.init]
        return _restored, (kind, {name: getattr(self, name) for name in names})


def _restored(kind: type[Record], fields: dict[str, Any]) -> Record:
    return kind(**fields)


def read_only(values: ArrayLike, argument: str = "array") -> Array:
    """The values as an array that nobody can write to: copied, unless that is so already."""
    array = array_of_numbers(argument, values)
    return array if _is_read_only(array) else freeze(array.copy())


def freeze(array: Array) -> Array:
    """An array fresh from a computation, not to be written to any more: the same memory.

    A record then takes it without a copy.
    """
    # Unlike an array's own flag, a read-only buffer cannot be made writable again.
    return np.asarray(memoryview(array.data).toreadonly())


def _is_read_only(array: Array) -> bool:
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return isinstance(owner, bytes) or (isinstance(owner, memoryview) and owner.readonly)


def bits(array: Array) -> tuple[str, tuple[int, ...], bytes]:
    """What arrays share that are equal bit for bit: -0.0 and 0.0 differ, a NaN equals itself."""
    return array.dtype.str, array.shape, array.tobytes()


def all_read_only(arrays: Iterable[ArrayLike]) -> tuple[Array, ...]:
    """`read_only` of each of the arrays."""
    return tuple(map(read_only, arrays))


def all_bits(arrays: Iterable[Any]) -> tuple[Any, ...]:
    """`bits` of each of the arrays, also of those in tuples among them."""
    return tuple(all_bits(each) if isinstance(each, tuple) else bits(each) for each in arrays)
