"""The notebook's listing as it computes: the step that its printed run was made with.

It stands here, and not in fnnet: it is a defect, put down as a pure function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import accumulate, islice
from types import MappingProxyType

import fnnet

__all__ = ["PRINTED", "as_published", "as_published_step"]

PRINTED = (
    *(50.07, 67.15, 75.13, 79.79, 82.96, 82.94, 84.64, 86.58, 87.24, 87.72, 87.69, 88.06),
    *(88.79, 88.38, 88.76, 89.07, 89.46, 89.25, 89.93, 89.49, 90.06, 90.13, 90.10),
)
"""The notebook's output, in percent of the test images: epochs 0 to 22."""


def as_published_step(params: fnnet.Params, batch: fnnet.Batch, eta: float) -> fnnet.Params:
    """The notebook's `update_mini_batch`, to the letter.

    It adds the gradients of the mini batch up in `buffer_w` and `buffer_b`, and then steps along
    `delta_w` and `delta_b`: those that `backprop` returned last, the last sample's alone, divided
    by the size of the batch.

    Parameters
    ----------
    params
        A network, or a stack of them.
    batch
        A mini batch (n, n_in), or one for each of the stack, (K, n, n_in), with labels.
    eta
        The listing's learning rate: the step is as long as one of eta / n on one sample.
    """
    last = fnnet.Batch(batch.x[..., -1:, :], batch.y[..., -1:])
    return fnnet.sgd_step(params, last, eta / batch.x.shape[-2])


def as_published(
    state: fnnet.TrainState,
    dataset: fnnet.Dataset,
    config: fnnet.TrainConfig,
    *,
    monitor: Mapping[str, fnnet.Dataset] = MappingProxyType({}),
) -> Iterator[fnnet.TrainState]:
    """`fnnet.trajectory` with the listing's step: the notebook's `SGD`, epoch by epoch."""

    def epoch(state: fnnet.TrainState, number: int) -> fnnet.TrainState:
        order = fnnet.shuffle(len(dataset), seed=config.seed, epoch=number)
        size = config.batch_size
        batches = (order[..., k : k + size] for k in range(0, len(dataset), size))

        def step(params: fnnet.Params, rows: fnnet._records.Array) -> fnnet.Params:
            batch = dataset.batch(rows, dtype=params.dtype)
            return as_published_step(params, batch, config.eta)

        params = reduce(step, batches, state.params)
        evaluations = tuple(
            (name, fnnet.evaluate(params, watched, cost=config.cost))
            for name, watched in monitor.items()
        )
        report = fnnet.EpochReport(number, config.eta, evaluations)
        return fnnet.TrainState(params, number + 1, history=(*state.history, report))

    states = accumulate(range(state.epoch, config.epochs), epoch, initial=state)
    return islice(states, 1, None)
