"""A caller's x, y and weights, checked against a network and laid out for the two passes.

Inputs are rows that end in a one, which the biases are multiplied with; targets are columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, array_of_numbers, finite_array, refusal, require
from fnnet._records import Array, freeze
from fnnet.datasets.dataset import check_labels, check_weights
from fnnet.network.params import Params

__all__ = ["Samples", "as_inputs", "as_samples", "leading_axes", "per_network", "sample_scale"]
__all__ += ["target_columns", "with_ones"]

Samples = tuple[Array, Array, Array | None]
"""A mini batch: inputs (..., n, n_in + 1), targets (..., n_out, n), weights (..., n) or None."""


def with_ones(x: Array, scale: float, dtype: np.dtype[Any]) -> Array:
    """Inputs x (..., n, n_in), times `scale`, with a last column of ones: (..., n, n_in + 1)."""
    inputs = np.empty((*x.shape[:-1], x.shape[-1] + 1), dtype)
    inputs[..., :-1] = x
    inputs[..., -1] = 1
    if scale != 1:
        np.multiply(inputs, dtype.type(scale), inputs)  # the whole takes half the time of a view
        inputs[..., -1] = 1
    return inputs


def target_columns(y: Array, classes: int | None, dtype: np.dtype[Any]) -> Array:
    """Targets (..., n_out, n) from labels (..., n) of classes, or from targets (..., n, n_out)."""
    if classes is not None and y.dtype.kind in "iu":
        return np.equal(y[..., np.newaxis, :], _column_of_classes(classes)).astype(dtype)
    return np.ascontiguousarray(y.swapaxes(-1, -2), dtype)


@lru_cache(maxsize=8)
def _column_of_classes(classes: int) -> Array:
    return freeze(np.arange(classes)[:, np.newaxis])


def per_network(factor: Any, dtype: np.dtype[Any], *, axes: int) -> Array:
    """A number, or one for each of K networks, to multiply arrays with that have `axes` more."""
    array = np.asarray(factor, dtype)
    return array.reshape(array.shape + (1,) * axes) if array.ndim else array


def sample_scale(factor: Any, n: int, weights: Array | None, dtype: np.dtype[Any]) -> Array:
    """`factor` times each sample's share of the mean over n, to multiply columns with."""
    each = per_network(factor / n, dtype, axes=2)
    return each if weights is None else each * weights[..., np.newaxis, :]


def leading_axes(params: Params, inputs: Array, *others: Array | None) -> tuple[int, ...]:
    """The leading axes of params, inputs, and then targets and weights, broadcast."""
    leading = params.theta.shape[:-1]
    for name, array, own in zip(("x", "y", "weights"), (inputs, *others), (2, 2, 1), strict=False):
        if array is not None and (leading or array.ndim > own):
            axes = array.shape[:-own]
            try:
                leading = np.broadcast_shapes(leading, axes)
            except ValueError:
                expected = f"some that broadcast with those of the other arguments, {leading}"
                message = f"{name} has the leading axes {axes}: expected {expected}"
                raise InputError(message) from None
    return leading


def as_inputs(params: Params, x: Array) -> Array:
    """The samples x as rows of inputs that end in a one, (..., n, n_in + 1)."""
    n_in = params.architecture.sizes[0]
    if not (x.ndim > 0 and x.shape[-1] == n_in and x.size > 0):
        raise refusal("x", x, f"samples of {n_in} features, shape (n, {n_in}) or ({n_in},)")
    dtype = params.theta.dtype
    require(x.dtype == dtype or np.can_cast(x.dtype, dtype, "same_kind"), "x", x, "real numbers")
    inputs = with_ones(x if x.ndim > 1 else x[np.newaxis], 1.0, dtype)
    finite_array("x", inputs[..., 0, :] if x.ndim == 1 else inputs, x)
    return inputs


def as_samples(params: Params, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> Samples:
    """The arguments of `grads` as a mini batch.

    To be called within `arithmetic`: an overflow in a cast is an infinity, and is refused.
    """
    x, y = array_of_numbers("x", x), array_of_numbers("y", y)
    inputs = as_inputs(params, x)
    targets = _as_targets(params, x, y)
    if weights is None:
        return inputs, targets, None
    given = check_weights(array_of_numbers("weights", weights))
    weights = given.astype(params.theta.dtype)
    finite_array("weights", weights, given)
    n = inputs.shape[-2]
    require(weights.shape[-1] == n, "weights", weights, f"one for each of {n} samples")
    return inputs, targets, weights


def _as_targets(params: Params, x: Array, y: Array) -> Array:
    n_out, dtype = params.architecture.sizes[-1], params.theta.dtype
    if y.dtype.kind in "iu":
        # Targets of an integer dtype are not to be taken for the labels of a stack.
        axes = max(params.theta.ndim - 1, x.ndim - 2)
        if y.shape[-1:] != x.shape[-2:-1] or y.ndim > 1 + axes:
            expected = f"a label for each sample, shape {x.shape[:-1]}; or targets of a float dtype"
            raise refusal("y", y, expected)
        targets = target_columns(y if y.ndim else y[np.newaxis], n_out, dtype)
        if np.count_nonzero(targets) != y.size:  # a label without a 1 in its column
            check_labels("y", y, n_out)
        return targets
    shape = (*x.shape[:-1], n_out)
    is_floats = np.can_cast(y.dtype, dtype, "same_kind") and y.dtype != bool
    if not is_floats or y.shape[-2:] != shape[-2:]:
        expected = f"integer labels of shape {shape[:-1]} or float targets of shape {shape}"
        raise refusal("y", y, expected)
    targets = target_columns(np.atleast_2d(y), n_out, dtype)
    finite_array("y", targets[..., 0] if y.ndim == 1 else targets.swapaxes(-1, -2), y)
    return targets
