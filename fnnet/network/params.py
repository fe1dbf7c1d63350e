"""The parameters of a network: one vector theta, and the weights and biases as views of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import LARGEST_ARRAY, integer, record, refusal, require
from fnnet._records import Array, Record, bits, freeze, read_only
from fnnet.network.activations import Activation, as_activation

__all__ = ["DTYPES", "Activations", "Architecture", "Params", "check_real", "stack"]

DTYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex128))
"""What theta may hold. complex128 is there for complex-step derivatives."""


Activations = str | Activation | Sequence[str | Activation]
"""A name or an `Activation`: one for all layers, or one for each after the inputs."""


def _as_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    is_list = isinstance(sizes, Sequence) and not isinstance(sizes, str | bytes)
    expected = "at least two layer sizes, the inputs' and the outputs'"
    require(is_list and len(sizes) >= 2, "sizes", sizes, expected)
    return tuple(integer(f"sizes[{k}]", size, at_least=1) for k, size in enumerate(sizes))


def _as_activations(activations: Sequence[str | Activation]) -> tuple[Activation, ...]:
    is_list = isinstance(activations, Sequence) and not isinstance(activations, str)
    require(is_list, "activations", activations, "one for each layer after the inputs")
    return tuple(map(as_activation, activations))


@attrs.frozen(cache_hash=True)
class Architecture:
    """The structure of a network: all but its numbers.

    Attributes
    ----------
    sizes
        Units in each layer, the inputs first.
    activations
        One for each layer after the inputs.

    Examples
    --------
    >>> Architecture.of([784, 16, 16, 10]).n_parameters
    13002
    """

    sizes: tuple[int, ...] = attrs.field(converter=_as_sizes)
    activations: tuple[Activation, ...] = attrs.field(converter=_as_activations)

    def __attrs_post_init__(self) -> None:
        fits = self.n_parameters <= LARGEST_ARRAY
        require(fits, "sizes", self.sizes, "a network whose parameters an array can hold")
        layers, names = len(self.sizes) - 1, [activation.name for activation in self.activations]
        expected = f"a name for all layers, or a list of {layers}, one for each after the inputs"
        require(len(names) == layers, "activations", names, expected)

    @classmethod
    def of(cls, sizes: Sequence[int], activations: Activations = "sigmoid") -> Architecture:
        """An architecture from sizes and names."""
        sizes = _as_sizes(sizes)
        if not isinstance(activations, Sequence) or isinstance(activations, str):
            activations = [activations] * (len(sizes) - 1)
        return cls(sizes, activations)

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shape (n_out, n_in + 1) of each layer's matrix (W | b)."""
        return tuple((n_out, n_in + 1) for n_in, n_out in pairwise(self.sizes))

    @cached_property
    def is_weight(self) -> Array:
        """Which numbers of theta are weights, not biases: (n_parameters,) of bool."""
        vector = np.ones(self.n_parameters, bool)
        for matrix in self.matrices(vector):
            matrix[:, -1] = False
        return freeze(vector)

    @cached_property
    def n_parameters(self) -> int:
        """Number of weights and biases: the length of theta."""
        return sum(map(prod, self.shapes))

    def matrices(self, vector: Array) -> list[Array]:
        """Views of a vector (..., n_parameters) as each layer's (W | b), (..., n_out, n_in + 1).

        A bias is its unit's last weight, of an input that is always 1: `np.dot(w, a) + b` is then
        one product.
        """
        leading = vector.shape[:-1]
        ends = accumulate(map(prod, self.shapes))
        return [
            vector[..., end - prod(shape) : end].reshape(leading + shape)
            for end, shape in zip(ends, self.shapes, strict=True)
        ]


def _as_theta(theta: ArrayLike) -> Array:
    return read_only(theta, "theta")


@attrs.frozen
class Params(Record):
    """Weights and biases of a network, or of a stack of networks of one architecture.

    Attributes
    ----------
    architecture
        Layer sizes and activations.
    theta
        All the numbers, one vector (..., P): layer by layer the rows of (W | b). float32 or
        float64, read-only. Leading axes are networks of a stack.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([784, 16, 16, 10], seed=0)
    >>> [w.shape for w in params.weights], [b.shape for b in params.biases]
    ([(16, 784), (16, 16), (10, 16)], [(16,), (16,), (10,)])
    >>> params == fnnet.init([784, 16, 16, 10], seed=0)
    True
    """

    architecture: Architecture
    theta: Array = attrs.field(converter=_as_theta, eq=bits)

    def __attrs_post_init__(self) -> None:
        record("architecture", self.architecture, Architecture)
        size = self.architecture.n_parameters
        if self.theta.shape[-1:] != (size,):  # no f-string for those that fit: each step makes one
            raise refusal("theta", self.theta, f"shape (..., {size})")
        require(self.theta.dtype in DTYPES, "theta", self.theta, "dtype float32 or float64")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units in each layer, the inputs first."""
        return self.architecture.sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numbers' dtype: float32 or float64."""
        return self.theta.dtype

    @property
    def leading(self) -> tuple[int, ...]:
        """The leading axes: () for one network, (K,) for a stack of K."""
        return self.theta.shape[:-1]

    @cached_property
    def weights(self) -> tuple[Array, ...]:
        """Each layer's weights, (..., n_out, n_in): read-only views into theta."""
        return tuple(matrix[..., :-1] for matrix in self.architecture.matrices(self.theta))

    @cached_property
    def biases(self) -> tuple[Array, ...]:
        """Each layer's biases, (..., n_out): read-only views into theta."""
        return tuple(matrix[..., -1] for matrix in self.architecture.matrices(self.theta))

    @property
    def kind(self) -> tuple[Architecture, tuple[int, ...], np.dtype[Any]]:
        """All but the numbers: architecture, leading axes and dtype."""
        return self.architecture, self.leading, self.dtype

    def __getitem__(self, member: int) -> Params:
        """One network of a stack: `params[k]`."""
        require(self.leading, "params", self.sizes, "a stack of networks for params[k]")
        return Params(self.architecture, self.theta[member])

    def digest(self) -> str:
        """SHA-256, in hexadecimal, over sizes, activations' names, dtype, shape and bytes."""
        from hashlib import sha256

        names = ",".join(activation.name for activation in self.architecture.activations)
        little_endian = self.theta.astype(self.dtype.newbyteorder("<"), copy=False)
        structure = f"{self.sizes} {names} {little_endian.dtype.str} {self.theta.shape}\n"
        return sha256(structure.encode() + little_endian.tobytes()).hexdigest()


def check_real(params: Params) -> None:
    """Refuse complex parameters, which are for complex-step derivatives only."""
    record("params", params, Params)
    require(params.dtype in DTYPES[:2], "params", params.theta, "dtype float32 or float64")


def stack(members: Sequence[Params]) -> Params:
    """K networks of one architecture and dtype as one Params with a leading axis.

    >>> import fnnet
    >>> a, b = fnnet.init([2, 1], seed=0), fnnet.init([2, 1], seed=1)
    >>> stack([a, b])[1] == b
    True
    """
    is_some = isinstance(members, Sequence) and len(members) > 0
    require(is_some, "members", members, "a list of at least one network to stack")
    for k, member in enumerate(members):
        record(f"members[{k}]", member, Params)
    are_alike = len({member.kind for member in members}) == 1
    require(are_alike, "members", [m.sizes for m in members], "one architecture and dtype")
    return Params(members[0].architecture, freeze(np.stack([member.theta for member in members])))
