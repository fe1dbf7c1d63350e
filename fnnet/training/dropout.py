"""Dropout: in each step of training, units drawn at random are left out.

The units that stay are scaled up, so that evaluation needs no change ("inverted" dropout). Hinton
et al., Improving neural networks by preventing co-adaptation of feature detectors, 2012
(arXiv:1207.0580); Srivastava et al., JMLR 15 (2014).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from fnnet._checks import finite_number, require
from fnnet._records import Array
from fnnet.network.activations import Activation
from fnnet.network.params import Architecture

__all__ = ["Masks", "Shares", "as_shares", "shares_of"]

Shares = float | tuple[float, ...]
"""The share of units to leave out: of each hidden layer; or of the inputs, then of each of them."""


def as_shares(dropout: float | Sequence[float]) -> Shares:
    """Shares as they are kept in a record."""
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


@attrs.frozen(eq=False)
class _Dropped(Activation):
    """A layer's activation, multiplied with a mask that changes from step to step."""

    whole: Activation
    mask: Array
    activations: Array

    @classmethod
    def of(cls, whole: Activation, mask: Array) -> _Dropped:
        activations = np.empty(mask.shape, mask.dtype)

        def function(z: Array, out: Array) -> None:
            whole.function(z, activations)
            np.multiply(activations, mask, out)

        return cls(whole.name, function, whole.derivative, whole, mask, activations)

    def slopes(self, z: Array, _a: Array, out: Array, /) -> None:
        """Those of the whole layer."""
        self.whole.slopes(z, self.activations, out)

    def backward(self, delta: Array, slopes: Array, /) -> None:
        """From c/a of what is left to c/z."""
        np.multiply(delta, self.mask, delta)
        self.whole.backward(delta, slopes)


class Masks:
    """The masks of n samples, in buffers: 0 for a unit that is left out, 1 / (1 - share) else.

    `shares` are from `shares_of`; `leading` is () for one network, (K,) for a stack; `seeds` is ()
    where one seed's masks are all networks', (K,) for masks of each one's own.
    """

    def __init__(
        self,
        architecture: Architecture,
        shares: tuple[float, ...],
        leading: tuple[int, ...],
        n: int,
        dtype: np.dtype[np.floating],
        seeds: tuple[int, ...],
    ) -> None:
        self._architecture = architecture
        self._shares = shares
        sizes = architecture.sizes[:-1]
        self._drawn = [np.ones((*seeds, units, n), dtype) for units in sizes]
        self._masks = [np.broadcast_to(d, (*leading, *d.shape[-2:])) for d in self._drawn]

    def activations(self, columns: slice) -> Iterator[Activation]:
        """Each layer's activation, for a part of the samples, with the mask that is drawn last."""
        *hidden, output = self._architecture.activations
        for whole, share, mask in zip(hidden, self._shares[1:], self._masks[1:], strict=True):
            yield _Dropped.of(whole, mask[..., columns]) if share else whole
        yield output

    def draw(self, streams: Sequence[np.random.Generator]) -> None:
        """New masks: one generator a seed, so that a stack's members draw as if alone."""
        for share, mask in zip(self._shares, self._drawn, strict=True):
            if share:
                members = mask.reshape(-1, *mask.shape[-2:])
                for member, rng in zip(members, streams, strict=True):
                    kept = rng.random(member.shape, np.float32) >= share
                    np.multiply(kept, 1 / (1 - share), out=member, casting="same_kind")

    def drop_inputs(self, x: Array) -> Array:
        """What is left of the inputs x (..., n, n_in + 1), whose last column are ones."""
        if not self._shares[0]:
            return x
        x = x.copy()
        x[..., :-1] *= self._drawn[0].swapaxes(-1, -2)
        return x
