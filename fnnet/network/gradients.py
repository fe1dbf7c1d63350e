"""The gradient of a mini batch: c/w = c/z * z/w of each sample, added up.

A large batch is cut into shards, and each layer's gradient into blocks of rows. The cut depends on
the sizes alone, and shards are added up in their order: workers make it faster, and change no bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from itertools import pairwise
from math import prod
from typing import TypeVar

import numpy as np

from fnnet._parallel import processors, run
from fnnet._records import Array
from fnnet.network.activations import Activation
from fnnet.network.backprop import Backprop
from fnnet.network.costs import Cost
from fnnet.network.params import Architecture, Params
from fnnet.network.products import product

__all__ = ["BatchGradient", "gradient"]

Result = TypeVar("Result")

_SHARD = 2**25
"""Samples times parameters of a shard, at least: some two milliseconds of work, of which handing it
to another thread costs a twentieth."""


class BatchGradient:
    """The gradient of n samples at a time, in buffers that are allocated once.

    theta (..., P) is read by `fill` and lowered by `descend`, on so many threads at the most.
    `activations(columns)` are each layer's for a part of the samples, where they are not the
    architecture's own. The other arguments are those of `Backprop`.
    """

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        workers: int = 1,
        *,
        activations: Callable[[slice], Iterable[Activation]] | None = None,
    ) -> None:
        parts = min(n, max(1, n * architecture.n_parameters // _SHARD))
        self._workers = workers
        self._columns = _cut(n, parts)
        activations = activations or (lambda _columns: architecture.activations)
        self._shards = [
            Backprop(architecture, theta, leading, cut.stop - cut.start, activations(cut))
            for cut in self._columns
        ]
        self._vector = np.empty((*leading, architecture.n_parameters), theta.dtype)
        all_parts = _parts(architecture, theta, self._vector, self._shards)
        self._fill = [part.fill for part in all_parts]
        self._descend = [part.descend for part in all_parts]

    def fill(self, x: Array, y: Array, cost: Cost, scale: Array) -> Array:
        """`scale` times the gradients of the samples' costs, added up: (..., P), a buffer."""
        self._backprop(x, y, cost, scale)
        run(self._fill, self._workers)
        return self._vector

    def descend(self, x: Array, y: Array, cost: Cost, scale: Array) -> None:
        """Lower theta, in place, by what `fill` computes."""
        self._backprop(x, y, cost, scale)
        run(self._descend, self._workers)

    def _backprop(self, x: Array, y: Array, cost: Cost, scale: Array) -> None:
        if len(self._shards) == 1:
            self._shards[0].backprop(x, y, cost, scale)
            return
        scale = np.broadcast_to(scale, (*scale.shape[:-2], 1, x.shape[-2]))
        tasks = [
            partial(shard.backprop, x[..., cut, :], y[..., cut], cost, scale[..., cut])
            for shard, cut in zip(self._shards, self._columns, strict=True)
        ]
        run(tasks, self._workers)

    def costs(self, y: Array, cost: Cost) -> Array:
        """What each sample of the last batch costs, (..., n), given its targets (..., n_out, n)."""
        shards = zip(self._shards, self._columns, strict=True)
        return np.concatenate([shard.costs(y[..., cut], cost) for shard, cut in shards], axis=-1)


# Making the buffers takes as long as a small step, so those of calls that have returned are kept
# for the next call of the same sizes. A call takes them out while it computes: none shares them.
_idle: OrderedDict[Hashable, tuple[Array, BatchGradient]] = OrderedDict()
_IDLE_SIZES = 4
_IDLE_NUMBERS = 2**20
"""Buffers with more numbers than that are not kept: their making hardly counts."""


def gradient(
    params: Params,
    leading: tuple[int, ...],
    x: Array,
    y: Array,
    cost: Cost,
    scale: Array,
    result: Callable[[Array, Callable[[], Array]], Result],
) -> Result:
    """What `result` makes of a batch's gradient at params, and of the samples' costs.

    It gets the vector (..., P), a buffer that stays here, and a function for the costs (..., n).
    """
    architecture, n = params.architecture, x.shape[-2]
    key = architecture, params.theta.shape, params.dtype, leading, n
    kept = _idle.pop(key, None)
    if kept is None:
        theta = np.empty_like(params.theta)
        kept = theta, BatchGradient(architecture, theta, leading, n, processors())
    theta, batch = kept
    theta[...] = params.theta
    vector = batch.fill(x, y, cost, scale)
    made = result(vector, partial(batch.costs, y, cost))
    if vector.size + n * prod(leading) * sum(architecture.sizes) < _IDLE_NUMBERS:
        _idle[key] = kept
        if len(_idle) > _IDLE_SIZES:
            _idle.popitem(last=False)
    return made


class _Rows:
    """Some rows of a layer's gradient: c/w = c/z * z/w of each shard's samples, added up."""

    def __init__(self, shards: list[Backprop], layer: int, rows: slice, gradient: Array) -> None:
        self._layer = layer
        self._gradient = gradient
        self._term = np.empty_like(gradient) if len(shards) > 1 else gradient
        outs = [gradient, *[self._term] * (len(shards) - 1)]
        self._first, *self._others = (
            (shard, *product(shard.layers[layer].delta[..., rows, :], out, transposed=layer > 0))
            for shard, out in zip(shards, outs, strict=True)
        )

    def fill(self) -> None:
        # c/w = c/z * z/w, and c/b = c/z * 1
        shard, multiply, delta, gradient = self._first
        multiply(delta, shard.inputs[self._layer], gradient)
        for shard, multiply, delta, term in self._others:
            multiply(delta, shard.inputs[self._layer], term)
            np.add(self._gradient, self._term, self._gradient)


class _Part:
    """Some rows of each layer's gradient, with the places in theta that they belong to."""

    def __init__(self, rows: list[_Rows], places: list[tuple[Array, Array]]) -> None:
        self._rows = rows
        self._places = places

    def fill(self) -> None:
        for rows in self._rows:
            rows.fill()

    def descend(self) -> None:
        self.fill()
        for theta, gradient in self._places:
            np.subtract(theta, gradient, theta)


def _parts(
    architecture: Architecture, theta: Array, vector: Array, shards: list[Backprop]
) -> list[_Part]:
    """As many parts of the gradient as there are shards of the samples."""
    layers = list(zip(architecture.matrices(theta), architecture.matrices(vector), strict=True))
    parts = []
    for part in range(len(shards)):
        rows, places = [], []
        for k, (matrix, gradient) in enumerate(layers):
            cut = _cut(gradient.shape[-2], len(shards))[part]
            rows.append(_Rows(shards, k, cut, gradient[..., cut, :]))
            places.append((matrix[..., cut, :], gradient[..., cut, :]))
        if len(shards) == 1:  # all of theta is in here: one call does for all layers
            places = [(theta, vector)]
        parts.append(_Part(rows, places))
    return parts


def _cut(length: int, parts: int) -> list[slice]:
    """`length` places in `parts` slices of nearly equal length."""
    edges = [length * part // parts for part in range(parts + 1)]
    return [slice(start, end) for start, end in pairwise(edges)]
