"""Data sets: the records, the embedded digits, MNIST."""

from fnnet.datasets.dataset import Batch, Dataset, Splits, one_hot
from fnnet.datasets.digits import load_digits
from fnnet.datasets.download import download_mnist
from fnnet.datasets.mnist import load_mnist
from fnnet.datasets.targets import smooth_labels, weigh_classes

__all__ = [
    "Batch",
    "Dataset",
    "Splits",
    "download_mnist",
    "load_digits",
    "load_mnist",
    "one_hot",
    "smooth_labels",
    "weigh_classes",
]
