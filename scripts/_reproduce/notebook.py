"""The notebook's listing as it stands: its printed run was made with this step.

The step has a defect, which fnnet does not have. Here it is a pure function.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import fnnet

PRINTED = (
    *(50.07, 67.15, 75.13, 79.79, 82.96, 82.94, 84.64, 86.58, 87.24, 87.72, 87.69, 88.06),
    *(88.79, 88.38, 88.76, 89.07, 89.46, 89.25, 89.93, 89.49, 90.06, 90.13, 90.10),
)
"""The notebook's output, in percent of the test images: epochs 0 to 22."""


def as_published_step(params: fnnet.Params, batch: fnnet.Batch, eta: float) -> fnnet.Params:
    """The notebook's `update_mini_batch`, to the letter.

    It sums the gradients of the mini batch in `buffer_w` and `buffer_b`. But then it steps along
    `delta_w` and `delta_b`, the gradient of the last sample alone, divided by the batch size.
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
    size = config.batch_size
    for number in range(state.epoch, config.epochs):
        params = state.params
        order = fnnet.shuffle(len(dataset), seed=config.seed, epoch=number)
        for k in range(0, len(dataset), size):
            batch = dataset.batch(order[..., k : k + size], dtype=params.dtype)
            params = as_published_step(params, batch, config.eta)
        evaluations = tuple(
            (name, fnnet.evaluate(params, watched, cost=config.cost))
            for name, watched in monitor.items()
        )
        report = fnnet.EpochReport(number, config.eta, evaluations)
        state = fnnet.TrainState(params, number + 1, history=(*state.history, report))
        yield state
