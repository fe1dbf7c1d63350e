"""One epoch of training: its steps computed in place, in buffers that only the run sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from fnnet._checks import refusal
from fnnet._random import Purpose, shuffle, stream
from fnnet._records import Array, freeze
from fnnet._threads import arithmetic
from fnnet.datasets.dataset import Dataset
from fnnet.network.batches import Samples, mini_batches, sample_scale
from fnnet.network.gradients import BatchGradient
from fnnet.network.params import Params
from fnnet.training.config import TrainConfig
from fnnet.training.dropout import Masks, shares_of
from fnnet.training.sgd import State, descend, sgd

__all__ = ["Epochs"]


class Epochs:
    """The epochs of a run, one at a time.

    `start` may be any parameters of the run: architecture, dtype and leading axes are taken from
    them. `workers` are the threads to use, at the most.
    """

    def __init__(self, start: Params, dataset: Dataset, config: TrainConfig, workers: int) -> None:
        self._dataset = dataset
        self._config = config
        self._workers = workers
        self._architecture = start.architecture
        self._theta = np.empty_like(start.theta)
        self._shares = shares_of(start.architecture, config.dropout)
        self._seeds = config.seed if isinstance(config.seed, tuple) else (config.seed,)
        # Each of two entries at most: the batch size, and what is left at the end of an epoch.
        self._gradients: dict[int, BatchGradient] = {}
        self._all_masks: dict[int, Masks] = {}
        self._shared = lru_cache(2)(partial(sample_scale, weights=None, dtype=self._theta.dtype))

    def run(
        self, params: Params, state: State, number: int, eta: Callable[[float], Any]
    ) -> tuple[Params, State]:
        """The parameters and the optimizer's state after one more epoch.

        `eta(time)` is the learning rate at a time, counted in epochs.
        """
        steps = -(-len(self._dataset) // self._config.batch_size)
        times = (number + step / steps for step in range(steps))
        batches = zip(map(eta, times), self._batches(number), strict=True)
        self._theta[...] = params.theta
        with arithmetic():
            if self._config.optimizer.update is not sgd.update:
                return self._optimized(params, state, batches)
            self._descend(batches)
        return Params(self._architecture, freeze(self._theta.copy())), state

    def _descend(self, steps: Iterable[tuple[Any, Samples]]) -> None:
        """The fold of `sgd_step`: theta is lowered where it is, eta and 1/n being one factor."""
        for eta, (x, y, weights) in steps:
            n = x.shape[-2]
            self._gradient(n).descend(x, y, self._config.cost, self._scale(eta, n, weights))

    def _optimized(
        self, params: Params, state: State, steps: Iterable[tuple[Any, Samples]]
    ) -> tuple[Params, State]:
        """The fold of `grads`, an optimizer's `update` and `descend`."""
        for eta, (x, y, weights) in steps:
            n = x.shape[-2]
            scale = self._scale(1.0, n, weights)
            vector = self._gradient(n).fill(x, y, self._config.cost, scale)
            # The optimizer may keep what it gets: a copy, and params that stay as they are.
            updated = self._config.optimizer.update(vector.copy(), state, params)
            if not isinstance(updated, tuple) or len(updated) != 2:
                argument = f"what the update of {self._config.optimizer.name} returns"
                raise refusal(argument, updated, "a pair, the direction and the new state")
            direction, state = updated
            params = descend(params, direction, eta)
            self._theta[...] = params.theta
        return params, state

    def _scale(self, eta: Any, n: int, weights: Array | None) -> Array:
        if weights is None and isinstance(eta, float):
            return self._shared(eta, n)
        return sample_scale(eta, n, weights, self._theta.dtype)

    def _gradient(self, n: int) -> BatchGradient:
        if n not in self._gradients:
            activations = self._masks(n).activations if any(self._shares) else None
            leading = self._theta.shape[:-1]
            self._gradients[n] = BatchGradient(
                self._architecture, self._theta, leading, n, self._workers, activations=activations
            )
        return self._gradients[n]

    def _masks(self, n: int) -> Masks:
        if n not in self._all_masks:
            leading, dtype = self._theta.shape[:-1], self._theta.dtype
            seeds = np.shape(self._config.seed)
            self._all_masks[n] = Masks(self._architecture, self._shares, leading, n, dtype, seeds)
        return self._all_masks[n]

    def _batches(self, epoch: int) -> Iterator[Samples]:
        config, dataset = self._config, self._dataset
        order = shuffle(len(dataset), seed=config.seed, epoch=epoch)
        batches = mini_batches(dataset, order, config.batch_size, self._theta.dtype)
        if config.augment is not None:
            batches = self._augmented(batches, epoch)
        if any(self._shares):
            batches = self._dropped_out(batches, epoch)
        return batches

    def _augmented(self, batches: Iterator[Samples], epoch: int) -> Iterator[Samples]:
        assert self._config.augment is not None
        for step, (x, y, weights) in enumerate(batches):
            for member, seed in zip(x.reshape(-1, *x.shape[-2:]), self._seeds, strict=True):
                rng = stream(seed, Purpose.AUGMENT, epoch, step)
                # In its place: the batch is fresh, and nobody else has it.
                member[:, :-1] = self._config.augment.changed(member[:, :-1], rng)
            yield x, y, weights

    def _dropped_out(self, batches: Iterator[Samples], epoch: int) -> Iterator[Samples]:
        streams = [stream(seed, Purpose.DROPOUT, epoch) for seed in self._seeds]
        for x, y, weights in batches:
            masks = self._masks(x.shape[-2])
            masks.draw(streams)
            yield masks.drop_inputs(x), y, weights
