"""Training: a fold over epochs, each of them a fold of gradient steps over the epoch's batches.

The notebook's `SGD`. An epoch's steps are computed in place, in buffers that only the run sees;
what goes in and comes out are frozen records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, reduce
from itertools import accumulate, islice

import attrs
import numpy as np

from fnnet.arithmetic import arithmetic
from fnnet.batches import mini_batches
from fnnet.checks import finite_number, integer, record, require
from fnnet.costs import Cost, as_cost, cost_for, quadratic
from fnnet.datasets.dataset import Dataset
from fnnet.evaluation import check_fits
from fnnet.gradients import BatchGradient
from fnnet.parallel import processors
from fnnet.params import Params
from fnnet.records import Array, freeze
from fnnet.streams import Seed, as_seed, shuffle

__all__ = ["DivergenceError", "TrainConfig", "TrainState", "start", "train", "trajectory"]


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, most often because eta is too large."""


@attrs.frozen(kw_only=True)
class TrainConfig:
    """Everything a run depends on besides its data and its starting params.

    Attributes
    ----------
    epochs
        How many epochs the run has in all, at least 0.
    batch_size
        Samples in a mini batch, at least 1. The last batch of an epoch may be smaller.
    eta
        The learning rate, above 0.
    seed
        Of the shuffling; K seeds shuffle for each of K stacked networks on its own.
    cost
        A `Cost`, or the name of one: "quadratic", the notebook's, or "cross-entropy".

    Examples
    --------
    >>> TrainConfig(epochs=2)
    TrainConfig(epochs=2, batch_size=10, eta=3.0, seed=0, cost=Cost(name='quadratic'))
    >>> TrainConfig(eta=float("nan"))
    Traceback (most recent call last):
    fnnet.checks.InputError: eta is nan: expected a finite number
    """

    epochs: int = 30
    batch_size: int = 10
    eta: float = 3.0
    seed: Seed = attrs.field(default=0, converter=as_seed)
    cost: Cost = attrs.field(default=quadratic, converter=as_cost)

    def __attrs_post_init__(self) -> None:
        integer("epochs", self.epochs, at_least=0)
        integer("batch_size", self.batch_size, at_least=1)
        require(finite_number("eta", self.eta) > 0, "eta", self.eta, "a number above 0")


@attrs.frozen
class TrainState:
    """Where a run stands.

    Attributes
    ----------
    params
        The parameters after the epochs so far.
    epoch
        How many epochs that were.
    """

    params: Params
    epoch: int = 0

    def __attrs_post_init__(self) -> None:
        record("params", self.params, Params)
        integer("epoch", self.epoch, at_least=0)


def start(params: Params, config: TrainConfig) -> TrainState:
    """The state of a run before its first epoch.

    Raises
    ------
    InputError
        Where config has another number of seeds than params has networks.
    """
    record("config", config, TrainConfig)
    fits = isinstance(config.seed, int) or (len(config.seed),) == params.leading
    expected = f"one seed, or one for each network (params has the leading axes {params.leading})"
    require(fits, "config.seed", config.seed, expected)
    return TrainState(params)


def trajectory(
    state: TrainState, dataset: Dataset, config: TrainConfig, *, workers: int | None = None
) -> Iterator[TrainState]:
    """The states after each of the epochs to come, lazily: an epoch is computed when asked for.

    Parameters
    ----------
    state
        From `start`, or from an earlier run with the same config (but for `epochs`).
    dataset
        What to train on.
    config
        The run continues until it has had `config.epochs` epochs in all.
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
    epoch = _epoch_of(state, dataset, config, workers)
    states = accumulate(range(state.epoch, config.epochs), epoch, initial=state)
    return islice(states, 1, None)


def train(
    state: TrainState, dataset: Dataset, config: TrainConfig, *, workers: int | None = None
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
    epoch = _epoch_of(state, dataset, config, workers)
    return reduce(epoch, range(state.epoch, config.epochs), state)


def _epoch_of(
    state: TrainState, dataset: Dataset, config: TrainConfig, workers: int | None
) -> Callable[[TrainState, int], TrainState]:
    """The step of the fold: (state, epoch) -> state, with the run's buffers inside."""
    record("state", state, TrainState)
    start(state.params, config)
    workers = processors() if workers is None else integer("workers", workers, at_least=1)
    architecture, dtype = state.params.architecture, state.params.dtype
    cost_for(architecture.activations[-1], config.cost)
    check_fits(state.params, dataset)
    theta = np.empty_like(state.params.theta)
    leading = theta.shape[:-1]

    @cache  # of two entries at most: the batch size, and what is left at the end of an epoch
    def gradient_of(n: int) -> tuple[BatchGradient, Array]:
        scale = np.asarray(config.eta / n, dtype)
        return BatchGradient(architecture, theta, leading, n, workers), scale

    def epoch(state: TrainState, number: int) -> TrainState:
        theta[...] = state.params.theta
        order = shuffle(len(dataset), seed=config.seed, epoch=number)
        with arithmetic():
            for x, y in mini_batches(dataset, order, config.batch_size, dtype):
                gradient, scale = gradient_of(x.shape[-2])
                gradient.descend(x, y, config.cost, scale)
        _check_finite(theta, number, config)
        return TrainState(Params(architecture, freeze(theta.copy())), number + 1)

    return epoch


def _check_finite(theta: Array, epoch: int, config: TrainConfig) -> None:
    finite = np.isfinite(theta).all(axis=-1)
    if not finite.all():
        which = f" of networks {np.flatnonzero(~finite).tolist()}" if finite.ndim else ""
        raise DivergenceError(
            f"epoch {epoch}: parameters{which} are no longer finite at eta {config.eta}: try less"
        )
