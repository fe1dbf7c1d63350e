"""Figures: a number for one network, an array (K,) for a stack of K; and what they come from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, require
from fnnet._records import Array, bits, read_only

__all__ = ["Figure", "as_figure", "figure_bits", "rows"]

Figure = Any
"""A number for one network, a read-only array (K,) for a stack of K."""


def as_figure(values: ArrayLike) -> Figure:
    """An array as it is, read-only; an array of no axes as its number."""
    array = np.asarray(values)
    return read_only(array) if array.ndim else array.item()


def figure_bits(figure: Figure) -> object:
    """`bits` of a figure."""
    return bits(np.asarray(figure))


def rows(argument: str, values: ArrayLike) -> Array:
    """The values as a finite array (..., n, units) of real numbers."""
    array = array_of_numbers(argument, values)
    are_rows = array.ndim >= 2 and array.size > 0 and array.dtype.kind in "iuf"
    require(are_rows, argument, array, "real numbers of shape (..., n, units), a row a sample")
    finite_array(argument, array)
    return array
