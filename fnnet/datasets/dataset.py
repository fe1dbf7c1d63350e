"""Data sets, their parts and the mini batches taken from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fnnet._checks import as_dtype, finite_array, finite_number, integer, refusal, require
from fnnet._records import Array, Record, bits, freeze, read_only

__all__ = ["Batch", "Dataset", "Splits", "as_rows", "check_labels", "check_weights"]


def check_labels(argument: str, labels: Array, classes: int) -> None:
    """Refuse what is not an array of integers of 0 to classes-1."""
    require(labels.dtype.kind in "iu", argument, labels, "integer class labels")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        outside = int(labels[(labels < 0) | (labels >= classes)][0])
        raise refusal(argument, outside, f"class labels of 0 to {classes - 1}")


def check_weights(weights: Array) -> Array:
    """Refuse weights of samples that are not finite numbers of at least 0."""
    is_real = weights.dtype.kind in "biuf"
    require(is_real and weights.ndim > 0, "weights", weights, "a real number for each sample")
    finite_array("weights", weights)
    smallest = weights.min(initial=0).item()
    require(smallest >= 0, "the smallest of weights", smallest, "a number of at least 0")
    return weights


def as_rows(array: Array) -> Array:
    """Images (n, h, w) as rows (n, h * w), floats (n,) as rows of one; other arrays as they are."""
    if array.ndim > 2 or (array.ndim == 1 and array.dtype.kind == "f"):
        return array.reshape(len(array), math.prod(array.shape[1:]))
    return array


def _as_x(x: ArrayLike) -> Array:
    array = read_only(x, "x")
    is_kept = array.dtype.kind in "fc" or array.dtype == np.uint8
    return array if is_kept else freeze(array.astype(np.float64))


def _as_y(y: ArrayLike) -> Array:
    array = read_only(y, "y")
    if array.dtype.kind not in "iu" or array.dtype == np.int64:
        return array
    largest = int(array.max(initial=0))
    require(largest <= np.iinfo(np.int64).max, "y", largest, "class labels")
    return freeze(array.astype(np.int64))  # labels that are equal are now equal to the bit


def _as_weights(weights: ArrayLike | None) -> Array | None:
    return None if weights is None else check_weights(read_only(weights, "weights"))


def _bits(array: Array | None) -> object:
    return None if array is None else bits(array)


@attrs.frozen
class Batch(Record):
    """The samples of one gradient step, in the dtypes that a Dataset has.

    Attributes
    ----------
    x
        Inputs, shape (n, n_in); or (K, n, n_in), with its own batch for each of K networks.
    y
        Targets (..., n, n_out) of a float dtype, or class labels (..., n).
    weights
        How much each sample's cost counts in the mean, (..., n), at least 0; None: each counts 1.

    Examples
    --------
    >>> batch = Batch([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], [1, 0])
    >>> batch.x.shape, batch.y
    ((2, 3), array([1, 0]))
    """

    x: Array = attrs.field(converter=_as_x, eq=bits)
    y: Array = attrs.field(converter=_as_y, eq=bits)
    weights: Array | None = attrs.field(default=None, converter=_as_weights, eq=_bits, kw_only=True)


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
        Shape (n, n_in), finite, at least one sample. uint8 and floats keep their dtype; other
        integers become float64.
    y
        Class labels (n,), kept as int64, or finite float targets (n, n_out).
    scale
        What a value of x is multiplied by to give the network's input: 1/256 for MNIST's bytes.
    weights
        How much each sample's cost counts in training, (n,), at least 0; None: each counts 1.
    classes
        How many classes there are: by default the largest label plus one. None for targets.

    Examples
    --------
    >>> pixels = np.array([[0, 128], [255, 64], [8, 8]], dtype=np.uint8)
    >>> dataset = Dataset(pixels, [1, 0, 1], scale=1 / 256)
    >>> dataset.batch([1, 0]).x
    array([[0.99609375, 0.25      ],
           [0.        , 0.5       ]], dtype=float32)
    """

    x: Array = attrs.field(converter=_as_x, eq=bits)
    y: Array = attrs.field(converter=_as_y, eq=bits)
    scale: float = attrs.field(default=1.0, converter=_as_scale, kw_only=True)
    weights: Array | None = attrs.field(default=None, converter=_as_weights, eq=_bits, kw_only=True)
    classes: int | None = attrs.field(converter=_as_classes, kw_only=True)

    @classes.default
    def _count_classes(self) -> int | None:
        return int(self.y.max(initial=0)) + 1 if self.y.dtype == np.int64 else None

    def __attrs_post_init__(self) -> None:
        is_samples = self.x.ndim == 2 and self.x.size > 0 and self.x.dtype.kind != "c"
        require(is_samples, "x", self.x, "real numbers of shape (n, n_in), at least one sample")
        finite_array("x", self.x)
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
        is_fit = self.weights is None or self.weights.shape == (len(self),)
        require(is_fit, "weights", self.weights, one_each)

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
    def _largest(self) -> tuple[float, float]:
        """Bounds of the absolute values in x, before it is scaled, and of the targets."""
        x = 255.0 if self.x.dtype == np.uint8 else float(max(self.x.max(), -self.x.min()))
        return x, 1.0 if self.classes is not None else float(np.abs(self.y).max())

    def check_range(self, dtype: DTypeLike, argument: str = "") -> None:
        """Refuse numbers that are not finite in `dtype`, as they are or once x is scaled."""
        x, y = self._largest
        numbers = {"x": x, "scale": self.scale, "x, scaled,": x * abs(self.scale), "y": y}
        with np.errstate(over="ignore", invalid="ignore"):
            taken = {name: np.asarray(number, dtype) for name, number in numbers.items()}
            taken["x, scaled,"] = taken["x"] * taken["scale"]
        for name, number in numbers.items():
            expected = f"numbers finite in {np.dtype(dtype)}"
            require(np.isfinite(taken[name]), f"{argument}.{name}".lstrip("."), number, expected)

    def of_rows(self, rows: Any) -> tuple[Array, Array, Array | None]:
        """x, y and weights of these rows as they are kept; one row's weight has the shape (1,)."""
        try:
            weights = None if self.weights is None else np.atleast_1d(self.weights[rows])
            return self.x[rows], self.y[rows], weights
        except (IndexError, TypeError, ValueError):
            expected = f"a slice, or row numbers of {-len(self)} to {len(self) - 1}"
            raise refusal("rows", rows, expected) from None

    def batch(self, rows: Any = slice(None), *, dtype: DTypeLike = np.float32) -> Batch:
        """The samples of these rows as the network takes them: scaled, in `dtype`.

        `rows` is a slice, an array of row numbers (..., n), or one row's number; `dtype` is the
        inputs' (and the targets', if y holds targets). The batch has x (..., n, n_in) and the
        samples' labels or targets and weights; one row's number gives x (n_in,), and the weight
        (1,). Rows that are not there and a dtype that cannot hold the numbers are an `InputError`.
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
    """The three parts of a data set; `train, validation, test = splits` takes them apart.

    Attributes
    ----------
    train, validation, test
        To learn from, to choose settings on, to report on; with the same n_in and n_out.

    Examples
    --------
    >>> from fnnet.datasets.digits import load_digits
    >>> [len(part) for part in load_digits()]
    [1297, 140, 360]
    """

    train: Dataset
    validation: Dataset
    test: Dataset

    def __attrs_post_init__(self) -> None:
        for name, part in zip(("train", "validation", "test"), self, strict=True):
            require(isinstance(part, Dataset), name, part, "a Dataset")
            shape, of_train = (part.n_in, part.n_out), (self.train.n_in, self.train.n_out)
            expected = f"the training data's inputs and outputs, {of_train}"
            require(shape == of_train, name, shape, expected)

    def __iter__(self) -> Iterator[Dataset]:
        return iter((self.train, self.validation, self.test))
