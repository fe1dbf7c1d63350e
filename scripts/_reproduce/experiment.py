"""A published result and ours: records, and how they compare. All figures are in percent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs
import numpy as np

import fnnet
from _common import Array

FROM_EPOCH = 3
"""A curve is judged from this epoch on: the figures of the first epochs depend on luck."""

_ROUNDING = 1e-9
"""Percentages that differ by less are equal."""


@attrs.frozen(kw_only=True)
class Settings:
    """How a network starts and trains: what `fnnet.init` and `fnnet.trajectory` take."""

    config: fnnet.TrainConfig  # but for the seed and the schedule
    schedule: Callable[[int], fnnet.Schedule] | None = None  # made from the number of epochs
    weights: str = "standard-normal"
    biases: str = "standard-normal"
    hidden: str = "sigmoid"
    output: str = "sigmoid"

    def init(self, sizes: Sequence[int], seeds: tuple[int, ...]) -> fnnet.Params:
        """A stack with a network for each of the seeds."""
        activations = [self.hidden] * (len(sizes) - 2) + [self.output]
        return fnnet.init(
            sizes, seed=seeds, activations=activations, weights=self.weights, biases=self.biases
        )

    def seeded(self, seeds: tuple[int, ...]) -> fnnet.TrainConfig:
        """The config of a stack with these seeds."""
        schedule = self.schedule(self.config.epochs) if self.schedule else fnnet.constant
        return attrs.evolve(self.config, seed=seeds, schedule=schedule)

    def changed(self, **config: Any) -> "Settings":
        """The same settings, but for some of the config's."""
        return attrs.evolve(self, config=attrs.evolve(self.config, **config))

    def described(self) -> dict[str, str]:
        """All settings in words; equal words mean the same run."""
        start, config = (attrs.asdict(one, recurse=False) for one in (self, self.seeded((0,))))
        del start["config"], config["seed"]
        return {name: str(getattr(v, "name", v)) for name, v in {**start, **config}.items()}


@attrs.frozen(kw_only=True)
class Experiment:
    """A published result, and how to come to it again.

    Where the source leaves settings open, there are several. Each trains for `trial` epochs, and
    the best on the validation images is taken.
    """

    name: str
    title: str
    source: str  # who printed it, and where
    sizes: tuple[int, ...]
    settings: tuple[Settings, ...]
    trial: int = 0
    published: tuple[float, ...] = ()  # in percent: a figure, one for each epoch, or none
    # The figure is of right answers; of wrong ones; or a bound that right ones stay under.
    unit: Literal["accuracy", "error", "under"] = "accuracy"
    # The epoch of the figure: the first; the one that is best on the same images, as the book
    # prints it; the one that is best on the validation images; each.
    of: Literal["first", "best", "validated", "each"] = "best"
    on: Literal["test", "validation"] = "test"
    within: float = 0.0  # how many points off still count as reproduced
    note: str = ""
    unjudged: str = ""  # why the figure cannot be compared
    seeds: int = 5
    stacked: int = 5  # seeds in one stack; large networks fill the cache, and are faster alone
    trajectory: Callable[..., Iterator[fnnet.TrainState]] = fnnet.trajectory

    def quick(self) -> "Experiment":
        """The same in a few seconds."""
        settings = (s.changed(epochs=min(s.config.epochs, 4)) for s in self.settings)
        return attrs.evolve(
            self, settings=tuple(settings), trial=1, seeds=2, unjudged="a quick pass"
        )


@attrs.frozen(kw_only=True)
class Result:
    """The networks of an experiment, trained with the settings that were taken."""

    experiment: Experiment
    settings: Settings
    tried: tuple[tuple[Settings, float], ...] = ()  # with their figures on the validation images
    accuracies: Mapping[str, Array]  # "test" and "validation": (epochs, seeds)
    digests: tuple[str, ...]  # of each network
    seconds: float  # with all trials and evaluations


def figures(result: Result, of: str | None = None) -> Array:
    """The figure of each seed, in the unit of the source; (epochs, seeds) for those of each epoch.

    `of` says which epoch's: as in `Experiment`, or the "last"; by default the one to compare.
    """
    experiment, of = result.experiment, of or result.experiment.of
    accuracies = result.accuracies[experiment.on]
    if of == "first":
        accuracies = accuracies[0]
    elif of == "last":
        accuracies = accuracies[-1]
    elif of == "best":
        accuracies = accuracies.max(axis=0)
    elif of == "validated":  # always of the test images
        epoch = result.accuracies["validation"].argmax(axis=0)
        accuracies = result.accuracies["test"][epoch, np.arange(len(epoch))]
    return 100 - accuracies if experiment.unit == "error" else accuracies


def verdict(result: Result) -> str:
    """In words, whether one seed reaches the figure, or the mean of the seeds follows the curve."""
    experiment = result.experiment
    if experiment.unjudged:
        return f"none: {experiment.unjudged}"
    if not experiment.published:
        return "none: no figure to compare with"
    ours, limit = figures(result), experiment.within + _ROUNDING
    if experiment.of == "each":
        off = np.abs(ours.mean(axis=1) - experiment.published)[FROM_EPOCH:]
        distance = f"off by {off.max():.2f} at the most (epoch {off.argmax() + FROM_EPOCH})"
        if off.max() > limit:
            return f"not reproduced, {distance}"
        return f"reproduced: from epoch {FROM_EPOCH} on, the mean is {distance}"
    (printed,) = experiment.published
    ahead = ours - printed if experiment.unit == "accuracy" else printed - ours
    if -ahead.max() > limit:
        distances = f"the best seed is off by {-ahead.max():.2f}, the mean by {-ahead.mean():.2f}"
        return f"not reproduced: {distances}"
    if experiment.unit == "under":
        return f"reproduced by {np.sum(ahead > _ROUNDING)} of {len(ahead)} seeds"
    return "reproduced: beaten by all seeds" if ahead.min() > _ROUNDING else "reproduced"
