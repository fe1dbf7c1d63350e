"""Frozen records: attrs classes whose arrays nobody can write to.

Two records are equal when they are equal bit for bit, and equal ones hash alike. An array's field
reads `attrs.field(converter=read_only, eq=bits)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnnet._checks import array_of_numbers

__all__ = [
    "Array",
    "Figure",
    "Partial",
    "Record",
    "all_bits",
    "all_read_only",
    "as_figure",
    "bits",
    "figure_bits",
    "freeze",
    "read_only",
]

Array = NDArray[Any]
"""An array; shapes are given in the docstrings, where `...` are leading axes that broadcast."""

Figure = Any
"""A number for one network, a read-only array (K,) for a stack of K."""


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


def as_figure(values: ArrayLike) -> Figure:
    """An array as it is, read-only; an array of no axes as its number."""
    array = np.asarray(values)
    return read_only(array) if array.ndim else array.item()


def figure_bits(figure: Figure) -> object:
    """`bits` of a figure."""
    return bits(np.asarray(figure))


class Partial(partial[Any]):
    """A `functools.partial` that equals another one of the same function and arguments.

    Records hold functions with settings as a Partial of a module-level function: it is pickled as
    it is, and two records of equal settings are equal.

    >>> Partial(round, ndigits=1) == Partial(round, ndigits=1), Partial(pow, 2) == Partial(pow, 3)
    (True, False)
    """

    def _parts(self) -> tuple[Any, ...]:
        return self.func, self.args, tuple(sorted(self.keywords.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partial) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())
