"""Figures: a number for one network, an array (K,) for a stack of K; and what they come from."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, require
from fnnet._records import Array

__all__ = ["rows"]


def rows(argument: str, values: ArrayLike) -> Array:
    """The values as a finite array (..., n, units) of real numbers."""
    array = array_of_numbers(argument, values)
    are_rows = array.ndim >= 2 and array.size > 0 and array.dtype.kind in "iuf"
    require(are_rows, argument, array, "real numbers of shape (..., n, units), a row a sample")
    finite_array(argument, array)
    return array
