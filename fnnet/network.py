"""The network as pure functions: its output, its cost, and the gradient of its cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet.arithmetic import arithmetic
from fnnet.backprop import Passes
from fnnet.batches import target_columns, with_ones
from fnnet.checks import InputError, array_of_numbers, finite_array, record, require
from fnnet.costs import Cost, cost_for, quadratic
from fnnet.datasets.dataset import check_labels
from fnnet.gradients import gradient
from fnnet.params import Params
from fnnet.records import Array, Record, all_bits, all_read_only, freeze

__all__ = ["Forward", "cost", "forward", "from_gradient", "grads"]


@attrs.frozen
class Forward(Record):
    """What `forward` computes on its way from the inputs to the output, read-only.

    Attributes
    ----------
    activations
        Each layer's, the inputs first: (..., n, units), or (..., units) for one sample.
    linear_outputs
        z of each layer after the inputs, of the same shapes.
    """

    activations: tuple[Array, ...] = attrs.field(converter=all_read_only, eq=all_bits)
    linear_outputs: tuple[Array, ...] = attrs.field(converter=all_read_only, eq=all_bits)

    @property
    def output(self) -> Array:
        """The last layer's activations."""
        return self.activations[-1]


def forward(params: Params, x: ArrayLike) -> Forward:
    """Feed x through the network, as the notebook's `feedforward`, and keep what comes by.

    Parameters
    ----------
    params
        A network, or a stack of them.
    x
        Samples (n, n_in), or one sample (n_in,). Leading axes broadcast with those of `params`, as
        in NumPy's matmul: (n, n_in) goes through each network of a stack, (K, n, n_in) has a batch
        for each. Taken in the dtype of `params`.

    Returns
    -------
    Forward
        Activations and linear outputs, with the leading axes, in the dtype of `params`.

    Raises
    ------
    InputError
        Where x has no samples, another number of features, or a value that is not finite.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([3, 4, 2], seed=0)
    >>> fnnet.forward(params, [[0, 1, 2], [1, 0, 0]]).output.shape
    (2, 2)
    >>> fnnet.forward(params, [0, 1, 2]).output
    array([0.768..., 0.304...], dtype=float32)
    """
    record("params", params, Params)
    x = array_of_numbers("x", x)
    inputs = _as_inputs(params, x)
    with arithmetic():
        passes = _feedforward(params, inputs)

    def rows(columns: Array) -> Array:
        # A column a sample in here, a row a sample out there; one sample comes without that axis.
        return columns[..., 0] if x.ndim == 1 else columns.swapaxes(-1, -2)

    columns = [freeze(inputs).swapaxes(-1, -2)] + [
        freeze(layer.with_ones) for layer in passes.layers
    ]
    activations = tuple(rows(array[..., :-1, :]) for array in columns)
    return Forward(activations, tuple(rows(freeze(layer.linear_output)) for layer in passes.layers))


def cost(params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic) -> Any:
    """The mean over the samples of what the network's outputs cost.

    Parameters
    ----------
    params, x
        As for `forward`.
    y
        Targets (n, n_out) of a float dtype, or class labels (n,) of an integer dtype where the
        output layer has a unit for each class; for one sample without the n.
    cost
        A `Cost` or its name, by default the notebook's, 1/4 sum (a - y)^2.

    Returns
    -------
    Array
        A number, or one for each network of a stack, in the dtype of `params`.

    Examples
    --------
    >>> import fnnet
    >>> print(f"{fnnet.cost(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]):.4f}")
    0.2687
    """
    record("params", params, Params)
    cost = cost_for(params.architecture.activations[-1], cost)
    inputs, targets = _as_samples(params, x, y)
    _leading(params, inputs, targets)
    with arithmetic():
        return np.mean(_feedforward(params, inputs).costs(targets, cost), axis=-1)


def grads(params: Params, x: ArrayLike, y: ArrayLike, *, cost: str | Cost = quadratic) -> Params:
    """The gradient of the mean cost over the samples: the notebook's `backprop`, averaged.

    Parameters
    ----------
    params, x, y, cost
        As for `cost`.

    Returns
    -------
    Params
        c/w in `.weights` and c/b in `.biases`, with the leading axes of params and x.

    Raises
    ------
    InputError
        Where x or y do not fit the network, a label is no class, or a value is not finite.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.grads(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]).biases[1]
    array([ 0.068..., -0.073...], dtype=float32)
    """
    vector = from_gradient(params, x, y, cost, 1.0, np.copy)
    return Params(params.architecture, vector)


def from_gradient(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    cost: str | Cost,
    factor: float,
    result: Callable[[Array], Array],
) -> Array:
    """What `result` makes of `factor` times the gradient of the mean cost, (..., P): read-only."""
    record("params", params, Params)
    cost = cost_for(params.architecture.activations[-1], cost)
    inputs, targets = _as_samples(params, x, y)
    leading = _leading(params, inputs, targets)
    with arithmetic():
        scale = np.asarray(factor / inputs.shape[-2], params.dtype)
        return freeze(gradient(params, leading, inputs, targets, cost, scale, result))


def _feedforward(params: Params, inputs: Array) -> Passes:
    passes = Passes(params.architecture, params.theta, _leading(params, inputs), inputs.shape[-2])
    passes.feedforward(inputs)
    return passes


def _leading(params: Params, inputs: Array, targets: Array | None = None) -> tuple[int, ...]:
    """The leading axes of params, of the samples x and of their y, broadcast."""
    if inputs.ndim == 2 and params.theta.ndim == 1 and (targets is None or targets.ndim == 2):
        return ()
    leading = _broadcast("x", inputs.shape[:-2], "params", params.leading)
    if targets is None:
        return leading
    return _broadcast("y", targets.shape[:-2], "params and x", leading)


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


def _as_inputs(params: Params, x: Array) -> Array:
    n_in = params.sizes[0]
    expected = f"samples of {n_in} features, shape (n, {n_in}) or ({n_in},)"
    require(x.ndim > 0 and x.shape[-1] == n_in and x.size > 0, "x", x, expected)
    require(np.can_cast(x.dtype, params.dtype, "same_kind"), "x", x, "real numbers")
    with np.errstate(over="ignore"):
        inputs = with_ones(np.atleast_2d(x), 1.0, params.dtype)
    finite_array("x", inputs[..., 0, :] if x.ndim == 1 else inputs)
    return inputs


def _as_samples(params: Params, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    x, y = array_of_numbers("x", x), array_of_numbers("y", y)
    inputs = _as_inputs(params, x)
    n_out = params.sizes[-1]
    if y.dtype.kind in "iu":
        one_each = y.shape[-1:] == x.shape[-2:-1]
        require(one_each, "y", y, f"a label for each sample, shape {x.shape[:-1]}")
        check_labels("y", y, n_out)
        return inputs, target_columns(np.atleast_1d(y), n_out, params.dtype)
    shape = (*x.shape[:-1], n_out)
    expected = f"integer labels of shape {shape[:-1]} or float targets of shape {shape}"
    is_floats = np.can_cast(y.dtype, params.dtype, "same_kind") and y.dtype != bool
    require(is_floats and y.shape[-2:] == shape[-2:], "y", y, expected)
    with np.errstate(over="ignore"):
        targets = target_columns(np.atleast_2d(y), n_out, params.dtype)
    finite_array("y", targets[..., 0] if y.ndim == 1 else targets.swapaxes(-1, -2))
    return inputs, targets
