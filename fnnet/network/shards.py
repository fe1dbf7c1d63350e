"""The gradient of a mini batch; a large one is cut into shards of samples, a workspace each.

The cut depends on the sizes alone, and gradients are added up in the shards' order: the number of
workers changes no bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from fnnet._records import Array
from fnnet._threads import processors, run
from fnnet.network.activations import Activation
from fnnet.network.costs import Cost
from fnnet.network.inputs import Samples, leading_axes, sample_scale
from fnnet.network.params import Architecture, Params
from fnnet.network.passes import Workspace, backprop, costs

__all__ = ["BatchGradient", "borrowed"]

_SHARD, _MOST = 2**25, 8
"""A shard has at least this many samples times parameters: about 2 ms of work, while handing it to
a thread takes 0.1 ms. At most 8 shards: each of them has a gradient in memory."""


class BatchGradient:
    """The gradient of n samples, in workspaces that are allocated once.

    `activations(columns)` replace the architecture's for a part of the samples. The other arguments
    are those of `Workspace`; at most `workers` threads compute.
    """

    def __init__(
        self,
        architecture: Architecture,
        theta: Array,
        leading: tuple[int, ...],
        n: int,
        workers: int,
        activations: Callable[[slice], Sequence[Activation]] = lambda _: (),
    ) -> None:
        shards = min(n, _MOST, max(1, n * architecture.n_parameters // _SHARD))
        self._workers = workers
        self._columns, self._parts = _cut(n, shards), _cut(theta.shape[-1], shards)
        self._works = [
            Workspace(
                architecture, theta, leading, cut.stop - cut.start, activations(cut)
            ).with_gradient(architecture)
            for cut in self._columns
        ]

    def __call__(self, samples: Samples, cost: Cost, factor: Any = 1.0) -> Array:
        """`factor` times the gradient (..., P) of the mean cost over n samples: a buffer."""
        x, y, weights = samples
        scale = sample_scale(factor, x.shape[-2], weights, x.dtype)
        if len(self._works) == 1:
            return backprop(self._works[0], x, y, cost, scale)
        scale = np.broadcast_to(scale, (*scale.shape[:-2], 1, x.shape[-2]))
        shards = zip(self._works, self._columns, strict=True)
        run(
            [
                partial(backprop, work, x[..., cut, :], y[..., cut], cost, scale[..., cut])
                for work, cut in shards
            ],
            self._workers,
        )
        run([partial(self._add_up, part) for part in self._parts], self._workers)
        return self._works[0].gradient

    def _add_up(self, part: slice) -> None:
        total, *others = (work.gradient[..., part] for work in self._works)
        for other in others:
            np.add(total, other, total)

    def costs(self, samples: Samples, cost: Cost) -> Array:
        """The costs (..., n) of the samples of the last call."""
        y = samples[1]
        shards = zip(self._works, self._columns, strict=True)
        return np.concatenate([costs(work, y[..., cut], cost) for work, cut in shards], axis=-1)


# A workspace takes as long to make as a small step, so calls leave theirs to the next ones of the
# same sizes. A call takes it out while it computes: no two share one.
_idle: OrderedDict[Any, tuple[Array, BatchGradient]] = OrderedDict()
_IDLE_SIZES, _IDLE_NUMBERS = 4, 2**20


@contextmanager
def borrowed(params: Params, samples: Samples) -> Iterator[BatchGradient]:
    """The gradient at params for a mini batch like `samples`, in buffers of an earlier call."""
    architecture, given, n = params.architecture, params.theta, samples[0].shape[-2]
    leading = leading_axes(params, *samples)
    key = architecture, given.shape, given.dtype, leading, n
    theta, gradient = _idle.pop(key, (None, None))
    if theta is None or gradient is None:
        theta = np.empty_like(given)
        gradient = BatchGradient(architecture, theta, leading, n, processors())
    theta[...] = given
    yield gradient
    if prod(leading) * (given.shape[-1] + n * sum(architecture.sizes)) < _IDLE_NUMBERS:
        _idle[key] = theta, gradient
        if len(_idle) > _IDLE_SIZES:
            _idle.popitem(last=False)


def _cut(length: int, parts: int) -> list[slice]:
    edges = [length * part // parts for part in range(parts + 1)]
    return [slice(start, end) for start, end in pairwise(edges)]
