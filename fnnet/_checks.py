"""Checks of arguments. An error is one line: the argument, its value, what was expected."""

from __future__ import annotations

import inspect
import math
import numbers
import operator
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["LARGEST_ARRAY", "InputError", "a_function", "array_of_numbers"]
__all__ += ["as_dtype", "as_path", "by_name", "finite_array", "finite_number", "function_of"]
__all__ += ["integer", "record", "refusal", "require"]

_Kind = TypeVar("_Kind")
LARGEST_ARRAY = np.iinfo(np.intp).max // 16  # numbers of 16 bytes whose bytes NumPy can count


class InputError(ValueError):
    """An argument, an option or a file is not what fnnet expects."""

    __module__ = "fnnet"  # a traceback shows the name to catch


def require(condition: object, argument: str, value: object, expected: str) -> None:
    """Raise an `InputError` like "n is 2: expected more than 3", unless `condition` holds."""
    if not condition:
        raise refusal(argument, value, expected)


def refusal(argument: str, value: object, expected: str) -> InputError:
    """The error for an argument: its value, and what was expected."""
    text = " ".join(repr(value).split())
    if isinstance(value, np.ndarray):
        text = f"an array of shape {value.shape} and dtype {value.dtype}"
    text = text if len(text) <= 80 else f"{text[:77]}..."
    return InputError(f"{argument} is {text}: expected {expected}")


def integer(argument: str, value: Any, *, at_least: int, at_most: float = math.inf) -> int:
    """`value` as an int within the bounds; NumPy's integers count, bools do not."""
    try:
        number = operator.index(value)
        if at_least <= number <= at_most and not isinstance(value, bool):
            return number
    except TypeError:
        pass
    bounds = f"at least {at_least}" + (f" and at most {at_most}" if at_most < math.inf else "")
    raise refusal(argument, value, f"an integer of {bounds}")


def finite_number(
    argument: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    below: float = math.inf,
) -> float:
    """`value` as a finite float within the bounds; bools do not count."""
    is_number = isinstance(value, (float, numbers.Real)) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan
    except OverflowError:  # an int or a fraction beyond float64
        number = math.inf
    if above < number < below and at_least <= number <= at_most and math.isfinite(number):
        return number
    limits = {"above": above, "of at least": at_least, "of at most": at_most, "below": below}
    bounds = [f"{words} {limit:g}" for words, limit in limits.items() if math.isfinite(limit)]
    raise refusal(argument, value, f"a finite number {' and '.join(bounds)}".rstrip())


def as_path(argument: str, path: Any) -> Path:
    """`path` as a Path, if the system can take it."""
    with suppress(TypeError, UnicodeEncodeError):
        if b"\0" not in os.fsencode(Path(path)):
            return Path(path)
    raise refusal(argument, path, "a path")


def as_dtype(argument: str, dtype: DTypeLike, kinds: str, expected: str) -> np.dtype[Any]:
    """`dtype` as NumPy's, if its kind is among `kinds`."""
    with suppress(TypeError, ValueError):
        if np.dtype(dtype).kind in kinds:
            return np.dtype(dtype)
    raise refusal(argument, dtype, expected)


def record(argument: str, value: object, kind: type) -> None:
    """Refuse `value` if it is not a `kind`."""
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    require(isinstance(value, kind), argument, value, f"{article} {kind.__name__}")


def by_name(argument: str, value: object, known: Mapping[str, _Kind]) -> _Kind:
    """The known record of this name, or `value` itself if it is such a record."""
    if isinstance(value, str) and value in known:
        return known[value]
    kind = type(next(iter(known.values())))
    if isinstance(value, kind):
        return value
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    raise refusal(argument, value, f"{article} {kind.__name__}, or one of {', '.join(known)}")


def a_function(_record: object, field: Any, value: Any) -> None:
    """An attrs validator: refuse what cannot be called."""
    require(callable(value), field.name, value, "a function")


def function_of(arguments: int) -> Callable[[object, Any, Any], None]:
    """An attrs validator: refuse what is not such a function, or has no hash."""

    def check(_record: object, field: Any, value: Any) -> None:
        expected = f"a function of {arguments} argument{'s' * (arguments > 1)}"
        try:
            with suppress(ValueError):  # a function in C may have no signature
                inspect.signature(value).bind(*range(arguments))
            expected = "a function that can be hashed"  # its record is a key of caches
            hash(value)
        except TypeError:
            raise refusal(field.name, value, expected) from None

    return check


def array_of_numbers(argument: str, values: ArrayLike) -> NDArray[Any]:
    """The values as an array of numbers, real or complex."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    require(array.dtype.kind in "biufc", argument, values, "real numbers")
    # Not imported here, which takes 8 ms: before somebody does, no array is masked.
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())
    is_masked = isinstance(values, masked) and np.ma.is_masked(values)
    require(not is_masked, argument, values, "no masked values")
    return array


def finite_array(argument: str, array: NDArray[Any], given: NDArray[Any] | None = None) -> None:
    """Refuse an array with a NaN or an infinity, and name the first one.

    `given` is the array before a cast: a number that the cast made infinite is shown as it was.
    """
    # A finite sum of squares proves that all are finite, in half the time of looking at each.
    if array.dtype.kind in "biu" or math.isfinite(abs(np.vdot(array, array))):
        return
    places = np.argwhere(~np.isfinite(array))
    if len(places):
        place = tuple(places[0].tolist())
        value, expected = array[place], "finite values only"
        if given is not None and np.isfinite(given[place]):
            value, expected = given[place], f"numbers finite in {array.dtype}"
        raise InputError(f"{argument}{list(place) or ''} is {value!s}: expected {expected}")
