"""Training, the notebook's `SGD`: a fold over epochs, from one frozen state to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from fnnet._checks import InputError, record, require
from fnnet._random import Purpose, stream
from fnnet._threads import threads
from fnnet.datasets.dataset import Dataset
from fnnet.evaluation.evaluate import check_fits, check_targets, evaluate
from fnnet.network.activations import softmax
from fnnet.network.costs import cost_for
from fnnet.network.functions import NotFiniteError
from fnnet.network.params import Params, check_real
from fnnet.training.config import TrainConfig
from fnnet.training.dropout import shares_of
from fnnet.training.early_stopping import chosen, is_stopped, standing
from fnnet.training.epoch import DivergenceError, Epochs, check_finite
from fnnet.training.state import EpochReport, TrainState, read_only_state

__all__ = ["start", "train", "trajectory"]

Monitor = Mapping[str, Dataset]


def start(params: Params, config: TrainConfig) -> TrainState:
    """The state of a run before its first epoch, with its optimizer's first state.

    Parameters
    ----------
    params
        The parameters before the first step, most often from `init`.
    config
        The run's settings.

    Raises
    ------
    InputError
        If config has another number of seeds than params has networks, or its cost, dropout or
        augmentation does not fit them.

    Examples
    --------
    >>> import fnnet
    >>> params = fnnet.init([64, 16, 10], seed=0)
    >>> state = fnnet.start(params, fnnet.TrainConfig(optimizer="momentum"))
    >>> state.epoch, [v.shape for v in state.optimizer]
    (0, [(1210,)])
    """
    check_real(params)
    record("config", config, TrainConfig)
    one_each = isinstance(config.seed, int) or (len(config.seed),) == params.leading
    expected = f"one seed, or one for each network (params has the leading axes {params.leading})"
    require(one_each, "config.seed", config.seed, expected)
    cost_for(params.architecture, config.cost)
    learns = params.sizes[-1] > 1 or params.architecture.activations[-1] != softmax
    needed = "a unit for each class, or sigmoid: the softmax of one is always 1"
    require(learns, "the output layer", "softmax of one unit", needed)
    shares_of(params.architecture, config.dropout)
    if config.augment is not None:
        x = np.zeros((1, params.sizes[0]), params.dtype)
        try:
            config.augment.changed(x, stream(0, Purpose.AUGMENT))
        except InputError as error:
            raise InputError(f"config.augment does not fit the network's inputs: {error}") from None
    return TrainState(params, optimizer=config.optimizer.init(params))


def trajectory(
    state: TrainState,
    dataset: Dataset,
    config: TrainConfig,
    *,
    monitor: Monitor = MappingProxyType({}),
    workers: int | None = None,
) -> Iterator[TrainState]:
    """The states after each of the epochs to come. An epoch is computed when it is asked for.

    Parameters
    ----------
    state
        From `start`, or from an earlier run with the same config (only `epochs` may differ).
    dataset
        The samples to train on.
    config
        The run ends after `config.epochs` epochs in all, or by early stopping.
    monitor
        Data sets by name, to evaluate after each epoch for `TrainState.history`. Early stopping
        and the schedule `halving` use the one named "validation".
    workers
        The largest number of threads, by default one for each processor. They change no bit.

    Raises
    ------
    InputError
        At once, if the data, the monitored data or the state does not fit the network or config.
    DivergenceError
        If an epoch ends with parameters, or outputs on monitored data, that are not finite.

    Examples
    --------
    >>> import fnnet
    >>> digits, config = fnnet.load_digits(), fnnet.TrainConfig(epochs=2)
    >>> state = fnnet.start(fnnet.init([64, 16, 10], seed=0), config)
    >>> for state in fnnet.trajectory(state, digits.train, config):
    ...     print(state.epoch, fnnet.evaluate(state.params, digits.test).accuracy > 0.4)
    1 True
    2 True
    """
    workers = threads(workers)
    _check(state, dataset, config, monitor)
    steps = Epochs(state.params, dataset, config, workers)
    epoch = partial(_epoch, steps, config, dict(monitor), workers)

    def states(state: TrainState) -> Iterator[TrainState]:
        for number in range(state.epoch, config.epochs):
            if config.patience is not None and np.all(is_stopped(state, config.patience)):
                return
            state = epoch(state, number)
            yield state

    return states(state)


def train(
    state: TrainState,
    dataset: Dataset,
    config: TrainConfig,
    *,
    monitor: Monitor = MappingProxyType({}),
    workers: int | None = None,
) -> TrainState:
    """The last state of the `trajectory`, or `state` if no epoch is left.

    Arguments and errors are those of `trajectory`.

    >>> import fnnet
    >>> data, config = fnnet.load_digits().train, fnnet.TrainConfig(epochs=3)
    >>> fnnet.train(fnnet.start(fnnet.init([64, 10], seed=0), config), data, config).epoch
    3
    """
    for after in trajectory(state, dataset, config, monitor=monitor, workers=workers):
        state = after
    return state


def _epoch(
    steps: Epochs,
    config: TrainConfig,
    monitor: Monitor,
    workers: int,
    state: TrainState,
    epoch: int,
) -> TrainState:
    """The state after one more epoch."""
    factor = partial(config.schedule.at, state.history, state.params.leading)
    params, optimizer = steps.run(
        state.params, state.optimizer, epoch, lambda time: config.eta * factor(time)
    )
    stopped = np.False_ if config.patience is None else is_stopped(state, config.patience)
    params = chosen(stopped, state.params, params) if np.any(stopped) else params
    optimizer = read_only_state(optimizer, "the optimizer's state")
    _check_optimizer("the optimizer's state", optimizer, state.optimizer, config)
    check_finite(params.theta, optimizer, stopped, epoch, config)
    seen = {}
    for name, watched in monitor.items():
        try:
            seen[name] = evaluate(params, watched, cost=config.cost, workers=workers)
        except NotFiniteError as error:
            wrong = f"epoch {epoch}: on {name} data, {error}; try a smaller eta than {config.eta}"
            raise DivergenceError(wrong) from None
    score = None
    if "validation" in seen:
        is_labelled = monitor["validation"].classes is not None
        score = seen["validation"].accuracy if is_labelled else -seen["validation"].cost
    now = {} if score is None else standing(state, params, score, config.patience)
    first, waited = factor(epoch), now.get("waited")
    report = EpochReport(
        epoch, config.eta * first, tuple(seen.items()), score, waited=waited, factor=first
    )
    history = state.history.then(report)
    return attrs.evolve(
        state, params=params, epoch=epoch + 1, optimizer=optimizer, history=history, **now
    )


def _check(state: TrainState, dataset: Dataset, config: TrainConfig, monitor: Monitor) -> None:
    """Refuse what a run cannot start or continue with."""
    record("state", state, TrainState)
    first = start(state.params, config)
    _check_optimizer("state.optimizer", state.optimizer, first.optimizer, config)
    is_mapping = isinstance(monitor, Mapping) and all(isinstance(name, str) for name in monitor)
    require(is_mapping, "monitor", monitor, "a dict from names to data sets")
    watched = {f"monitor[{name!r}]": each for name, each in monitor.items()}
    for argument, data in {"dataset": dataset, **watched}.items():
        check_fits(state.params, data, argument)
        check_targets(data, config.cost, argument)
    by_patience, by_schedule = config.patience is not None, config.schedule.by_validation
    if by_patience or by_schedule:
        needed = "one named validation, to score each epoch: {'validation': a Dataset}"
        require("validation" in monitor, "monitor", list(monitor), needed)
    if by_patience and state.epoch:
        needed = "the run's best params, from early stopping since its first epoch"
        require(state.best is not None, "state.best", state.best, needed)
    if by_schedule and state.epoch:
        scored = [report.epoch for report in state.history if report.score is not None]
        fits = len(scored) == len(state.history) and scored[-1:] == [state.epoch - 1]
        needed = f"reports with validation scores, the last one of epoch {state.epoch - 1}"
        require(fits, "state.history", state.history, needed)


def _check_optimizer(argument: str, state: Any, like: Any, config: TrainConfig) -> None:
    expected = f"{_kinds(like)}, as {config.optimizer.name} keeps"
    require(_kinds(state) == _kinds(like), argument, _kinds(state), expected)


def _kinds(state: Any) -> Any:
    """An optimizer's state with each array replaced by its dtype and shape."""
    return tuple(map(_kinds, state)) if isinstance(state, tuple) else f"{state.dtype} {state.shape}"
