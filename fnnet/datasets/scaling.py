"""Features brought to one scale, which is learnt from the training data."""

from __future__ import annotations

from typing import overload

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, record, require
from fnnet._records import Array, Record, bits, freeze, read_only
from fnnet.datasets.dataset import Dataset, Splits

__all__ = ["Scaling", "apply_scaling", "min_max", "standardisation"]


def _as_row(values: ArrayLike) -> Array:
    row = array_of_numbers("a row of a scaling", values)
    require(row.dtype.kind != "c", "a row of a scaling", row, "real numbers")
    return read_only(row.astype(np.float64))


@attrs.frozen
class Scaling(Record):
    """For each feature x of a sample, (x - shift) * factor.

    Attributes
    ----------
    shift, factor
        Shape (n_in,), finite, kept as float64.

    Examples
    --------
    >>> apply_scaling(Scaling([1.0, 0.0], [2.0, 1.0]), [[3.0, 3.0]])
    array([[4., 3.]])
    """

    shift: Array = attrs.field(converter=_as_row, eq=bits)
    factor: Array = attrs.field(converter=_as_row, eq=bits)

    def __attrs_post_init__(self) -> None:
        is_row = self.shift.ndim == 1 and self.shift.size > 0
        require(is_row, "shift", self.shift, "shape (n_in,)")
        require(self.factor.shape == self.shift.shape, "factor", self.factor, "shift's shape")
        finite_array("shift", self.shift)
        finite_array("factor", self.factor)

    @property
    def n_in(self) -> int:
        """How many features there are."""
        return len(self.shift)


@np.errstate(all="ignore")  # a Scaling takes no infinity
def standardisation(dataset: Dataset) -> Scaling:
    """The scaling that gives each feature mean 0 and standard deviation 1 (over n, not n - 1).

    What counts is x times `dataset.scale`, in float64. A feature that is the same in all samples
    becomes 0. Values too far apart, or too close together, for float64 are an `InputError`.

    >>> standardisation(Dataset([[1.0, 5.0], [3.0, 5.0]], [0, 1]))
    Scaling(shift=array([2., 5.]), factor=array([1., 1.]))
    """
    values, low, span = _values_low_span(dataset)
    # Brought to 0..1 first: nothing overflows, and an offset does not swallow the differences.
    values -= low
    values /= span
    mean = values.mean(axis=0)
    values -= mean
    deviation = np.sqrt(np.square(values, out=values).mean(axis=0))
    deviation[deviation == 0] = 1  # only of a feature that is constant
    return Scaling(low + span * mean, 1 / (span * deviation))


@np.errstate(all="ignore")
def min_max(dataset: Dataset) -> Scaling:
    """The scaling that takes each feature's smallest value to 0 and its largest to 1.

    Parameters, result and errors are those of `standardisation`.

    >>> min_max(Dataset([[1.0, 5.0], [3.0, 5.0]], [0, 1]))
    Scaling(shift=array([1., 5.]), factor=array([0.5, 1. ]))
    """
    _values, low, span = _values_low_span(dataset)
    return Scaling(low, 1 / span)


@overload
def apply_scaling(scaling: Scaling, data: Dataset) -> Dataset: ...
@overload
def apply_scaling(scaling: Scaling, data: Splits) -> Splits: ...
@overload
def apply_scaling(scaling: Scaling, data: ArrayLike) -> Array: ...
@np.errstate(all="ignore")  # an infinity is refused
def apply_scaling(scaling: Scaling, data: Dataset | Splits | ArrayLike) -> Dataset | Splits | Array:
    """The data with its features scaled, by the scaling of the training data.

    `data` is a Dataset, Splits, or inputs (..., n_in) as the network takes them, already multiplied
    by a data set's scale. The result is of the same kind; a Dataset's `scale` is 1. It is computed
    in float64, and kept as float64 where x is float64 or integers of more than 16 bits, else as
    float32. Another number of features, or a value that is not finite, is an `InputError`.

    >>> scaling = min_max(Dataset([[1.0], [3.0]], [0, 1]))
    >>> apply_scaling(scaling, [[2.0], [5.0]])
    array([[0.5],
           [2. ]])
    """
    record("scaling", scaling, Scaling)
    if isinstance(data, Splits):
        return Splits(*(apply_scaling(scaling, part) for part in data))
    x = data.x if isinstance(data, Dataset) else array_of_numbers("x", data)
    fits = x.dtype.kind != "c" and x.shape[-1:] == (scaling.n_in,)
    require(fits, "x", x, f"real numbers of shape (..., {scaling.n_in})")
    finite_array("x", x)
    values = x.astype(np.float64)
    values *= data.scale if isinstance(data, Dataset) else 1.0
    values -= scaling.shift
    values *= scaling.factor
    scaled = values.astype(np.result_type(x, np.float32), copy=False)
    finite_array("scaled x", scaled)
    return attrs.evolve(data, x=freeze(scaled), scale=1.0) if isinstance(data, Dataset) else scaled


def _values_low_span(dataset: Dataset) -> tuple[Array, Array, Array]:
    """The inputs (n, n_in), each feature's smallest value, and how far its largest is from it."""
    record("dataset", dataset, Dataset)
    values = dataset.x.astype(np.float64)
    values *= dataset.scale
    low, high = values.min(axis=0), values.max(axis=0)
    span = high - low
    finite_array("the features' span", span)
    span[span == 0] = 1  # a constant feature is only shifted
    return values, low, span
