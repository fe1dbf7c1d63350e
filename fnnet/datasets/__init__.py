"""Data sets: the records, the embedded digits, MNIST, files of one's own, splits and scalings."""

from fnnet.datasets.arrays import load_npz
from fnnet.datasets.batch import Batch
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.digits import load_digits
from fnnet.datasets.download import download_mnist
from fnnet.datasets.labels import one_hot
from fnnet.datasets.mnist import load_mnist
from fnnet.datasets.scaling import Scaling, apply_scaling, min_max, standardisation
from fnnet.datasets.split import split, subset
from fnnet.datasets.table import class_names, load_csv
from fnnet.datasets.targets import smooth_labels, weigh_classes

__all__ = [
    "Batch",
    "Dataset",
    "Scaling",
    "Splits",
    "apply_scaling",
    "class_names",
    "download_mnist",
    "load_csv",
    "load_digits",
    "load_mnist",
    "load_npz",
    "min_max",
    "one_hot",
    "smooth_labels",
    "split",
    "standardisation",
    "subset",
    "weigh_classes",
]
