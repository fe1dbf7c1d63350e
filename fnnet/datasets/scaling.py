"""Features brought to one scale: learnt from the training data, applied to whatever comes."""

from __future__ import annotations

from typing import overload

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, record, require
from fnnet._records import Array, Record, bits, freeze, read_only
from fnnet.datasets.dataset import Dataset, Splits

__all__ = ["Scaling", "apply_scaling", "min_max", "standardisation"]


def _real(argument: str, values: ArrayLike) -> Array:
    array = array_of_numbers(argument, values)
    require(array.dtype.kind != "c", argument, array, "real numbers")
    return array


def _as_row(values: ArrayLike) -> Array:
    return read_only(np.asarray(_real("a row of a scaling", values), np.float64))


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


def standardisation(dataset: Dataset) -> Scaling:
    """What gives each feature the mean 0 and the standard deviation 1 (over n, not n - 1).

    Parameters
    ----------
    dataset
        The training data; what counts is x times `dataset.scale`.

    Returns
    -------
    Scaling
        Computed in float64. A feature that is the same in all samples becomes 0.

    Raises
    ------
    InputError
        Where a feature's values lie so far apart, or so close together, that float64 cannot hold
        their distance or its inverse.

    Examples
    --------
    >>> scaling = standardisation(Dataset([[1.0, 5.0], [3.0, 5.0]], [0, 1]))
    >>> scaling.shift, scaling.factor
    (array([2., 5.]), array([1., 1.]))
    """
    record("dataset", dataset, Dataset)
    values = _inputs(dataset.x, dataset.scale)
    low, span = _low_and_span(values)
    # Brought to 0..1 first: nothing overflows, and an offset does not swallow the differences.
    values -= low
    values /= span
    mean = values.mean(axis=0)
    values -= mean
    deviation = np.sqrt(np.square(values, out=values).mean(axis=0))
    deviation[deviation == 0] = 1  # of what is constant, and of nothing else
    return _scaling(low + span * mean, span * deviation)


def min_max(dataset: Dataset) -> Scaling:
    """What brings each feature from its least and largest value to 0 and 1.

    Parameters, result and errors are those of `standardisation`.

    Examples
    --------
    >>> scaling = min_max(Dataset([[1.0, 5.0], [3.0, 5.0]], [0, 1]))
    >>> scaling.shift, scaling.factor
    (array([1., 5.]), array([0.5, 1. ]))
    """
    record("dataset", dataset, Dataset)
    return _scaling(*_low_and_span(_inputs(dataset.x, dataset.scale)))


@overload
def apply_scaling(scaling: Scaling, data: Dataset) -> Dataset: ...
@overload
def apply_scaling(scaling: Scaling, data: Splits) -> Splits: ...
@overload
def apply_scaling(scaling: Scaling, data: ArrayLike) -> Array: ...
def apply_scaling(scaling: Scaling, data: Dataset | Splits | ArrayLike) -> Dataset | Splits | Array:
    """The data with its features scaled.

    Parameters
    ----------
    scaling
        Of the training data, also where `data` is other data.
    data
        A Dataset; Splits, each part of which is scaled alike; or inputs (..., n_in) as the
        network would take them, a data set's scale applied.

    Returns
    -------
    Dataset | Splits | Array
        What `data` is; a Dataset's `scale` is 1. Computed in float64, kept as NumPy promotes the
        inputs with float32: float64 stays, bytes become float32.

    Raises
    ------
    InputError
        Where the number of features is another, or a value is not finite, now or when scaled.

    Examples
    --------
    >>> from fnnet.datasets.digits import load_digits
    >>> digits = load_digits()
    >>> scaled = apply_scaling(standardisation(digits.train), digits)
    >>> print(f"{scaled.train.x.std():.2f} {abs(scaled.train.x.mean()):.2f} {scaled.test.x.dtype}")
    0.98 0.00 float32
    """
    record("scaling", scaling, Scaling)
    if isinstance(data, Splits):
        parts = (data.train, data.validation, data.test)
        return Splits(*(apply_scaling(scaling, part) for part in parts))
    if isinstance(data, Dataset):
        return attrs.evolve(data, x=freeze(_scaled(scaling, data.x, data.scale)), scale=1.0)
    return _scaled(scaling, _real("x", data), 1.0)


def _scaled(scaling: Scaling, x: Array, scale: float) -> Array:
    require(x.shape[-1:] == (scaling.n_in,), "x", x, f"shape (..., {scaling.n_in})")
    finite_array("x", x)
    with np.errstate(over="ignore"):  # an infinity is refused below
        values = _inputs(x, scale)
        values -= scaling.shift
        values *= scaling.factor
        scaled = values.astype(np.result_type(x, np.float32), copy=False)
    finite_array("scaled x", scaled)
    return scaled


def _inputs(x: Array, scale: float) -> Array:
    values = x.astype(np.float64)
    with np.errstate(over="ignore"):
        values *= scale
    return values


def _low_and_span(values: Array) -> tuple[Array, Array]:
    """Each feature's least value and how far the largest is from it; 1 where they are the same."""
    low, high = values.min(axis=0), values.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        span = high - low
    finite_array("the features' span", span)
    span[span == 0] = 1
    return low, span


def _scaling(shift: Array, spread: Array) -> Scaling:
    with np.errstate(over="ignore", divide="ignore"):  # a Scaling takes no infinity
        return Scaling(freeze(shift), freeze(1 / spread))
