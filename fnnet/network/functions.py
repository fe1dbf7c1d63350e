"""The network as pure functions: its output, its cost, and the gradient of its cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, record
from fnnet._records import Array, Record, all_bits, all_read_only, freeze
from fnnet._threads import arithmetic
from fnnet.network.batches import sample_scale
from fnnet.network.costs import Cost, cost_for, mean_cost, quadratic
from fnnet.network.feedforward import Feedforward
from fnnet.network.gradients import gradient
from fnnet.network.inputs import as_inputs, as_samples, leading_axes
from fnnet.network.params import Params

__all__ = ["Forward", "cost", "cost_and_grads", "forward", "from_gradient", "grads"]


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
        for each. Taken in the dtype of `params`, and not scaled: what `Dataset.batch` gives is.

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
    with arithmetic():
        inputs = as_inputs(params, x)
        layers = _feedforward(params, inputs).layers

    def rows(columns: Array) -> Array:
        # A column a sample in here, a row a sample out there; one sample comes without that axis.
        return columns[..., 0] if x.ndim == 1 else columns.swapaxes(-1, -2)

    columns = [inputs.swapaxes(-1, -2), *(layer.with_ones for layer in layers)]
    activations = tuple(rows(freeze(array)[..., :-1, :]) for array in columns)
    return Forward(activations, tuple(rows(freeze(layer.linear_output)) for layer in layers))


def cost(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> Any:
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
    weights
        How much each sample's cost counts, (n,): numbers of at least 0. The mean is
        sum(weights * costs) / n. Leading axes broadcast, as those of x.

    Returns
    -------
    Array
        A number, or one for each network of a stack, in the dtype of `params`.

    Raises
    ------
    InputError
        Where x or y do not fit the network, a label is no class, a weight is negative, a value is
        not finite, or the cost needs another output layer.

    Examples
    --------
    >>> import fnnet
    >>> print(f"{fnnet.cost(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]):.4f}")
    0.2687
    """
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    with arithmetic():
        inputs, targets, weights = as_samples(params, x, y, weights)
        leading_axes(params, inputs, targets, weights)
        return mean_cost(_feedforward(params, inputs).costs(targets, cost), weights)


def grads(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> Params:
    """The gradient of the mean cost over the samples: the notebook's `backprop`, averaged.

    Parameters
    ----------
    params, x, y, cost, weights
        As for `cost`.

    Returns
    -------
    Params
        c/w in `.weights` and c/b in `.biases`, with the leading axes of params, x, y and weights.

    Raises
    ------
    InputError
        As for `cost`.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.grads(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]).biases[1]
    array([ 0.068..., -0.073...], dtype=float32)
    """

    def copied(vector: Array, _: object) -> Params:
        return Params(params.architecture, freeze(vector.copy()))

    return from_gradient(params, (x, y, weights), cost, 1.0, copied)


def cost_and_grads(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> tuple[Any, Params]:
    """`cost` and `grads` from one pass, for optimizers from elsewhere.

    Arguments and errors are those of `cost`.

    Examples
    --------
    >>> import fnnet
    >>> params, x, y = fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]
    >>> value, gradient = fnnet.cost_and_grads(params, x, y)
    >>> bool(value == fnnet.cost(params, x, y)), gradient == fnnet.grads(params, x, y)
    (True, True)
    """

    def both(vector: Array, costs: Callable[[], Array]) -> tuple[Any, Params]:
        gradient = Params(params.architecture, freeze(vector.copy()))
        return mean_cost(costs(), weights), gradient

    return from_gradient(params, (x, y, weights), cost, 1.0, both)


Result = TypeVar("Result")


def from_gradient(
    params: Params,
    samples: tuple[ArrayLike, ArrayLike, ArrayLike | None],
    cost: str | Cost,
    factor: float,
    result: Callable[[Array, Callable[[], Array]], Result],
) -> Result:
    """What `result` makes of `factor` times the gradient of the mean cost, as for `gradient`."""
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    with arithmetic():
        inputs, targets, weights = as_samples(params, *samples)
        leading = leading_axes(params, inputs, targets, weights)
        scale = sample_scale(factor, inputs.shape[-2], weights, params.dtype)
        return gradient(params, leading, inputs, targets, cost, scale, result)


def _feedforward(params: Params, inputs: Array) -> Feedforward:
    leading, n = leading_axes(params, inputs), inputs.shape[-2]
    network = Feedforward.of(params.architecture, params.theta, leading, n)
    network.feedforward(inputs)
    return network
