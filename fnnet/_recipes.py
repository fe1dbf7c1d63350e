"""Records that hold functions, and can be pickled all the same: they are made again.

A function that was defined in another one has no name that another process could find it by. What
can be found is the factory that made it, and its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import attrs

from fnnet._records import Record

__all__ = ["Remade", "made_by", "remembered"]

P = ParamSpec("P")
R = TypeVar("R", bound="Remade")


@attrs.frozen
class Remade(Record):
    """Base of such records: `recipe` is the factory's call, or the name of a constant.

    It is no part of what a record is: two made in different ways may be equal, and what
    `attrs.evolve` makes of one has no recipe.
    """

    recipe: Any = attrs.field(default=None, init=False, eq=False, repr=False)

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self.recipe is None:
            return super().__reduce__()
        if isinstance(self.recipe, str):
            return self.recipe
        factory, args, kwargs = self.recipe
        return partial(factory, **kwargs), args


def made_by(recipe: Any, record: R) -> R:
    """A record equal to this one, with the recipe."""
    made = attrs.evolve(record)
    object.__setattr__(made, "recipe", recipe)  # nobody else has it yet
    return made


def remembered(factory: Callable[P, R]) -> Callable[P, R]:
    """The factory, of records that remember how they were made."""

    @wraps(factory)
    def make(*args: P.args, **kwargs: P.kwargs) -> R:
        return made_by((make, args, kwargs), factory(*args, **kwargs))

    return make
