"""One epoch of training: a fold of gradient steps, in buffers that only the run sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fnnet._checks import refusal
from fnnet._random import shuffle
from fnnet._records import Array, freeze
from fnnet._threads import arithmetic
from fnnet.datasets.dataset import Dataset
from fnnet.network.inputs import Samples
from fnnet.network.params import Params
from fnnet.network.shards import BatchGradient
from fnnet.training.batches import augmented, mini_batches
from fnnet.training.config import TrainConfig
from fnnet.training.dropout import Dropout
from fnnet.training.optimizers import State, sgd
from fnnet.training.sgd import descend

__all__ = ["DivergenceError", "Epochs", "check_finite"]


class Epochs:
    """The epochs of a run, one at a time.

    `start` may be any parameters of the run: architecture, dtype and leading axes are taken from
    them. At most `workers` threads compute.
    """

    def __init__(self, start: Params, dataset: Dataset, config: TrainConfig, workers: int) -> None:
        self._architecture, self._dataset, self._config = start.architecture, dataset, config
        self._theta, self._workers = np.empty_like(start.theta), workers
        has_dropout = np.any(config.dropout)
        self._dropout = Dropout(start, config.dropout, config.seed) if has_dropout else None
        # Two at most, by number of samples: for the full batches, and for a smaller last one.
        self._gradients: dict[int, BatchGradient] = {}

    def run(
        self, params: Params, state: State, number: int, eta: Callable[[float], Any]
    ) -> tuple[Params, State]:
        """The parameters and the optimizer's state after epoch `number`.

        `eta(time)` is the learning rate at a time in epochs: 2.5 in the middle of the third.
        """
        config, theta = self._config, self._theta
        steps = -(-len(self._dataset.x) // config.batch_size)  # rounded up
        is_plain = config.optimizer.update is sgd.update  # then a step is one subtraction
        theta[...] = params.theta
        with arithmetic():
            for step, samples in enumerate(self._batches(number)):
                n, rate = samples[0].shape[-2], eta(number + step / steps)
                gradient = self._gradients.get(n) or self._gradient(n)
                if is_plain:  # theta - eta * gradient, in place
                    np.subtract(theta, gradient(samples, config.cost, rate), theta)
                else:
                    # The optimizer may keep what it gets: it gets a copy.
                    vector = gradient(samples, config.cost).copy()
                    direction, state = self._updated(vector, state, params)
                    params = descend(params, direction, rate)
                    theta[...] = params.theta
        return Params(self._architecture, freeze(theta.copy())), state

    def _batches(self, epoch: int) -> Iterator[Samples]:
        config, dataset = self._config, self._dataset
        order = shuffle(len(dataset.x), seed=config.seed, epoch=epoch)
        batches = mini_batches(dataset, order, config.batch_size, self._theta.dtype)
        if config.augment is not None:
            batches = augmented(batches, config.augment, config.seed, epoch)
        return batches if self._dropout is None else self._dropout.draw(batches, epoch)

    def _gradient(self, n: int) -> BatchGradient:
        leading, dropout = self._theta.shape[:-1], self._dropout
        masked = {} if dropout is None else {"activations": dropout.activations(n)}
        gradient = BatchGradient(
            self._architecture, self._theta, leading, n, self._workers, **masked
        )
        self._gradients[n] = gradient
        return gradient

    def _updated(self, gradient: Array, state: State, params: Params) -> tuple[Array, State]:
        updated = self._config.optimizer.update(gradient, state, params)
        if not isinstance(updated, tuple) or len(updated) != 2:
            argument = f"the result of {self._config.optimizer.name}.update"
            raise refusal(argument, updated, "a pair, the direction and the new state")
        return updated


class DivergenceError(ArithmeticError):
    """Training left the finite numbers, most often because eta is too large."""


def check_finite(theta: Array, kept: Any, stopped: Any, epoch: int, config: TrainConfig) -> None:
    """Refuse an epoch's end where theta, or what the optimizer keeps, is not finite.

    `stopped` tells which networks of a stack training has left as they are.
    """
    finite = np.isfinite(theta).all(axis=-1)
    where, wrong = f"epoch {epoch}: ", f" not finite: try a smaller eta than {config.eta}"
    if not finite.all():
        which = f" of networks {np.flatnonzero(~finite).tolist()}" if finite.ndim else ""
        raise DivergenceError(f"{where}parameters{which} are{wrong}")
    # A mean of squares, say, that is infinite: no step would move any more.
    if not _is_finite(kept, np.asarray(stopped)):
        raise DivergenceError(f"{where}the state of {config.optimizer.name} is{wrong}")


def _is_finite(kept: Any, stopped: Array) -> bool:
    if isinstance(kept, tuple):
        return all(_is_finite(part, stopped) for part in kept)
    # What a stopped network's optimizer goes on to do is without effect on it.
    is_each = stopped.ndim > 0 and kept.shape[: stopped.ndim] == stopped.shape
    return bool(np.isfinite(kept[~stopped] if is_each else kept).all())
