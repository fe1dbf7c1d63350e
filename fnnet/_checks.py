"""What is wrong with an argument, said in one line: its name, its value, what was expected."""

from __future__ import annotations

import math
import numbers
import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "LARGEST_ARRAY",
    "InputError",
    "a_function",
    "a_key_function",
    "array_of_numbers",
    "as_dtype",
    "as_path",
    "by_name",
    "existing_file",
    "finite_array",
    "finite_number",
    "in_file",
    "integer",
    "record",
    "refusal",
    "require",
    "writes",
]


Named = TypeVar("Named")

LARGEST_ARRAY = np.iinfo(np.intp).max // 16
"""Numbers that NumPy could count the bytes of, whether or not there is memory for them."""

_UNWRITTEN = 12345.678
"""What no function makes of zeros."""


class InputError(ValueError):
    """An argument, an option or a file that fnnet cannot work with."""


def require(condition: object, argument: str, value: object, expected: str) -> None:
    """Raise `InputError` unless `condition` holds.

    >>> require(2 > 3, "n", 2, "more than 3")
    Traceback (most recent call last):
    fnnet._checks.InputError: n is 2: expected more than 3
    """
    if not condition:
        raise refusal(argument, value, expected)


def refusal(argument: str, value: object, expected: str) -> InputError:
    """The error that says what an argument is, and what was expected."""
    return InputError(f"{argument} is {_in_words(value)}: expected {expected}")


def integer(argument: str, value: Any, *, at_least: int) -> int:
    """`value` as an int that is not below `at_least`; NumPy's integers count, bools do not."""
    expected = f"an integer of at least {at_least}"
    require(not isinstance(value, bool | np.bool_), argument, value, expected)
    try:
        number = operator.index(value)
    except TypeError:
        raise refusal(argument, value, expected) from None
    require(number >= at_least, argument, value, expected)
    return number


def finite_number(
    argument: str,
    value: Any,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
) -> float:
    """`value` as a finite float within the bounds.

    >>> finite_number("mu", 1, at_least=0, below=1)
    Traceback (most recent call last):
    fnnet._checks.InputError: mu is 1: expected a finite number of at least 0 and below 1
    """
    is_number = type(value) is float or (
        isinstance(value, numbers.Real) and not isinstance(value, bool)
    )
    try:
        number = float(value) if is_number else math.nan
    except OverflowError:  # an int or a fraction beyond the floats
        number = math.inf
    fits = (above is None or number > above) and (at_least is None or number >= at_least)
    if fits and (below is None or number < below) and math.isfinite(number):
        return number
    bounds = {"above": above, "of at least": at_least, "below": below}
    limits = [f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None]
    raise refusal(argument, value, f"a finite number {' and '.join(limits)}".rstrip())


def as_path(argument: str, path: Any) -> Path:
    """`path` as a Path, if it is one that the system can take."""
    try:
        if b"\0" not in os.fsencode(Path(path)):
            return Path(path)
    except (TypeError, UnicodeEncodeError):
        pass
    raise refusal(argument, path, "a path")


def as_dtype(argument: str, dtype: DTypeLike, kinds: str, expected: str) -> np.dtype[Any]:
    """`dtype` as NumPy's, if its kind is one of these."""
    try:
        made = np.dtype(dtype)
    except (TypeError, ValueError):  # of no such name; no name at all
        raise refusal(argument, dtype, expected) from None
    require(made.kind in kinds, argument, dtype, expected)
    return made


def existing_file(argument: str, path: str | os.PathLike[str], kind: str) -> Path:
    """`path`, where there is such a file; it is named whole, however long it is."""
    found = as_path(argument, path)
    if not found.is_file():
        raise InputError(f"{argument} is {os.fspath(path)!r}: expected {kind}")
    return found


def record(argument: str, value: object, kind: type) -> None:
    """Refuse what is not a record of this kind."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise refusal(argument, value, f"{article} {kind.__name__}")


def by_name(argument: str, value: object, known: Mapping[str, Named]) -> Named:
    """The record that goes by the name `value`; or `value`, where it is such a record itself."""
    if isinstance(value, str) and value in known:
        return known[value]
    kind = type(next(iter(known.values())))
    if isinstance(value, kind):
        return value
    raise refusal(argument, value, f"one of {', '.join(known)}")


def a_function(_record: object, field: Any, value: Any) -> None:
    """Refuse, as an attrs validator, what cannot be called."""
    require(callable(value), field.name, value, "a function")


def a_key_function(record: object, field: Any, value: Any) -> None:
    """`a_function` of a record that caches go by, so that it must have a hash."""
    a_function(record, field, value)
    try:
        hash(value)
    except TypeError:  # as for an object of a dataclass that is not frozen
        raise refusal(field.name, value, "a function that can be hashed") from None


def writes(name: str, function: Callable[..., object], *inputs: NDArray[Any]) -> None:
    """Refuse a caller's `function(*inputs, out)` that does not fill `out`, of the inputs' shape.

    >>> def square(z, out):
    ...     out = z * z
    >>> writes("square", square, np.zeros(3))
    Traceback (most recent call last):
    fnnet._checks.InputError: square leaves `out` as it was: expected its result in there
    """
    out = np.full_like(inputs[0], _UNWRITTEN)
    with np.errstate(all="ignore"):  # it may be one that has no value there
        returned = function(*inputs, out)
    if returned is not None and returned is not out:
        raise InputError(f"{name} returns its result: expected it in `out`")
    if np.any(out == _UNWRITTEN):
        raise InputError(f"{name} leaves `out` as it was: expected its result in there")


def array_of_numbers(argument: str, values: ArrayLike) -> NDArray[Any]:
    """The values as an array of numbers (complex ones, which few take, among them)."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "biufc":
        raise refusal(argument, values, "real numbers")
    # It takes 8 ms to import, and before that nothing is masked.
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())
    if isinstance(values, masked) and np.ma.is_masked(values):
        raise refusal(argument, values, "no masked values")
    return array


def finite_array(argument: str, array: NDArray[Any], given: NDArray[Any] | None = None) -> None:
    """Refuse an array that holds a NaN or an infinity, naming the first of them.

    `given` is what the array was cast from, so that it is named as it came.
    """
    # Where the sum of the squares is finite, they all are: half the work of looking at each.
    if array.dtype.kind in "biu" or math.isfinite(abs(np.vdot(array, array))):
        return
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        place = f"{argument}[{', '.join(map(str, where))}]" if where else argument
        value, expected = array[where], "finite values only"
        if given is not None and np.isfinite(given[where]):
            value, expected = given[where], f"numbers finite in {array.dtype}"
        raise InputError(f"{place} is {value!s}: expected {expected}")


@contextmanager
def in_file(name: object) -> Iterator[None]:
    """What is refused in here is said to stand in this file, or in this part of one.

    >>> with in_file("digits.npz"):
    ...     finite_number("scale", "a")
    Traceback (most recent call last):
    fnnet._checks.InputError: digits.npz: scale is 'a': expected a finite number
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _in_words(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
