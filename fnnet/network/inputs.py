"""A caller's x, y and weights, checked against a network, as the two passes take them.

The functions are called within `arithmetic`: what overflows in their casts is an infinity, and
refused as one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, array_of_numbers, finite_array, refusal, require
from fnnet._records import Array
from fnnet.datasets.batch import check_weights
from fnnet.datasets.labels import check_labels
from fnnet.network.batches import Samples, target_columns, with_ones
from fnnet.network.params import Params

__all__ = ["as_inputs", "as_samples", "leading_axes"]


def leading_axes(
    params: Params, inputs: Array, targets: Array | None = None, weights: Array | None = None
) -> tuple[int, ...]:
    """The leading axes of params, of the samples x, of their y and of their weights, broadcast."""
    leading = params.leading
    if leading or inputs.ndim > 2:
        leading = _broadcast("x", inputs.shape[:-2], "params", leading)
    if targets is not None and (leading or targets.ndim > 2):
        leading = _broadcast("y", targets.shape[:-2], "params and x", leading)
    if weights is not None and (leading or weights.ndim > 1):
        leading = _broadcast("weights", weights.shape[:-1], "params, x and y", leading)
    return leading


def _broadcast(
    name: str, leading: tuple[int, ...], others: str, others_leading: tuple[int, ...]
) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(leading, others_leading)
    except ValueError:
        raise InputError(
            f"{name} has the leading axes {leading}: expected some that broadcast with those of "
            f"{others}, {others_leading}"
        ) from None


def as_inputs(params: Params, x: Array) -> Array:
    """The samples x as rows of the network's inputs that end in a one, (..., n, n_in + 1)."""
    n_in = params.sizes[0]
    if not (x.ndim > 0 and x.shape[-1] == n_in and x.size > 0):
        raise refusal("x", x, f"samples of {n_in} features, shape (n, {n_in}) or ({n_in},)")
    is_real = x.dtype == params.dtype or np.can_cast(x.dtype, params.dtype, "same_kind")
    require(is_real, "x", x, "real numbers")
    inputs = with_ones(x if x.ndim > 1 else x[np.newaxis], 1.0, params.dtype)
    finite_array("x", inputs[..., 0, :] if x.ndim == 1 else inputs, x)
    return inputs


def as_samples(params: Params, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> Samples:
    """The arguments of `grads` as `mini_batches` gives them."""
    inputs, targets = _as_inputs_and_targets(params, x, y)
    if weights is None:
        return inputs, targets, None
    given = check_weights(array_of_numbers("weights", weights))
    weights = given.astype(params.dtype)
    finite_array("weights", weights, given)
    n = inputs.shape[-2]
    require(weights.shape[-1] == n, "weights", weights, f"one for each of {n} samples")
    return inputs, targets, weights


def _as_inputs_and_targets(params: Params, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    x, y = array_of_numbers("x", x), array_of_numbers("y", y)
    inputs = as_inputs(params, x)
    n_out = params.sizes[-1]
    if y.dtype.kind in "iu":
        # Targets of an integer dtype are not to be taken for labels of so many networks.
        axes = max(len(params.leading), x.ndim - 2)
        if y.shape[-1:] != x.shape[-2:-1] or y.ndim > 1 + axes:
            expected = f"a label for each sample, shape {x.shape[:-1]}; or targets of a float dtype"
            raise refusal("y", y, expected)
        targets = target_columns(y if y.ndim else y[np.newaxis], n_out, params.dtype)
        if np.count_nonzero(targets) != y.size:  # a label without a 1 in its column
            check_labels("y", y, n_out)
        return inputs, targets
    shape = (*x.shape[:-1], n_out)
    is_floats = np.can_cast(y.dtype, params.dtype, "same_kind") and y.dtype != bool
    if not is_floats or y.shape[-2:] != shape[-2:]:
        expected = f"integer labels of shape {shape[:-1]} or float targets of shape {shape}"
        raise refusal("y", y, expected)
    targets = target_columns(np.atleast_2d(y), n_out, params.dtype)
    finite_array("y", targets[..., 0] if y.ndim == 1 else targets.swapaxes(-1, -2), y)
    return inputs, targets
