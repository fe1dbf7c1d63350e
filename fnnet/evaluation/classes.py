"""How well classes are told apart, counted from outputs and labels."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from fnnet._checks import array_of_numbers, integer, require
from fnnet._records import Array, Figure, Record, as_figure, bits, read_only
from fnnet.datasets.labels import check_labels
from fnnet.evaluation.figures import rows

__all__ = ["ClassReport", "log_loss", "precision_recall_f1", "top_k_accuracy"]


@attrs.frozen
class ClassReport(Record):
    """How well each class is told from the others: arrays (..., classes), read-only.

    Attributes
    ----------
    precision
        The share of the samples taken for the class that are of it.
    recall
        The share of the samples of the class that are taken for it.
    f1
        Their harmonic mean.
    support
        Samples of the class, int64.
    """

    precision: Array = attrs.field(converter=read_only, eq=bits)
    recall: Array = attrs.field(converter=read_only, eq=bits)
    f1: Array = attrs.field(converter=read_only, eq=bits)
    support: Array = attrs.field(converter=read_only, eq=bits)


def top_k_accuracy(outputs: ArrayLike, labels: ArrayLike, k: int) -> Figure:
    """The share of the samples whose class is among the k largest outputs.

    Of equal outputs the first counts as the largest, as for `predict`: k = 1 is its accuracy.

    Parameters
    ----------
    outputs
        Shape (..., n, classes): a network's, or probabilities.
    labels
        Integers (n,) of 0 to classes-1.
    k
        1 to classes.

    Returns
    -------
    Figure
        0 to 1; (...) for a stack.

    Raises
    ------
    InputError
        Where an argument is not as said here, or an output is not finite.

    Examples
    --------
    >>> outputs = [[0.1, 0.7, 0.2], [0.5, 0.4, 0.1]]
    >>> top_k_accuracy(outputs, [2, 0], 1), top_k_accuracy(outputs, [2, 0], 2)
    (0.5, 1.0)
    """
    outputs, labels = _classified("outputs", outputs, labels)
    classes = outputs.shape[-1]
    number = integer("k", k, at_least=1)
    require(number <= classes, "k", k, f"at most the number of classes, {classes}")
    own = _own(outputs, labels)[..., np.newaxis]
    comes_first = np.arange(classes) < labels[:, np.newaxis]
    larger = (outputs > own) | ((outputs == own) & comes_first)
    return as_figure(np.mean(larger.sum(axis=-1) < number, axis=-1))


def log_loss(probabilities: ArrayLike, labels: ArrayLike) -> Figure:
    """The mean of -ln p over the samples, p being the probability given to the sample's class.

    As scikit-learn's: p is kept eps away from 0 and 1, so that the loss is finite; eps is that of
    the probabilities' dtype.

    Parameters
    ----------
    probabilities
        Shape (..., n, classes), rows that sum to 1: from `predict_proba`.
    labels
        Integers (n,) of 0 to classes-1.

    Returns
    -------
    Figure
        At least 0, less is better; (...) for a stack.

    Raises
    ------
    InputError
        Where an argument is not as said here.

    Examples
    --------
    >>> log_loss([[0.5, 0.5], [0.25, 0.75]], [0, 1])
    0.490...
    """
    values, labels = _classified("probabilities", probabilities, labels)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    eps = np.finfo(values.dtype).eps
    sums = values.sum(axis=-1)
    are_shares = values.min() >= 0 and values.max() <= 1
    are_whole = np.all(np.abs(sums - 1) <= np.sqrt(eps))  # scikit-learn's bound
    expected = "numbers of 0 to 1 that sum to 1 for each sample"
    require(are_shares and are_whole, "probabilities", probabilities, expected)
    own = np.clip(_own(values, labels), eps, 1 - eps)
    return as_figure(-np.log(own.astype(np.float64)).mean(axis=-1))


def precision_recall_f1(matrix: ArrayLike) -> ClassReport:
    """Precision, recall and F1 of each class, from a confusion matrix.

    A share of no samples is 0, as with scikit-learn's `zero_division=0`.

    Parameters
    ----------
    matrix
        Integers (..., classes, classes) of at least 0, a row for each class and a column for what
        it was taken for: from `confusion_matrix`.

    Returns
    -------
    ClassReport
        Arrays (..., classes).

    Raises
    ------
    InputError
        Where matrix is not as said here.

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
    taken, support = counts.sum(axis=-2), counts.sum(axis=-1)
    f1 = _ratio(2 * right, taken + support)  # 2 / (1 / precision + 1 / recall)
    return ClassReport(_ratio(right, taken), _ratio(right, support), f1, support)


def _classified(argument: str, values: ArrayLike, labels: ArrayLike) -> tuple[Array, Array]:
    values, labels = rows(argument, values), array_of_numbers("labels", labels)
    n, classes = values.shape[-2:]
    require(labels.shape == (n,), "labels", labels, f"a label for each sample, shape ({n},)")
    check_labels("labels", labels, classes)
    return values, labels


def _own(values: Array, labels: Array) -> Array:
    """What each sample has in the place of its label, (..., n), each network's in one piece."""
    return np.ascontiguousarray(values[..., np.arange(len(labels)), labels])


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0)
