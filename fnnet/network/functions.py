"""The network as pure functions: its output, cost, gradient and predictions."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import InputError, array_of_numbers, record, require
from fnnet._records import Array, Record, all_bits, all_read_only, freeze
from fnnet._threads import arithmetic
from fnnet.network.activations import sigmoid, softmax
from fnnet.network.costs import Cost, cost_for, mean_cost, quadratic
from fnnet.network.inputs import as_inputs, as_samples, leading_axes
from fnnet.network.params import Params
from fnnet.network.passes import Workspace, costs, feedforward
from fnnet.network.shards import borrowed

__all__ = ["PROBABILISTIC", "Forward", "NotFiniteError", "check_output", "classes_of", "cost"]
__all__ += ["cost_and_grads", "forward", "grads", "predict", "predict_proba"]


@attrs.frozen
class Forward(Record):
    """The result of `forward`: every layer's activations and linear outputs, read-only.

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
    """The notebook's `feedforward`: keep every layer's activations and linear outputs.

    Parameters
    ----------
    params
        A network, or a stack of them.
    x
        Samples (n, n_in), or one sample (n_in,), scaled as in training (`Dataset.batch` does). In
        leading axes x broadcasts with `params`, as in NumPy's matmul: (n, n_in) goes through each
        network of a stack, (K, n, n_in) has a batch for each.

    Returns
    -------
    Forward
        Activations and linear outputs, with the leading axes, in the dtype of `params`.

    Raises
    ------
    InputError
        If x has no samples, another number of features, or a value that is not finite.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.forward(fnnet.init([3, 4, 2], seed=0), [0, 1, 2]).output
    array([0.768..., 0.304...], dtype=float32)
    """
    record("params", params, Params)
    x = array_of_numbers("x", x)
    with arithmetic():
        inputs = as_inputs(params, x)
        work = _fed_forward(params, inputs, leading_axes(params, inputs))

    def rows(columns: Array) -> Array:
        # Columns are samples inside, rows outside; one sample comes without that axis.
        return columns[..., 0] if x.ndim == 1 else columns.mT

    inputs = freeze(inputs).mT[..., :-1, :]
    activations = (inputs, *(freeze(layer.a.copy()) for layer in work.layers))
    linear_outputs = (freeze(layer.z.copy()) for layer in work.layers)
    return Forward(tuple(map(rows, activations)), tuple(map(rows, linear_outputs)))


def cost(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> Any:
    """The mean cost of the network's outputs over the samples.

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
        Each sample's weight, (n,), at least 0. The mean is sum(weights * costs) / n. Leading axes
        broadcast, as those of x.

    Returns
    -------
    Array
        A number, or one for each network of a stack, in the dtype of `params`.

    Raises
    ------
    InputError
        If x or y does not fit the network, a label is not a class, a weight is negative, a value
        is not finite, or the cost needs another output layer.

    Examples
    --------
    >>> import fnnet
    >>> print(f"{fnnet.cost(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]):.4f}")
    0.2687
    """
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    with arithmetic():
        x, y, weights = as_samples(params, x, y, weights)
        work = _fed_forward(params, x, leading_axes(params, x, y, weights))
        return mean_cost(costs(work, y, cost), weights)


def grads(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> Params:
    """The gradient of the mean cost over the samples: the notebook's `backprop`, averaged.

    Arguments and errors are those of `cost`. The result has dC/dw in `.weights` and dC/db in
    `.biases`, with the arguments' leading axes.

    >>> import fnnet
    >>> fnnet.grads(fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]).biases[1]
    array([ 0.068..., -0.073...], dtype=float32)
    """
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    with arithmetic():
        samples = as_samples(params, x, y, weights)
        with borrowed(params, samples) as gradient:
            return Params(params.architecture, freeze(gradient(samples, cost).copy()))


def cost_and_grads(
    params: Params,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cost: str | Cost = quadratic,
    weights: ArrayLike | None = None,
) -> tuple[Any, Params]:
    """`cost` and `grads` in one pass, for optimizers from other libraries.

    Arguments and errors are those of `cost`.

    >>> import fnnet
    >>> params, x, y = fnnet.init([3, 4, 2], seed=0), [[0.0, 1.0, 2.0]], [1]
    >>> value, gradient = fnnet.cost_and_grads(params, x, y)
    >>> bool(value == fnnet.cost(params, x, y)), gradient == fnnet.grads(params, x, y)
    (True, True)
    """
    record("params", params, Params)
    cost = cost_for(params.architecture, cost)
    with arithmetic():
        samples = as_samples(params, x, y, weights)
        with borrowed(params, samples) as gradient:
            vector = gradient(samples, cost).copy()
            value = mean_cost(gradient.costs(samples, cost), samples[2])
    return value, Params(params.architecture, freeze(vector))


def _fed_forward(params: Params, inputs: Array, leading: tuple[int, ...]) -> Workspace:
    work = Workspace(params.architecture, params.theta, leading, inputs.shape[-2])
    feedforward(work, inputs)
    return work


PROBABILISTIC = (sigmoid, softmax)
"""The output activations that `predict_proba` takes."""


def classes_of(outputs: Array, axis: int = -1) -> Array:
    """The class numbers, int64, of outputs or targets with a unit each along `axis`."""
    if outputs.shape[axis] == 1:
        return np.asarray(outputs.take(0, axis) > 0.5, np.int64)
    return np.asarray(outputs.argmax(axis))


def predict(params: Params, x: ArrayLike) -> Array:
    """The class of each sample: the largest output's number, the first one of equal ones.

    x is scaled as in training: `dataset.batch(rows).x` is, `dataset.x` is not.
    With a single output unit there are two classes: 1 where the output is above 0.5, else 0.

    Arguments are those of `forward`. The result is int64, (..., n), or (...) for one sample. Errors
    are those of `forward`, and an output that is not finite.

    >>> import fnnet
    >>> fnnet.predict(fnnet.init([3, 4, 2], seed=0), [[0, 1, 2], [1, 0, 0]])
    array([0, 0])
    """
    return classes_of(_finite_output(params, x))


def _finite_output(params: Params, x: ArrayLike) -> Array:
    record("params", params, Params)
    x = array_of_numbers("x", x)
    with arithmetic():
        inputs = as_inputs(params, x)
        output = _fed_forward(params, inputs, leading_axes(params, inputs)).layers[-1].a.copy()
    check_output(output)
    return freeze(output)[..., 0] if x.ndim == 1 else freeze(output).mT


class NotFiniteError(InputError):
    """An output of the network is not finite."""


def check_output(output: Array, first: int = 0) -> None:
    """Refuse an output (..., n_out, n) that is not finite, and name its sample, from `first` on."""
    finite = np.isfinite(output).all(axis=-2)
    if not finite.all():
        sample = first + int(np.argwhere(~finite)[0, -1])
        message = f"the output for sample {sample} is not finite: expected finite numbers"
        raise NotFiniteError(message)


def predict_proba(params: Params, x: ArrayLike) -> Array:
    """The probability of each class for each sample.

    The outputs of a softmax layer are probabilities. Those of a sigmoid layer are divided by their
    sum, as scikit-learn's one-vs-rest classifiers do; if all are 0, the classes get equal shares. A
    single sigmoid unit gives 1 - p and p, the probability of class 1.

    Arguments are those of `forward`; the output layer is sigmoid or softmax. The result is
    (..., n, classes), or (..., classes) for one sample, in the dtype of params, read-only. Errors
    are those of `predict`, and another output layer.

    >>> import fnnet
    >>> predict_proba(fnnet.init([3, 4, 2], seed=0), [[0, 1, 2], [1, 0, 0]])
    array([[0.716..., 0.283...],
           [0.73..., 0.26...]], dtype=float32)
    """
    record("params", params, Params)
    last = params.architecture.activations[-1]
    expected = " or ".join(activation.name for activation in PROBABILISTIC)
    require(last in PROBABILISTIC, "the output layer", last.name, expected)
    output = _finite_output(params, x)
    if last == softmax:
        return output
    if params.sizes[-1] == 1:
        return freeze(np.concatenate([1 - output, output], axis=-1))
    total = output.sum(axis=-1, keepdims=True)
    equal = np.full_like(output, 1 / params.sizes[-1])
    return freeze(np.divide(output, total, out=equal, where=total != 0))
