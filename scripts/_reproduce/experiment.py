"""What a published result is made of: the figure, and the settings that it was printed for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import attrs

import fnnet

__all__ = ["Experiment", "Settings", "Trajectory"]

Trajectory = Callable[..., Iterator[fnnet.TrainState]]
"""What trains: `fnnet.trajectory`, or what another step makes of it; arguments as there."""


@attrs.frozen(kw_only=True)
class Settings:
    """How a network starts and trains.

    Attributes
    ----------
    config
        All but the seed.
    schedule
        What makes the schedule, from the number of epochs; None leaves the rate as it is.
    weights, biases
        As for `fnnet.init`.
    hidden, output
        Activations.
    """

    config: fnnet.TrainConfig
    schedule: Callable[[int], fnnet.Schedule] | None = None
    weights: str = "standard-normal"
    biases: str = "standard-normal"
    hidden: str = "sigmoid"
    output: str = "sigmoid"

    def init(self, sizes: Sequence[int], seeds: tuple[int, ...]) -> fnnet.Params:
        """A stack of a network for each of the seeds."""
        activations = [self.hidden] * (len(sizes) - 2) + [self.output]
        return fnnet.init(
            sizes, seed=seeds, activations=activations, weights=self.weights, biases=self.biases
        )

    def seeded(self, seeds: tuple[int, ...]) -> fnnet.TrainConfig:
        """The config of a stack with these seeds."""
        schedule = self.schedule(self.config.epochs) if self.schedule else fnnet.constant
        return attrs.evolve(self.config, seed=seeds, schedule=schedule)

    def for_epochs(self, epochs: int) -> Settings:
        """The same for so many epochs."""
        return attrs.evolve(self, config=attrs.evolve(self.config, epochs=epochs))

    def described(self) -> dict[str, str]:
        """All of it in words: runs with equal descriptions are the same."""
        config = attrs.asdict(self.seeded((0,)), recurse=False)
        start = attrs.asdict(self, recurse=False)
        both = {**start, **config}
        return {name: _named(both[name]) for name in both if name not in ("config", "seed")}


def _named(value: Any) -> str:
    return str(getattr(value, "name", value))


@attrs.frozen(kw_only=True)
class Experiment:
    """A published result, and how to come to it again.

    Attributes
    ----------
    name
        What `reproduce.py` knows it by.
    title, source
        What it is, for a table; who printed it, and where.
    sizes
        Of the network's layers.
    settings
        The one there is. Where the source leaves some open, those to choose from: each trains for
        `trial` epochs, and the best on the validation images is taken.
    published
        The figure in percent, or one for each epoch, or none.
    unit
        Whether the figure is of right or of wrong answers, or says how few are right: "under".
    of
        Which epoch's: the first, the one that is best on the images that the figure is of (as the
        book prints it), the one that is best on the validation images, or each.
    on
        Which images the source printed it for.
    within
        How many points off still counts: what "about" means.
    note
        What else is to be said.
    seeds
        How many networks train by default.
    stacked
        How many of them in one stack. Large ones are faster one by one: they fill the cache.
    trajectory
        What trains them.
    unjudged
        Why the figure cannot be compared, where it cannot.
    """

    name: str
    title: str
    source: str
    sizes: tuple[int, ...]
    settings: tuple[Settings, ...]
    published: tuple[float, ...] = ()
    unit: Literal["accuracy", "error", "under"] = "accuracy"
    of: Literal["first", "best", "validated", "each"] = "best"
    on: Literal["test", "validation"] = "test"
    within: float = 0.0
    note: str = ""
    trial: int = 0
    seeds: int = 5
    stacked: int = 5
    trajectory: Trajectory = fnnet.trajectory
    unjudged: str = ""

    def quick(self) -> Experiment:
        """The same in a few seconds."""
        settings = (s.for_epochs(min(s.config.epochs, 4)) for s in self.settings)
        return attrs.evolve(
            self, settings=tuple(settings), trial=1, seeds=2, unjudged="a quick pass"
        )
