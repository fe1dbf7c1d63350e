"""The settings of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from fnnet._checks import by_name, finite_number, integer, record, require
from fnnet._random import Seed, as_seed
from fnnet.network.costs import Cost, as_cost, quadratic
from fnnet.training.dropout import Shares, as_shares
from fnnet.training.optimizers import OPTIMIZERS, Optimizer, sgd
from fnnet.training.schedules import SCHEDULES, Schedule, constant

if TYPE_CHECKING:
    from fnnet.augmentation import Augmentation

__all__ = ["TrainConfig"]


def _checked(check: Callable[..., Any], **bounds: float) -> Any:
    """A converter that names its field in errors. None stays if it is the default."""

    def convert(value: Any, field: Any) -> Any:
        is_left_out = value is None and field.default is None
        return None if is_left_out else check(field.name, value, **bounds)

    return {"converter": attrs.Converter(convert, takes_field=True)}


def _as_optimizer(optimizer: str | Optimizer) -> Optimizer:
    return by_name("optimizer", optimizer, OPTIMIZERS)


def _as_schedule(schedule: str | Schedule, config: Any) -> Schedule:
    if isinstance(schedule, Schedule):
        return schedule
    is_known = isinstance(schedule, str) and schedule in SCHEDULES
    require(is_known, "schedule", schedule, f"a Schedule, or one of {', '.join(SCHEDULES)}")
    return SCHEDULES[schedule](config.epochs)


@attrs.frozen(kw_only=True)
class TrainConfig:
    """Everything a run depends on besides its data and its starting params.

    Attributes
    ----------
    epochs
        Number of epochs of the whole run.
    batch_size
        Samples in a mini batch, at least 1. An epoch's last one may be smaller.
    eta
        The learning rate, above 0.
    seed
        For shuffling, dropout and augmentation. K seeds: one for each network of a stack of K.
    cost
        A `Cost`, or the name of one: "quadratic" (the notebook's), "squared-error",
        "cross-entropy", "log-likelihood" or "huber".
    optimizer
        An `Optimizer`, or the name of one with its default settings: "sgd", "momentum", "nesterov",
        "rmsprop", "adam" or "adamw".
    schedule
        A `Schedule`, or a name, made for these `epochs` here and now: "constant", "step" (to a
        tenth after each third), "exponential" (to 1/e in a third), "cosine" (to 0 at the end) or
        "halving".
    dropout
        The share of units that each step leaves out: one number for all hidden layers; or the
        inputs' share, then each hidden layer's.
    augment
        An `Augmentation` of each mini batch's inputs, or None.
    patience
        Early stopping: the run ends when its validation score has not improved for this number of
        epochs. None for no early stopping.

    Examples
    --------
    >>> TrainConfig(epochs=2, cost="cross-entropy", schedule="cosine").schedule.name
    'cosine(2, 0.0)'
    """

    # NumPy's numbers become Python's: theirs would overflow, or round where they are multiplied.
    epochs: int = attrs.field(default=30, **_checked(integer, at_least=0))
    batch_size: int = attrs.field(default=10, **_checked(integer, at_least=1))
    eta: float = attrs.field(default=3.0, **_checked(finite_number, above=0))
    seed: Seed = attrs.field(default=0, converter=as_seed)
    cost: Cost = attrs.field(default=quadratic, converter=as_cost)
    optimizer: Optimizer = attrs.field(default=sgd, converter=_as_optimizer)
    schedule: Schedule = attrs.field(
        default=constant,
        converter=attrs.Converter(_as_schedule, takes_self=True),  # type: ignore[misc]
    )
    dropout: Shares = attrs.field(default=0.0, converter=as_shares)
    augment: Augmentation | None = None
    patience: int | None = attrs.field(default=None, **_checked(integer, at_least=1))

    def __attrs_post_init__(self) -> None:
        if self.augment is not None:
            # Imported here because it takes 5 ms and only augmentation needs it.
            from fnnet.augmentation import Augmentation

            record("augment", self.augment, Augmentation)
