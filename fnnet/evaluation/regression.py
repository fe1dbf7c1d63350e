"""How near outputs are to their targets, counted from the sums of their errors."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, require
from fnnet._records import Array, Figure, Record, as_figure, figure_bits
from fnnet.evaluation.figures import rows

__all__ = [
    "RegressionReport",
    "error_sums",
    "mean_absolute_error",
    "r2_score",
    "root_mean_squared_error",
]


@attrs.frozen
class RegressionReport(Record):
    """How near the outputs are to the targets: numbers for one network, arrays (K,) for a stack.

    Attributes
    ----------
    r2, mean_absolute_error, root_mean_squared_error
        What the functions of these names return (`r2_score` for the first).
    """

    r2: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    mean_absolute_error: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    root_mean_squared_error: Figure = attrs.field(converter=as_figure, eq=figure_bits)

    @classmethod
    def of_sums(cls, absolute: Array, squared: Array, targets: Array) -> RegressionReport:
        """The report from `error_sums` over all samples, and the targets (n, n_out)."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # Seen from the first target, those of a constant are 0, whatever their mean rounds to.
            seen = _differences(targets, targets[0])
            deviations = np.square(seen - seen.mean(axis=-1, keepdims=True)).sum(axis=-1)
            r2 = np.where(deviations > 0, 1 - squared / deviations, squared == 0)
        n = len(targets)
        means = (r2, absolute / n, np.sqrt(squared / n))
        return cls(*(figure.mean(axis=-1) for figure in means))


def r2_score(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """1 - (squared errors) / (squared deviations of the targets from their mean).

    The mean over the outputs, as scikit-learn's default. An output whose targets are all the same
    counts 1 where it meets them all, else 0; so does a single sample, where scikit-learn has a NaN.

    Parameters
    ----------
    outputs
        Shape (..., n, n_out).
    targets
        Shape (n, n_out).

    Returns
    -------
    Figure
        At most 1, and 0 for the mean of the targets; (...) for a stack.

    Raises
    ------
    InputError
        Where the shapes do not fit, or a value is not finite.

    Examples
    --------
    >>> r2_score([[1.0], [2.0], [4.0]], [[1.0], [2.0], [3.0]])
    0.5
    """
    return _report(outputs, targets).r2


def mean_absolute_error(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """The mean of abs(output - target) over samples and outputs; arguments as for `r2_score`.

    Examples
    --------
    >>> mean_absolute_error([[1.0], [2.0], [4.5]], [[1.0], [2.0], [3.0]])
    0.5
    """
    return _report(outputs, targets).mean_absolute_error


def root_mean_squared_error(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """The root of each output's mean squared error; arguments as for `r2_score`.

    The roots of several outputs are averaged, as scikit-learn does.

    Examples
    --------
    >>> root_mean_squared_error([[1.0], [2.0], [3.0], [5.0]], [[1.0], [2.0], [3.0], [4.0]])
    0.5
    """
    return _report(outputs, targets).root_mean_squared_error


def error_sums(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Each output's absolute errors, summed over the samples, and its squared ones: (..., n_out).

    Sums over parts of the samples add up to those over all; the arrays are as for `r2_score`.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        errors = _differences(outputs, targets)
        return np.abs(errors).sum(axis=-1), np.square(errors).sum(axis=-1)


def _differences(a: Array, b: Array) -> Array:
    """The columns (..., n_out, n) of a - b: added up in one order, however the arrays lie."""
    return np.ascontiguousarray(np.subtract(a, b, dtype=np.float64).swapaxes(-1, -2))


def _report(outputs: ArrayLike, targets: ArrayLike) -> RegressionReport:
    outputs, targets = rows("outputs", outputs), array_of_numbers("targets", targets)
    shape = outputs.shape[-2:]
    fits = targets.shape == shape and targets.dtype.kind in "iuf"
    require(fits, "targets", targets, f"real numbers of shape {shape}, as the outputs have")
    finite_array("targets", targets)
    return RegressionReport.of_sums(*error_sums(outputs, targets), targets)
