"""The first weights and biases of a network: random, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
from numpy.typing import DTypeLike

from fnnet._checks import a_function, as_dtype, by_name, finite_array, finite_number, require
from fnnet._random import Purpose, as_seed, stream
from fnnet._records import Array, freeze
from fnnet.network.params import DTYPES, Activations, Architecture, Params, stack

__all__ = ["BIASES", "WEIGHTS", "Spread", "init"]


@attrs.frozen
class Spread:
    """The distribution of a layer's first weights, or biases, around zero.

    Attributes
    ----------
    name
        Its name.
    deviation
        `deviation(n_in, n_out)` is the standard deviation for a layer of n_in inputs, n_out units.
    uniform
        Whether the distribution is uniform (within sqrt(3) deviations), not normal.

    Examples
    --------
    LeCun, Bottou, Orr and Mueller, Efficient BackProp, 1998, section 4.6, but uniform:

    >>> spread = Spread("lecun-uniform", lambda n_in, n_out: n_in**-0.5, uniform=True)
    >>> abs(init([300, 100], seed=0, weights=spread).weights[0]).max().round(3)
    np.float32(0.1)
    """

    name: str
    deviation: Callable[[int, int], float] = attrs.field(validator=a_function, repr=False)
    uniform: bool = False

    def of_layer(self, n_in: int, n_out: int) -> float:
        """`deviation(n_in, n_out)`, checked to be a number."""
        return finite_number(f"{self.name}.deviation", self.deviation(n_in, n_out))

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Random numbers (*shape) of deviation 1, in float64."""
        return rng.uniform(-(3**0.5), 3**0.5, shape) if self.uniform else rng.standard_normal(shape)


_standard = Spread("standard-normal", lambda _n_in, _n_out: 1.0)

WEIGHTS = {
    spread.name: spread
    for spread in (
        _standard,  # the notebook's
        Spread("scaled-normal", lambda n_in, _n_out: n_in**-0.5),  # Nielsen, chapter 3
        # Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
        # networks, AISTATS 2010, equations 12 and 16.
        Spread("glorot-normal", lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5),
        Spread("glorot-uniform", lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5, uniform=True),
        # He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015, equation 10.
        Spread("he-normal", lambda n_in, _n_out: (2 / n_in) ** 0.5),
        Spread("he-uniform", lambda n_in, _n_out: (2 / n_in) ** 0.5, uniform=True),
    )
}
"""Initial weights by their names."""

BIASES = {spread.name: spread for spread in (_standard, Spread("zero", lambda _n_in, _n_out: 0.0))}
"""Initial biases by their names."""


def init(
    sizes: Sequence[int],
    *,
    seed: int | Sequence[int],
    activations: Activations = "sigmoid",
    weights: str | Spread = "standard-normal",
    biases: str | Spread = "standard-normal",
    dtype: DTypeLike = np.float32,
) -> Params:
    """A network with random weights and biases: standard-normal ones by default, as the notebook's.

    Parameters
    ----------
    sizes
        Units in each layer, the inputs first: at least two integers of at least 1.
    seed
        Seed of the random numbers. K seeds make a stack of the K networks that each makes alone.
    activations
        A name or an `Activation`: one for all layers, or one for each after the inputs.
    weights
        "standard-normal", "scaled-normal" (of deviation 1/sqrt(n_in)), "glorot-normal",
        "glorot-uniform", "he-normal" or "he-uniform"; or a `Spread`.
    biases
        "standard-normal" or "zero"; or a `Spread`.
    dtype
        float32 or float64. The numbers are drawn in float64 and then cast.

    Raises
    ------
    InputError
        If an argument is not one of these.

    Examples
    --------
    >>> params = init([2, 3, 1], seed=0)
    >>> params.biases[1]
    array([-0.3015854], dtype=float32)
    >>> init([2, 3, 1], seed=[7, 0])[1] == params
    True
    """
    architecture = Architecture.of(sizes, activations)
    spreads = by_name("weights", weights, WEIGHTS), by_name("biases", biases, BIASES)
    expected = "float32 or float64"
    kind = as_dtype("dtype", dtype, "f", expected)
    require(kind in DTYPES[:2] and dtype is not None, "dtype", dtype, expected)
    seed = as_seed(seed)
    if isinstance(seed, tuple):
        return stack([_draw(architecture, *spreads, member, kind) for member in seed])
    return _draw(architecture, *spreads, seed, kind)


def _draw(
    architecture: Architecture, weights: Spread, biases: Spread, seed: int, dtype: np.dtype[Any]
) -> Params:
    rng = stream(seed, Purpose.INIT)
    theta = np.empty(architecture.n_parameters)
    layers = zip(architecture.matrices(theta), pairwise(architecture.sizes), strict=True)
    for matrix, (n_in, n_out) in layers:
        matrix[...] = weights.draw(rng, matrix.shape)
        if weights.uniform != biases.uniform:
            matrix[:, -1] = biases.draw(rng, (n_out,))
        matrix[:, :-1] *= weights.of_layer(n_in, n_out)
        matrix[:, -1] *= biases.of_layer(n_in, n_out)
    theta += 0.0  # no zero of theirs is a negative one
    with np.errstate(over="ignore"):  # an infinity is refused below
        cast = theta.astype(dtype)
    finite_array("theta", cast, theta)
    return Params(architecture, freeze(cast))
