"""Frozen records: attrs classes with read-only arrays, equal if they are equal bit for bit.

A field with an array is `attrs.field(converter=read_only, eq=bits)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnnet._checks import array_of_numbers

__all__ = ["Array", "Figure", "Partial", "Record", "all_bits", "all_read_only", "as_figure"]
__all__ += ["bits", "figure_bits", "freeze", "read_only"]

Array = NDArray[Any]
"""An array. Docstrings give its shape, in which `...` are leading axes that broadcast."""

Figure = Any
"""A number for one network, a read-only array (K,) for a stack of K."""


class Record:
    """Base of the records with arrays: copied or unpickled ones are read-only, too."""

    __slots__ = ()

    def __reduce__(self) -> str | tuple[Any, ...]:
        # By the constructor: attrs itself would restore arrays that can be written to.
        kind: Any = type(self)  # an attrs class
        fields = {each.name: getattr(self, each.name) for each in attrs.fields(kind) if each.init}
        return partial(kind, **fields), ()


def read_only(values: ArrayLike, argument: str = "array") -> Array:
    """The values as a read-only array: a copy, unless nobody can write to the array itself."""
    array = array_of_numbers(argument, values)
    owner: object = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    is_safe = isinstance(owner, bytes) or (isinstance(owner, memoryview) and owner.readonly)
    return array if is_safe else freeze(array.copy())


def freeze(array: Array) -> Array:
    """A new array, read-only from now on, without a copy; `read_only` returns it as it is."""
    # A read-only buffer, unlike an array's own flag, cannot be made writable again.
    return np.asarray(memoryview(array.data).toreadonly())


def bits(array: Array) -> tuple[str, tuple[int, ...], bytes]:
    """Equal for arrays of equal bits: -0.0 and 0.0 differ, a NaN equals itself."""
    return array.dtype.str, array.shape, array.tobytes()


def all_read_only(arrays: Iterable[ArrayLike]) -> tuple[Array, ...]:
    """`read_only` of each array."""
    return tuple(map(read_only, arrays))


def all_bits(arrays: Iterable[Any]) -> tuple[Any, ...]:
    """`bits` of each array, also in nested tuples."""
    return tuple(all_bits(each) if isinstance(each, tuple) else bits(each) for each in arrays)


def as_figure(values: ArrayLike) -> Figure:
    """The values as a read-only array, or as a number if they have no axes."""
    array = np.asarray(values)
    return read_only(array) if array.ndim else array.item()


def figure_bits(figure: Figure) -> object:
    """`bits` of a figure."""
    return bits(np.asarray(figure))


class Partial(partial[Any]):
    """A `functools.partial` that equals another of the same function and arguments.

    Records hold functions with settings in it, so records of equal settings are equal. It can be
    pickled if the function is one of a module.
    """

    def _parts(self) -> tuple[Any, ...]:
        return self.func, self.args, tuple(sorted(self.keywords.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partial) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())
