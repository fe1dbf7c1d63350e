"""Class labels made into targets, and classes given weights."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fnnet._checks import LARGEST_ARRAY, array_of_numbers, as_dtype, finite_number, integer, require
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, check_labels

__all__ = ["one_hot", "smooth_labels", "weigh_classes"]


def one_hot(labels: ArrayLike, classes: int, *, dtype: DTypeLike = np.float32) -> Array:
    """Targets (..., classes) from class labels (...,): 1 in the label's place, 0 in the others.

    Labels are integers of 0 to classes-1; `dtype` is the targets'. Others are an `InputError`.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    labels = array_of_numbers("labels", labels)
    as_dtype("dtype", dtype, "biufc", "a dtype of numbers")
    classes = integer("classes", classes, at_least=1)
    require(classes <= LARGEST_ARRAY, "classes", classes, "as many as an array can hold")
    check_labels("labels", labels, classes)
    return np.asarray(labels[..., np.newaxis] == np.arange(classes), dtype)


def smooth_labels(dataset: Dataset, smoothing: float) -> Dataset:
    """The data set with smoothed targets instead of labels.

    The label's target is 1 - smoothing + smoothing / classes, the others' smoothing / classes:
    Szegedy et al., Rethinking the Inception architecture, CVPR 2016, section 7. `smoothing` is at
    least 0 and below 1; a data set without labels is an `InputError`.

    >>> smooth_labels(Dataset([[0.0], [1.0]], [0, 1]), 0.1).y
    array([[0.95, 0.05],
           [0.05, 0.95]])
    """
    classes = _classes_of(dataset)
    share = finite_number("smoothing", smoothing, at_least=0, below=1)
    hard = one_hot(dataset.y, classes, dtype=np.float64)
    return attrs.evolve(dataset, y=hard * (1 - share) + share / classes, classes=None)


@np.errstate(all="ignore")  # a Dataset takes no infinity, and no NaN
def weigh_classes(dataset: Dataset, weights: ArrayLike | None = None) -> Dataset:
    """The same samples, each with the weight of its class (times its own weight, if any).

    Parameters
    ----------
    dataset
        Samples with labels.
    weights
        A number of at least 0 for each class, (classes,). By default
        n / (classes that occur * samples of the class): equal total weights, and a mean of 1.

    Examples
    --------
    >>> dataset = Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 0, 1])
    >>> weigh_classes(dataset).weights
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    classes = _classes_of(dataset)
    if weights is None:
        counts = np.bincount(dataset.y, minlength=classes)
        of_class = len(dataset) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        of_class = array_of_numbers("weights", weights)
        require(of_class.shape == (classes,), "weights", of_class, f"one for each of {classes}")
    own = 1.0 if dataset.weights is None else dataset.weights
    return attrs.evolve(dataset, weights=of_class[dataset.y] * own)


def _classes_of(dataset: Dataset) -> int:
    is_labelled = isinstance(dataset, Dataset) and dataset.classes is not None
    require(is_labelled, "dataset", dataset, "a Dataset with class labels")
    return dataset.n_out
