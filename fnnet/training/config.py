"""The settings of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from fnnet._checks import finite_number, integer, record
from fnnet._random import Seed, as_seed
from fnnet.network.costs import Cost, as_cost, quadratic
from fnnet.training.dropout import Shares, as_shares
from fnnet.training.schedules import Schedule, constant
from fnnet.training.sgd import Optimizer, sgd

if TYPE_CHECKING:
    from fnnet.augmentation import Augmentation

__all__ = ["TrainConfig"]


def _as_epochs(epochs: int) -> int:
    return integer("epochs", epochs, at_least=0)


def _as_batch_size(batch_size: int) -> int:
    return integer("batch_size", batch_size, at_least=1)


def _as_eta(eta: float) -> float:
    return finite_number("eta", eta, above=0)


def _as_patience(patience: int | None) -> int | None:
    return None if patience is None else integer("patience", patience, at_least=1)


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
        Of the shuffling, dropout and augmentation; K seeds for each of K stacked networks on its
        own.
    cost
        A `Cost`, or the name of one: "quadratic" (the notebook's), "squared-error",
        "cross-entropy", "log-likelihood" or "huber".
    optimizer
        What becomes of a gradient before a step along it: by default nothing.
    schedule
        What `eta` is multiplied by, as the run goes on.
    dropout
        The share of units that each step leaves out: of each hidden layer; or a share of the
        inputs and then one of each hidden layer.
    augment
        What becomes of a mini batch's inputs, or None.
    patience
        Early stopping: the run ends when so many epochs in a row have brought no new best score
        on the validation samples. None to go on to the end.

    Examples
    --------
    >>> TrainConfig(epochs=2, eta=0.5, cost="cross-entropy").cost
    Cost(name='cross-entropy')
    >>> TrainConfig(eta=float("nan"))
    Traceback (most recent call last):
    fnnet._checks.InputError: eta is nan: expected a finite number above 0
    """

    # NumPy's numbers become Python's: theirs would overflow, or round where they are multiplied.
    epochs: int = attrs.field(default=30, converter=_as_epochs)
    batch_size: int = attrs.field(default=10, converter=_as_batch_size)
    eta: float = attrs.field(default=3.0, converter=_as_eta)
    seed: Seed = attrs.field(default=0, converter=as_seed)
    cost: Cost = attrs.field(default=quadratic, converter=as_cost)
    optimizer: Optimizer = sgd
    schedule: Schedule = constant
    dropout: Shares = attrs.field(default=0.0, converter=as_shares)
    augment: Augmentation | None = None
    patience: int | None = attrs.field(default=None, converter=_as_patience)

    def __attrs_post_init__(self) -> None:
        record("optimizer", self.optimizer, Optimizer)
        record("schedule", self.schedule, Schedule)
        if self.augment is not None:
            from fnnet.augmentation import Augmentation  # 5 ms, for those alone who distort images

            record("augment", self.augment, Augmentation)
