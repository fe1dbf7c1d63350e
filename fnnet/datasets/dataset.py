"""Samples with their labels or targets, kept as the bytes they came as until a batch needs them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fnnet._checks import (
    array_of_numbers,
    as_dtype,
    finite_array,
    finite_number,
    integer,
    record,
    refusal,
    require,
)
from fnnet._records import Array, Record, bits, freeze, read_only
from fnnet.datasets.batch import Batch, as_weights, bits_if_any
from fnnet.datasets.labels import check_labels

__all__ = ["Dataset", "Splits"]


def _as_inputs(x: ArrayLike) -> Array:
    array = array_of_numbers("x", x)
    if array.dtype.kind in "biu" and array.dtype != np.uint8:
        array = array.astype(np.float64)
    return read_only(array)


def _as_targets(y: ArrayLike) -> Array:
    # One integer dtype for all: labels that are equal are then equal to the bit.
    array = array_of_numbers("y", y)
    if array.dtype.kind in "iu" and array.dtype != np.int64:
        largest = int(array.max(initial=0))
        require(largest <= np.iinfo(np.int64).max, "y", largest, "class labels")
        return freeze(array.astype(np.int64))
    return read_only(array)


def _as_scale(scale: float) -> float:
    return finite_number("scale", scale)


def _as_classes(classes: int | None) -> int | None:
    return None if classes is None else integer("classes", classes, at_least=1)


@attrs.frozen
class Dataset(Record):
    """Samples, rows of x, with a label or target each.

    Attributes
    ----------
    x
        Shape (n, n_in). uint8 stays uint8; other integers become float64.
    y
        Class labels (n,), kept as int64, or float targets (n, n_out).
    scale
        What a value of x is multiplied by to give the network's input: 1/256 for MNIST's bytes.
    weights
        How much each sample's cost counts in training, (n,), or None: each counts 1.
    classes
        How many classes the labels tell apart: by default the largest label plus one.
        None where y holds targets.

    Raises
    ------
    InputError
        Where x is empty, not finite or not of shape (n, n_in), or y does not fit x.

    Examples
    --------
    >>> pixels = np.array([[0, 128], [255, 64], [8, 8]], dtype=np.uint8)
    >>> dataset = Dataset(pixels, [1, 0, 1], scale=1 / 256)
    >>> len(dataset), dataset.classes
    (3, 2)
    >>> dataset.batch([1, 0]).x
    array([[0.99609375, 0.25      ],
           [0.        , 0.5       ]], dtype=float32)
    """

    x: Array = attrs.field(converter=_as_inputs, eq=bits)
    y: Array = attrs.field(converter=_as_targets, eq=bits)
    scale: float = attrs.field(default=1.0, converter=_as_scale, kw_only=True)
    weights: Array | None = attrs.field(
        default=None, converter=as_weights, eq=bits_if_any, kw_only=True
    )
    classes: int | None = attrs.field(converter=_as_classes, kw_only=True)

    @classes.default
    def _count_classes(self) -> int | None:
        is_labels = self.y.ndim == 1 and self.y.dtype == np.int64 and self.y.size > 0
        return max(int(self.y.max()), 0) + 1 if is_labels else None

    def __attrs_post_init__(self) -> None:
        is_samples = self.x.ndim == 2 and self.x.size > 0
        require(is_samples, "x", self.x, "at least one sample in an array of shape (n, n_in)")
        require(self.x.dtype.kind != "c", "x", self.x, "real numbers")
        one_each = f"one for each of x's {len(self)} rows"
        require(self.y.shape[:1] == (len(self),), "y", self.y, one_each)
        if self.y.dtype == np.int64:
            require(self.y.ndim == 1, "y", self.y, "class labels of shape (n,)")
            check_labels("y", self.y, integer("classes", self.classes, at_least=1))
        else:
            is_targets = self.y.ndim == 2 and self.y.size > 0 and self.y.dtype.kind == "f"
            require(is_targets, "y", self.y, "integer labels (n,) or float targets (n, n_out)")
            require(self.classes is None, "classes", self.classes, "None, for y holds targets")
            finite_array("y", self.y)
        finite_array("x", self.x)
        if self.weights is not None:
            require(self.weights.shape == (len(self),), "weights", self.weights, one_each)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def n_in(self) -> int:
        """How many values a sample has."""
        return int(self.x.shape[1])

    @property
    def n_out(self) -> int:
        """How many output units a network for this data has."""
        return int(self.y.shape[1]) if self.classes is None else self.classes

    @cached_property
    def largest_target(self) -> float:
        """The largest absolute value of a target; a label's are 0 and 1."""
        return 1.0 if self.classes is not None else float(np.abs(self.y).max())

    @cached_property
    def largest_value(self) -> float:
        """The largest absolute value that x can have, before it is scaled."""
        return 255.0 if self.x.dtype == np.uint8 else float(max(self.x.max(), -self.x.min()))

    def check_range(self, dtype: DTypeLike, argument: str = "") -> None:
        """Refuse what would be an infinity, or no number, as a batch in `dtype` takes it.

        That is cast first and then multiplied, so x and scale are to be finite each by itself, too.
        """
        values = self.largest_value, self.scale, self.largest_target
        with np.errstate(over="ignore", invalid="ignore"):
            x, scale, y = (np.asarray(value, dtype) for value in values)
            inputs = x * scale
        prefix, expected = f"{argument}." if argument else "", f"numbers finite in {x.dtype}"
        for name, value, taken in (
            ("x", self.largest_value, x),
            ("scale", self.scale, scale),
            ("x, scaled,", self.largest_value * abs(self.scale), inputs),
            ("y", self.largest_target, y),
        ):
            require(np.isfinite(taken), f"{prefix}{name}", value, expected)

    def of_rows(self, rows: Any) -> tuple[Array, Array, Array | None]:
        """x, y and weights of these rows, as they are kept; one row's weight is a row, too."""
        try:
            weights = None if self.weights is None else np.atleast_1d(self.weights[rows])
            return self.x[rows], self.y[rows], weights
        except (IndexError, TypeError, ValueError):
            expected = f"a slice, or row numbers of {-len(self)} to {len(self) - 1}"
            raise refusal("rows", rows, expected) from None

    def batch(self, rows: Any = slice(None), *, dtype: DTypeLike = np.float32) -> Batch:
        """The samples of these rows as the network takes them: scaled, in `dtype`.

        Parameters
        ----------
        rows
            A slice, or an array of row numbers of shape (n,) or (..., n); or one row's number.
        dtype
            The inputs' dtype (and the targets', where y holds targets).

        Returns
        -------
        Batch
            x (..., n, n_in), and the samples' own labels or targets, and weights; without the n for
            one row, but for its weight, (1,).

        Raises
        ------
        InputError
            Where there are no such rows, or dtype is none of real or complex floats, or cannot hold
            the numbers.
        """
        dtype = as_dtype("dtype", dtype, "fc", "float32 or float64")
        x, y, weights = self.of_rows(rows)
        try:
            with np.errstate(over="raise", invalid="raise", under="ignore"):
                inputs = x.astype(dtype)
                inputs *= inputs.dtype.type(self.scale)
                y = y if self.classes is not None else y.astype(dtype)
        except FloatingPointError:  # as for a float64 beyond float32's range
            self.check_range(dtype)
            raise
        return Batch(freeze(inputs), freeze(y), weights=weights)


@attrs.frozen
class Splits:
    """The three parts of a data set: what `split` and the loaders return.

    Attributes
    ----------
    train, validation, test
        To learn from, to choose settings on, to report on.

    Raises
    ------
    InputError
        Where a part has other numbers of inputs or outputs than the training data.

    Examples
    --------
    >>> from fnnet.datasets.digits import load_digits
    >>> digits = load_digits()
    >>> [len(part) for part in (digits.train, digits.validation, digits.test)]
    [1297, 140, 360]
    """

    train: Dataset
    validation: Dataset
    test: Dataset

    def __attrs_post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            record(name, getattr(self, name), Dataset)
        shape = (self.train.n_in, self.train.n_out)
        for name, part in (("validation", self.validation), ("test", self.test)):
            expected = f"the training data's inputs and outputs, {shape}"
            require((part.n_in, part.n_out) == shape, name, (part.n_in, part.n_out), expected)
