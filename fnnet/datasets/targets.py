"""What the samples of a data set count, and how sure their labels are."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from fnnet._checks import array_of_numbers, finite_number, record, require
from fnnet.datasets.dataset import Dataset
from fnnet.datasets.labels import one_hot

__all__ = ["smooth_labels", "weigh_classes"]


def weigh_classes(dataset: Dataset, weights: Sequence[float] | None = None) -> Dataset:
    """The same samples, each with the weight of its class (times its own, where it has one).

    Parameters
    ----------
    dataset
        Samples with labels.
    weights
        A number of at least 0 for each class; by default such that all classes with samples count
        alike in the sum, and a sample 1 in the mean: n / (such classes * samples of the class).

    Examples
    --------
    >>> dataset = Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 0, 1])
    >>> weigh_classes(dataset).weights
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    record("dataset", dataset, Dataset)
    require(dataset.classes is not None, "dataset.y", dataset.y, "class labels")
    classes = dataset.n_out
    if weights is None:
        counts = np.bincount(dataset.y, minlength=classes)
        of_class = len(dataset) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        of_class = array_of_numbers("weights", weights)
        require(of_class.shape == (classes,), "weights", of_class, f"one for each of {classes}")
    own = 1.0 if dataset.weights is None else dataset.weights
    with np.errstate(over="ignore", invalid="ignore"):  # a Dataset takes no infinity, and no NaN
        of_samples = of_class[dataset.y] * own
    return attrs.evolve(dataset, weights=of_samples)


def smooth_labels(dataset: Dataset, smoothing: float) -> Dataset:
    """The same samples, with targets instead of labels: 1 - smoothing, the rest for all classes.

    The label's target is 1 - smoothing + smoothing / classes, the others' smoothing / classes:
    Szegedy et al., Rethinking the Inception architecture, CVPR 2016, section 7.

    Parameters
    ----------
    dataset
        Samples with labels.
    smoothing
        From 0 to below 1.

    Examples
    --------
    >>> smooth_labels(Dataset([[0.0], [1.0]], [0, 1]), 0.1).y
    array([[0.95, 0.05],
           [0.05, 0.95]])
    """
    record("dataset", dataset, Dataset)
    require(dataset.classes is not None, "dataset.y", dataset.y, "class labels")
    share = finite_number("smoothing", smoothing, at_least=0, below=1)
    hard = one_hot(dataset.y, dataset.n_out, dtype=np.float64)
    targets = hard * (1 - share) + share / dataset.n_out
    return attrs.evolve(dataset, y=targets, classes=None)
