"""Training: a fold over epochs, each of them a fold of gradient steps over the epoch's batches.

The notebook's `SGD`. What goes in and comes out are frozen records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import accumulate, pairwise, takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnet._checks import InputError, record, require
from fnnet._parallel import threads
from fnnet._random import Purpose, stream
from fnnet.datasets.dataset import Dataset
from fnnet.evaluation.evaluate import Evaluation, check_fits, check_targets, evaluate
from fnnet.network.activations import softmax
from fnnet.network.costs import cost_for
from fnnet.network.params import Params, check_real
from fnnet.training.config import TrainConfig
from fnnet.training.divergence import check_finite
from fnnet.training.dropout import shares_of
from fnnet.training.early_stopping import Standing
from fnnet.training.epoch import Epochs
from fnnet.training.sgd import kinds_of
from fnnet.training.state import EpochReport, TrainState

if TYPE_CHECKING:
    from fnnet.augmentation import Augmentation

__all__ = ["start", "train", "trajectory"]

Monitor = Mapping[str, Dataset]
"""Data sets to evaluate after each epoch, by name; "validation" is what a run goes by."""


def start(params: Params, config: TrainConfig) -> TrainState:
    """The state of a run before its first epoch.

    Parameters
    ----------
    params
        What it starts from, most often from `init`.
    config
        The run's settings.

    Returns
    -------
    TrainState
        Epoch 0, and what the optimizer keeps before its first step.

    Raises
    ------
    InputError
        Where config has another number of seeds than params has networks, or its cost, dropout or
        augmentation does not fit them.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([64, 16, 10], seed=0)
    >>> state = fnnet.start(params, fnnet.TrainConfig(optimizer=fnnet.momentum()))
    >>> state.epoch, [v.shape for v in state.optimizer]
    (0, [(1210,)])
    """
    check_real(params)
    record("config", config, TrainConfig)
    one_each = isinstance(config.seed, int) or (len(config.seed),) == params.leading
    expected = f"one seed, or one for each network (params has the leading axes {params.leading})"
    require(one_each, "config.seed", config.seed, expected)
    output, units = params.architecture.activations[-1], params.sizes[-1]
    cost_for(params.architecture, config.cost)
    learns = units > 1 or output != softmax
    needed = "a unit for each class, or sigmoid: the softmax of one is always 1"
    require(learns, "the output layer", "softmax of one unit", needed)
    shares_of(params.architecture, config.dropout)
    if config.augment is not None:
        _check_augment(config.augment, params)
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
        Threads at the most, by default one a processor. They change no bit of the result.

    Raises
    ------
    InputError
        At once where the data, the monitored data or the state does not fit the network or config.
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

    Arguments and errors are those of `trajectory`.

    Examples
    --------
    >>> import fnnet
    >>> digits = fnnet.load_digits()
    >>> config = fnnet.TrainConfig(epochs=3)
    >>> state = fnnet.start(fnnet.init([64, 16, 10], seed=0), config)
    >>> fnnet.train(state, digits.train, config).epoch
    3
    """
    states = trajectory(state, dataset, config, monitor=monitor, workers=workers)
    return reduce(lambda _, after: after, states, state)


def _epoch_of(
    state: TrainState, dataset: Dataset, config: TrainConfig, monitor: Monitor, workers: int | None
) -> Callable[[TrainState, int], TrainState]:
    """The step of the fold: (state, epoch) -> state, with the run's buffers inside."""
    workers = threads(workers)
    _check_resumes(state, config)
    check_fits(state.params, dataset)
    check_targets(dataset, config.cost)
    monitor = _checked(monitor, state.params, config)
    epochs = Epochs(state.params, dataset, config, workers)

    def epoch(state: TrainState, number: int) -> TrainState:
        stopping = Standing.after(state.history, config.patience)
        if np.all(stopping.stopped):
            return state
        factor = config.schedule.checked(state.history, state.params.leading)

        def eta(time: float) -> Any:
            return config.eta * factor(time)

        params, optimizer = epochs.run(state.params, state.optimizer, number, eta)
        if config.patience is not None:
            params = stopping.last(state.params, params)
        _check_kept("the optimizer's state", optimizer, state.optimizer, config)
        check_finite(params.theta, optimizer, stopping.stopped, number, config)
        evaluations = {
            name: evaluate(params, watched, cost=config.cost, workers=workers)
            for name, watched in monitor.items()
        }
        score = _score(evaluations, monitor)
        report = EpochReport(number, eta(number), tuple(evaluations.items()), score)
        best = None if config.patience is None else stopping.best(state.best, params, score)
        history = (*state.history, report)
        return TrainState(params, number + 1, optimizer=optimizer, history=history, best=best)

    return epoch


def _check_augment(augment: Augmentation, params: Params) -> None:
    try:
        augment.changed(np.zeros((1, params.sizes[0]), params.dtype), stream(0, Purpose.AUGMENT))
    except InputError as error:
        raise InputError(f"config.augment does not fit the network's inputs: {error}") from None


def _check_resumes(state: TrainState, config: TrainConfig) -> None:
    record("state", state, TrainState)
    _check_kept("state.optimizer", state.optimizer, start(state.params, config).optimizer, config)
    if _goes_by_validation(config):
        unscored = [report.epoch for report in state.history if report.score is None]
        needed = "none, for the run to go by the scores of its validation samples"
        require(not unscored, "state.history's epochs without a score", unscored, needed)
    if config.patience is not None and state.history:
        needed = "the run's best params, from an early stopping from its first epoch on"
        require(state.best is not None, "state.best", state.best, needed)


def _checked(monitor: Monitor, params: Params, config: TrainConfig) -> Monitor:
    is_mapping = isinstance(monitor, Mapping) and all(isinstance(name, str) for name in monitor)
    require(is_mapping, "monitor", monitor, "a dict from names to data sets")
    for name, watched in monitor.items():
        check_fits(params, watched, f"monitor[{name!r}]")
        check_targets(watched, config.cost, f"monitor[{name!r}]")
    if _goes_by_validation(config):
        needed = "one named validation, for the run to go by"
        require("validation" in monitor, "monitor", list(monitor), needed)
    return dict(monitor)


def _goes_by_validation(config: TrainConfig) -> bool:
    return config.patience is not None or config.schedule.by_validation


def _score(evaluations: Mapping[str, Evaluation], monitor: Monitor) -> Any:
    if "validation" not in evaluations:
        return None
    validation = evaluations["validation"]
    is_labelled = monitor["validation"].classes is not None
    return validation.accuracy if is_labelled else -validation.cost


def _check_kept(argument: str, state: Any, like: Any, config: TrainConfig) -> None:
    """Refuse an optimizer's state that is not made up as this one."""
    kinds, expected = kinds_of(state), kinds_of(like)
    name = config.optimizer.name
    require(kinds == expected, argument, kinds, f"{expected}, as {name} keeps")
