"""Training: a fold over epochs, each of them a fold of gradient steps over the epoch's batches.

The notebook's `SGD`. What goes in and comes out are frozen records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import accumulate, pairwise, takewhile
from types import MappingProxyType
from typing import Any

import numpy as np

from fnnet.checks import integer, record, require
from fnnet.config import TrainConfig
from fnnet.costs import cost_for
from fnnet.datasets.dataset import Dataset
from fnnet.dropout import shares_of
from fnnet.epochs import Epochs
from fnnet.evaluation import Evaluation, check_fits, evaluate
from fnnet.parallel import processors
from fnnet.params import Params
from fnnet.records import Array
from fnnet.state import EpochReport, TrainState
from fnnet.stopping import Standing

__all__ = ["DivergenceError", "start", "train", "trajectory"]

Monitor = Mapping[str, Dataset]
"""Data sets to evaluate after each epoch, by name; "validation" is what a run goes by."""


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, most often because eta is too large."""


def start(params: Params, config: TrainConfig) -> TrainState:
    """The state of a run before its first epoch.

    Raises
    ------
    InputError
        Where config has another number of seeds than params has networks, or does not fit them.
    """
    record("params", params, Params)
    record("config", config, TrainConfig)
    fits = isinstance(config.seed, int) or (len(config.seed),) == params.leading
    expected = f"one seed, or one for each network (params has the leading axes {params.leading})"
    require(fits, "config.seed", config.seed, expected)
    cost_for(params.architecture.activations[-1], config.cost)
    shares_of(params.architecture, config.dropout)
    return TrainState(params, optimizer=config.optimizer.init(params))


def trajectory(
    state: TrainState,
    dataset: Dataset,
    config: TrainConfig,
    *,
    monitor: Monitor = MappingProxyType({}),
    workers: int | None = None,
) -> Iterator[TrainState]:
    """The states after each of the epochs to come, lazily: an epoch is computed when asked for.

    Parameters
    ----------
    state
        From `start`, or from an earlier run with the same config (but for `epochs`).
    dataset
        What to train on.
    config
        The run continues until it has had `config.epochs` epochs in all, or is stopped early.
    monitor
        Data sets to evaluate after each epoch, by name, for `TrainState.history`. Early stopping
        and the schedule `halving` go by the one that is named "validation".
    workers
        Threads for large batches, by default one a processor. They change no bit of the result.

    Raises
    ------
    InputError
        At once where the data does not fit the network.
    DivergenceError
        In an epoch that ends with parameters that are not finite.

    Examples
    --------
    >>> import fnnet
    >>> digits = fnnet.load_digits()
    >>> config = fnnet.TrainConfig(epochs=3)
    >>> state = fnnet.start(fnnet.init([64, 16, 10], seed=0), config)
    >>> for state in fnnet.trajectory(state, digits.train, config):
    ...     print(state.epoch, fnnet.evaluate(state.params, digits.test).accuracy > 0.4)
    1 True
    2 True
    3 True
    """
    epoch = _epoch_of(state, dataset, config, monitor, workers)
    states = accumulate(range(state.epoch, config.epochs), epoch, initial=state)
    # A run that has stopped stays at its state.
    new = takewhile(lambda pair: pair[0] is not pair[1], pairwise(states))
    return (after for _, after in new)


def train(
    state: TrainState,
    dataset: Dataset,
    config: TrainConfig,
    *,
    monitor: Monitor = MappingProxyType({}),
    workers: int | None = None,
) -> TrainState:
    """The last state of the `trajectory`, or `state` where no epoch is left to run.

    Examples
    --------
    >>> import fnnet
    >>> digits = fnnet.load_digits()
    >>> config = fnnet.TrainConfig(epochs=3)
    >>> state = fnnet.start(fnnet.init([64, 16, 10], seed=0), config)
    >>> fnnet.train(state, digits.train, config).epoch
    3
    """
    epoch = _epoch_of(state, dataset, config, monitor, workers)
    return reduce(epoch, range(state.epoch, config.epochs), state)


def _epoch_of(
    state: TrainState,
    dataset: Dataset,
    config: TrainConfig,
    monitor: Monitor,
    workers: int | None,
) -> Callable[[TrainState, int], TrainState]:
    """The step of the fold: (state, epoch) -> state, with the run's buffers inside."""
    record("state", state, TrainState)
    expected = f"what {config.optimizer.name} keeps for these params (see fnnet.start)"
    kept = _shapes(start(state.params, config).optimizer)
    require(_shapes(state.optimizer) == kept, "state.optimizer", _shapes(state.optimizer), expected)
    workers = processors() if workers is None else integer("workers", workers, at_least=1)
    check_fits(state.params, dataset)
    for watched in monitor.values():
        check_fits(state.params, watched)
    if config.patience is not None or config.schedule.by_validation:
        needed = "one named validation, for the run to go by"
        require("validation" in monitor, "monitor", list(monitor), needed)
    epochs = Epochs(state.params, dataset, config, workers)

    def epoch(state: TrainState, number: int) -> TrainState:
        stopping = Standing.after(state.history, config.patience)
        if np.all(stopping.stopped):
            return state
        factor = config.schedule.given(state.history)

        def eta(time: float) -> Any:
            return config.eta * factor(time)

        params, optimizer = epochs.run(state.params, state.optimizer, number, eta)
        _check_finite(params.theta, number, config)
        evaluations = {
            name: evaluate(params, watched, cost=config.cost) for name, watched in monitor.items()
        }
        score = _score(evaluations, monitor)
        report = EpochReport(number, eta(number), tuple(evaluations.items()), score)
        best = None if config.patience is None else stopping.best(state.best, params, score)
        history = (*state.history, report)
        return TrainState(params, number + 1, optimizer=optimizer, history=history, best=best)

    return epoch


def _score(evaluations: Mapping[str, Evaluation], monitor: Monitor) -> Any:
    if "validation" not in evaluations:
        return None
    validation = evaluations["validation"]
    is_labelled = monitor["validation"].classes is not None
    return validation.accuracy if is_labelled else -validation.cost


def _shapes(state: Any) -> Any:
    return tuple(map(_shapes, state)) if isinstance(state, tuple) else np.shape(state)


def _check_finite(theta: Array, epoch: int, config: TrainConfig) -> None:
    finite = np.isfinite(theta).all(axis=-1)
    if not finite.all():
        which = f" of networks {np.flatnonzero(~finite).tolist()}" if finite.ndim else ""
        raise DivergenceError(
            f"epoch {epoch}: parameters{which} are no longer finite at eta {config.eta}: try less"
        )
