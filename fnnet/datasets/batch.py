"""What one gradient step learns from: some samples, their labels or targets, and their weights."""

from __future__ import annotations

import attrs
from numpy.typing import ArrayLike

from fnnet._checks import InputError, finite_array, require
from fnnet._records import Array, Record, bits, read_only

__all__ = ["Batch", "as_weights", "bits_if_any", "check_weights"]


def _as_x(x: ArrayLike) -> Array:
    return read_only(x, "x")


def _as_y(y: ArrayLike) -> Array:
    return read_only(y, "y")


def as_weights(weights: ArrayLike | None) -> Array | None:
    """Weights of samples as a record keeps them, if there are any."""
    return None if weights is None else check_weights(read_only(weights, "weights"))


def check_weights(weights: Array) -> Array:
    """Refuse weights of samples that are no finite numbers of at least 0."""
    is_real = weights.dtype.kind in "biuf"
    require(is_real and weights.ndim > 0, "weights", weights, "a real number for each sample")
    finite_array("weights", weights)
    if weights.size and weights.min() < 0:
        raise InputError(f"weights has {weights.min()}: expected numbers of at least 0")
    return weights


def bits_if_any(array: Array | None) -> object:
    """`bits` of the array, if there is one."""
    return None if array is None else bits(array)


@attrs.frozen
class Batch(Record):
    """The samples of one gradient step.

    Attributes
    ----------
    x
        Inputs, shape (n, n_in); (K, n, n_in) with a batch of its own for each of K networks.
    y
        Targets (..., n, n_out) of a float dtype, or class labels (..., n) of an integer dtype.
    weights
        How much each sample's cost counts in the mean, (..., n), or None: each counts 1.

    Raises
    ------
    InputError
        Where x or y is no array of numbers, or a weight no finite number of at least 0. Whether
        they fit a network is for the functions to say that take both.

    Examples
    --------
    >>> batch = Batch([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], [1, 0])
    >>> batch.x.shape, batch.y
    ((2, 3), array([1, 0]))
    """

    x: Array = attrs.field(converter=_as_x, eq=bits)
    y: Array = attrs.field(converter=_as_y, eq=bits)
    weights: Array | None = attrs.field(
        default=None, converter=as_weights, eq=bits_if_any, kw_only=True
    )
