"""What a network says of samples: their classes, and how probable each class is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import record, require
from fnnet._records import Array, freeze
from fnnet.network.activations import sigmoid, softmax
from fnnet.network.functions import forward
from fnnet.network.params import Params

__all__ = ["PROBABILISTIC", "classes_of", "predict", "predict_proba"]

PROBABILISTIC = (sigmoid, softmax)
"""The output layer's activations that `predict_proba` can make probabilities of."""


def classes_of(outputs: Array, axis: int = -1) -> Array:
    """The class numbers, int64, that `predict` reads off outputs, or off targets.

    `axis` holds a unit each.
    """
    if outputs.shape[axis] == 1:
        return np.asarray(outputs.take(0, axis) > 0.5, np.int64)
    return np.asarray(outputs.argmax(axis))


def predict(params: Params, x: ArrayLike) -> Array:
    """The class numbers of samples: which output is largest, the first one where several are.

    A network with a single output unit tells two classes apart: 1 where the output is above 0.5,
    else 0, whatever the unit's activation.

    Parameters
    ----------
    params, x
        As for `forward`.

    Returns
    -------
    Array
        int64, shape (n,), with the leading axes; for one sample without the n.

    Raises
    ------
    InputError
        Where x is not as `forward` takes it.

    Examples
    --------
    >>> import fnnet
    >>> fnnet.predict(fnnet.init([3, 4, 2], seed=0), [[0, 1, 2], [1, 0, 0]])
    array([0, 0])
    """
    return classes_of(forward(params, x).output)


def predict_proba(params: Params, x: ArrayLike) -> Array:
    """How probable each class is for each of the samples.

    The outputs of a softmax layer are probabilities as they are. Those of a sigmoid layer are
    divided by their sum, as scikit-learn's one-vs-rest classifiers do; where all are 0, the classes
    get equal shares. A single sigmoid unit gives p, the probability of class 1, and 1 - p.

    Parameters
    ----------
    params
        A network, or a stack of them, with an output layer of sigmoid or softmax.
    x
        As for `forward`.

    Returns
    -------
    Array
        Shape (..., n, classes), read-only, in the dtype of params; for one sample without the n.

    Raises
    ------
    InputError
        Where the output layer has another activation, or x is not as `forward` takes it.

    Examples
    --------
    >>> import fnnet
    >>> predict_proba(fnnet.init([3, 4, 2], seed=0), [[0, 1, 2], [1, 0, 0]])
    array([[0.716..., 0.283...],
           [0.73..., 0.26...]], dtype=float32)
    """
    record("params", params, Params)
    last = params.architecture.activations[-1]
    expected = " or ".join(activation.name for activation in PROBABILISTIC)
    require(last in PROBABILISTIC, "the output layer", last.name, expected)
    output = forward(params, x).output
    if last == softmax:
        return output
    if params.sizes[-1] == 1:
        return freeze(np.concatenate([1 - output, output], axis=-1))
    total = output.sum(axis=-1, keepdims=True)
    equal = np.full_like(output, 1 / params.sizes[-1])
    return freeze(np.divide(output, total, out=equal, where=total != 0))
