"""Metrics: how well outputs fit labels or targets. A number for one network, an array for a stack.

All sums are float64 and in one order: a stack's member has the bits that it has alone.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, finite_array, integer, require
from fnnet._records import Array, Figure, Record, as_figure, bits, figure_bits, read_only
from fnnet.datasets.dataset import check_labels

__all__ = [
    "ClassReport",
    "Evaluation",
    "RegressionReport",
    "error_sums",
    "log_loss",
    "mean_absolute_error",
]
__all__ += ["precision_recall_f1", "r2_score", "root_mean_squared_error", "top_k_accuracy"]


def _real(argument: str, values: ArrayLike) -> Figure:
    array = array_of_numbers(argument, values)
    require(array.dtype.kind in "iuf", argument, values, "real numbers")
    return as_figure(array)


@attrs.frozen(init=False)
class Evaluation(Record):
    """The result of `evaluate`: numbers for one network, arrays (K,) for a stack of K.

    Attributes
    ----------
    correct
        Number of samples for which `predict` gives their class.
    total
        Number of samples.
    cost
        Mean cost over the samples.
    """

    correct: Figure = attrs.field(eq=figure_bits)
    total: int
    cost: Figure = attrs.field(eq=figure_bits)

    def __init__(self, correct: ArrayLike, total: int, cost: ArrayLike) -> None:
        total = integer("total", total, at_least=1)
        self.__attrs_init__(_real("correct", correct), total, _real("cost", cost))

    @property
    def accuracy(self) -> Figure:
        """The share of correct samples, 0 to 1; of no meaning for regression."""
        return self.correct / self.total


@attrs.frozen
class ClassReport(Record):
    """How well each class is told from the others: read-only arrays (..., classes).

    Attributes
    ----------
    precision
        Of the samples predicted to be of the class, the share that is.
    recall
        Of the samples of the class, the share predicted to be.
    f1
        The harmonic mean of the two.
    support
        Samples of the class, int64.
    """

    precision: Array = attrs.field(converter=read_only, eq=bits)
    recall: Array = attrs.field(converter=read_only, eq=bits)
    f1: Array = attrs.field(converter=read_only, eq=bits)
    support: Array = attrs.field(converter=read_only, eq=bits)


@attrs.frozen
class RegressionReport(Record):
    """How near outputs are to targets: numbers for one network, arrays (K,) for a stack.

    `r2` is what `r2_score` returns; the others are what the functions of their names do.
    """

    r2: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    mean_absolute_error: Figure = attrs.field(converter=as_figure, eq=figure_bits)
    root_mean_squared_error: Figure = attrs.field(converter=as_figure, eq=figure_bits)

    @classmethod
    def of_sums(cls, absolute: Array, squared: Array, targets: Array) -> RegressionReport:
        """The report from the `error_sums` of all samples and their targets (n, n_out)."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # Less the first target, equal targets are 0, and so is their mean, without rounding.
            shifted = _differences(targets, targets[0])
            deviations = np.square(shifted - shifted.mean(axis=-1, keepdims=True)).sum(axis=-1)
            r2 = np.where(deviations > 0, 1 - squared / deviations, squared == 0)
        n = len(targets)
        return cls(*(each.mean(axis=-1) for each in (r2, absolute / n, np.sqrt(squared / n))))


def top_k_accuracy(outputs: ArrayLike, labels: ArrayLike, k: int) -> Figure:
    """The share of samples whose class is among the k largest outputs, 0 to 1; (...) for a stack.

    Of equal outputs the first counts as the largest, as for `predict`: k = 1 gives the accuracy.
    Outputs are (..., n, classes), finite; labels (n,) are integers of 0 to classes-1; k is 1 to
    classes. Others are an `InputError`.

    >>> top_k_accuracy([[0.1, 0.7, 0.2], [0.5, 0.4, 0.1]], [2, 0], 2)
    1.0
    """
    outputs, own, labels = _with_labels("outputs", outputs, labels)
    classes, own = np.arange(outputs.shape[-1]), own[..., np.newaxis]
    k = integer("k", k, at_least=1, at_most=len(classes))
    is_larger = (outputs > own) | ((outputs == own) & (classes < labels[:, np.newaxis]))
    return as_figure(np.mean(is_larger.sum(axis=-1) < k, axis=-1))


def log_loss(probabilities: ArrayLike, labels: ArrayLike) -> Figure:
    """The mean over the samples of -ln p, with p the probability of the sample's class.

    As in scikit-learn, p is clipped to eps ... 1 - eps of its dtype, so that the loss is finite.
    Probabilities are (..., n, classes), from `predict_proba`; labels (n,) are integers from 0 to
    classes-1. Errors are those of `top_k_accuracy`; rows that do not sum to 1 are refused, too.

    >>> log_loss([[0.5, 0.5], [0.25, 0.75]], [0, 1])
    0.490...
    """
    values, p, _ = _with_labels("probabilities", probabilities, labels)
    eps = np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps
    errors = np.abs(values.sum(axis=-1) - 1)
    fits = values.min() >= 0 and values.max() <= 1 and np.all(errors <= np.sqrt(eps))
    require(fits, "probabilities", probabilities, "rows of numbers from 0 to 1 that sum to 1")
    p = np.clip(p, eps, 1 - eps).astype(np.float64)
    return as_figure(-np.log(p).mean(axis=-1))


def precision_recall_f1(matrix: ArrayLike) -> ClassReport:
    """Precision, recall and F1 of each class, from a confusion matrix.

    A share of no samples is 0, as with scikit-learn's `zero_division=0`.

    Parameters
    ----------
    matrix
        Counts, integers (..., classes, classes): rows are classes, columns predicted classes.

    Raises
    ------
    InputError
        If matrix has another shape or dtype, or a negative number.

    Examples
    --------
    >>> report = precision_recall_f1([[3, 1], [0, 0]])
    >>> report.precision, report.recall, report.f1, report.support
    (array([1., 0.]), array([0.75, 0.  ]), array([0.857..., 0. ]), array([4, 0]))
    """
    counts = array_of_numbers("matrix", matrix)
    is_square = counts.ndim >= 2 and counts.shape[-1] == counts.shape[-2] and counts.size > 0
    are_counts = counts.dtype.kind in "iu" and is_square and counts.min() >= 0
    require(are_counts, "matrix", matrix, "counts, integers of shape (..., classes, classes)")
    counts = counts.astype(np.int64)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    predicted, support = counts.sum(axis=-2), counts.sum(axis=-1)
    f1 = _ratio(2 * right, predicted + support)  # 2 / (1 / precision + 1 / recall)
    return ClassReport(_ratio(right, predicted), _ratio(right, support), f1, support)


def r2_score(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """1 - (squared errors) / (squared deviations of the targets from their mean): at most 1.

    The mean over the outputs, as in scikit-learn. An output whose targets are all equal counts 1 if
    all are met, else 0. This holds for a single sample, too; scikit-learn then gives a NaN.
    Outputs are (..., n, n_out), targets (n, n_out), all finite; the result is (...). Others are an
    `InputError`.

    >>> r2_score([[1.0], [2.0], [4.0]], [[1.0], [2.0], [3.0]])
    0.5
    """
    return _report(outputs, targets).r2


def mean_absolute_error(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """The mean of abs(output - target) over samples and outputs; arguments as for `r2_score`.

    >>> mean_absolute_error([[1.0], [2.0], [4.5]], [[1.0], [2.0], [3.0]])
    0.5
    """
    return _report(outputs, targets).mean_absolute_error


def root_mean_squared_error(outputs: ArrayLike, targets: ArrayLike) -> Figure:
    """The mean over the outputs of each one's root mean squared error, as in scikit-learn.

    Arguments are as for `r2_score`.

    >>> root_mean_squared_error([[1.0], [2.0], [3.0], [5.0]], [[1.0], [2.0], [3.0], [4.0]])
    0.5
    """
    return _report(outputs, targets).root_mean_squared_error


def error_sums(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Each output's absolute and squared errors, summed over the samples: (..., n_out) each."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = _differences(outputs, targets)
        return np.abs(errors).sum(axis=-1), np.square(errors).sum(axis=-1)


def _differences(a: Array, b: Array) -> Array:
    """The differences a - b, (..., n_out, n), contiguous: sums over n then have one order."""
    return np.ascontiguousarray(np.subtract(a, b, dtype=np.float64).swapaxes(-1, -2))


def _report(outputs: ArrayLike, targets: ArrayLike) -> RegressionReport:
    outputs, targets = _rows("outputs", outputs), _rows("targets", targets)
    shape = outputs.shape[-2:]
    expected = f"real numbers of shape {shape}, as the outputs have"
    require(targets.shape == shape, "targets", targets, expected)
    return RegressionReport.of_sums(*error_sums(outputs, targets), targets)


def _rows(argument: str, values: ArrayLike) -> Array:
    array = array_of_numbers(argument, values)
    are_rows = array.ndim >= 2 and array.size > 0 and array.dtype.kind in "iuf"
    require(are_rows, argument, array, "real numbers of shape (..., n, units), a row a sample")
    finite_array(argument, array)
    return array


def _with_labels(argument: str, values: ArrayLike, labels: ArrayLike) -> tuple[Array, Array, Array]:
    """The values (..., n, classes), those of the samples' labels (..., n), and the labels (n,)."""
    values, labels = _rows(argument, values), array_of_numbers("labels", labels)
    n, classes = values.shape[-2:]
    require(labels.shape == (n,), "labels", labels, f"a label for each sample, shape ({n},)")
    check_labels("labels", labels, classes)
    return values, np.ascontiguousarray(values[..., np.arange(n), labels]), labels


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0)
