"""The settings of a run."""

from __future__ import annotations

import attrs

from fnnet.augmentation import Augmentation
from fnnet.checks import finite_number, integer, record
from fnnet.costs import Cost, as_cost, quadratic
from fnnet.dropout import Shares, as_shares
from fnnet.optimizers import Optimizer, sgd
from fnnet.schedules import Schedule, constant
from fnnet.streams import Seed, as_seed

__all__ = ["TrainConfig"]


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
    fnnet.checks.InputError: eta is nan: expected a finite number above 0
    """

    epochs: int = 30
    batch_size: int = 10
    eta: float = 3.0
    seed: Seed = attrs.field(default=0, converter=as_seed)
    cost: Cost = attrs.field(default=quadratic, converter=as_cost)
    optimizer: Optimizer = sgd
    schedule: Schedule = constant
    dropout: Shares = attrs.field(default=0.0, converter=as_shares)
    augment: Augmentation | None = None
    patience: int | None = None

    def __attrs_post_init__(self) -> None:
        integer("epochs", self.epochs, at_least=0)
        integer("batch_size", self.batch_size, at_least=1)
        finite_number("eta", self.eta, above=0)
        record("optimizer", self.optimizer, Optimizer)
        record("schedule", self.schedule, Schedule)
        if self.augment is not None:
            record("augment", self.augment, Augmentation)
        if self.patience is not None:
            integer("patience", self.patience, at_least=1)
