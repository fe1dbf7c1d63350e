"""Class labels: the numbers of classes, and the targets that they stand for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fnnet._checks import LARGEST_ARRAY, InputError, array_of_numbers, as_dtype, integer, require
from fnnet._records import Array

__all__ = ["check_labels", "one_hot"]


def one_hot(labels: ArrayLike, classes: int, *, dtype: DTypeLike = np.float32) -> Array:
    """Targets from class labels: 1 in the label's place, 0 in the others.

    Parameters
    ----------
    labels
        Integers of 0 to classes-1, shape (...,).
    classes
        How many classes there are, at least 1.
    dtype
        The targets' dtype.

    Returns
    -------
    Array
        Shape (..., classes).

    Raises
    ------
    InputError
        Where a label is no integer of that range, or dtype none of numbers.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    labels = array_of_numbers("labels", labels)
    as_dtype("dtype", dtype, "biufc", "a dtype of numbers")
    classes = integer("classes", classes, at_least=1)
    require(classes <= LARGEST_ARRAY, "classes", classes, "as many as an array can hold")
    check_labels("labels", labels, classes)
    return np.asarray(labels[..., np.newaxis] == np.arange(classes), dtype)


def check_labels(argument: str, labels: Array, classes: int) -> None:
    """Refuse what is not an array of integers of 0 to classes-1."""
    require(labels.dtype.kind in "iu", argument, labels, "integer class labels")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        outside = labels[(labels < 0) | (labels >= classes)].flat[0]
        raise InputError(f"{argument} is {outside}: expected class labels of 0 to {classes - 1}")
