"""Dropout: each training step leaves out random units.

The units that stay are scaled up, so evaluation needs no change ("inverted" dropout). Hinton et
al., Improving neural networks by preventing co-adaptation of feature detectors, 2012
(arXiv:1207.0580); Srivastava et al., JMLR 15 (2014).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from fnnet._checks import finite_number, require
from fnnet._random import Purpose, Seed, stream
from fnnet._records import Array
from fnnet.network.activations import Activation, in_place
from fnnet.network.inputs import Samples
from fnnet.network.params import Architecture, Params

__all__ = ["Dropout", "Shares", "as_shares", "shares_of"]

Shares = float | tuple[float, ...]
"""The share of each hidden layer to leave out; or of the inputs, then of each hidden layer."""


def as_shares(dropout: float | Sequence[float]) -> Shares:
    """A share as a float, or several as a tuple of floats."""
    if isinstance(dropout, Sequence) and not isinstance(dropout, str | bytes):
        named = enumerate(dropout)
        return tuple(finite_number(f"dropout[{k}]", d, at_least=0, below=1) for k, d in named)
    return finite_number("dropout", dropout, at_least=0, below=1)


def shares_of(architecture: Architecture, dropout: Shares) -> tuple[float, ...]:
    """The share of the inputs, then of each hidden layer."""
    layers = len(architecture.sizes) - 1
    if not isinstance(dropout, tuple):
        needed = "hidden layers to drop units of"
        require(layers > 1 or not dropout, "dropout", dropout, needed)
        return (0.0, *[dropout] * (layers - 1))
    expected = f"one share, or {layers}: for the inputs and each hidden layer"
    require(len(dropout) == layers, "dropout", dropout, expected)
    return dropout


class Dropout:
    """The masks of a run's mini batches: 0 for a unit that is left out, else 1 / (1 - share).

    With one seed, the networks of a stack share their masks; with a seed each, they have their own.
    """

    def __init__(self, params: Params, dropout: Shares, seed: Seed) -> None:
        self._params, self._shares = params, shares_of(params.architecture, dropout)
        self._seed_axes = np.shape(seed)
        self._seeds = seed if isinstance(seed, tuple) else (seed,)
        self._of_sizes: dict[int, list[Array]] = {}

    def _masks(self, n: int) -> list[Array]:
        """Buffers for the masks of n samples: the inputs', then each hidden layer's."""
        if n not in self._of_sizes:
            shapes = [(*self._seed_axes, units, n) for units in self._params.sizes[:-1]]
            self._of_sizes[n] = [np.ones(shape, self._params.dtype) for shape in shapes]
        return self._of_sizes[n]

    def activations(self, n: int) -> Callable[[slice], Sequence[Activation]]:
        """The activations for some columns of n samples, times the masks that were drawn last."""

        def of_columns(columns: slice) -> Sequence[Activation]:
            *hidden, output = self._params.architecture.activations
            layers = zip(hidden, self._shares[1:], self._masks(n)[1:], strict=True)
            leading = self._params.leading
            masked = [
                _masked(f, m[..., columns], leading) if share else f for f, share, m in layers
            ]
            return [*masked, output]

        return of_columns

    def draw(self, batches: Iterator[Samples], epoch: int) -> Iterator[Samples]:
        """The mini batches with masked inputs. The hidden layers' masks are drawn with each."""
        streams = [stream(seed, Purpose.DROPOUT, epoch) for seed in self._seeds]
        for x, y, weights in batches:
            masks = self._masks(x.shape[-2])
            for share, mask in zip(self._shares, masks, strict=True):
                if share:
                    members = mask.reshape(-1, *mask.shape[-2:])
                    for member, rng in zip(members, streams, strict=True):
                        kept = rng.random(member.shape, np.float32) >= share
                        np.multiply(kept, 1 / (1 - share), out=member, casting="same_kind")
            if self._shares[0]:
                x[..., :-1] *= masks[0].mT  # the batch is new, so nobody else has it
            yield x, y, weights


def _masked(activation: Activation, mask: Array, leading: tuple[int, ...]) -> Activation:
    """The activation times a mask that changes from step to step."""
    whole = np.empty((*leading, *mask.shape[-2:]), mask.dtype)

    def activate(z: Array, out: Array) -> None:
        activation.activate(z, whole)
        np.multiply(whole, mask, out)

    def slopes(z: Array, _a: Array, out: Array) -> None:
        activation.slopes(z, whole, out)

    def backward(delta: Array, slopes: Array, out: Array) -> None:
        np.multiply(delta, mask, out)
        activation.backward(out, slopes, out)

    return in_place(activation.name, activate, slopes, backward)
