"""Data sets: the records, the embedded digits, MNIST, files of one's own, splits and scalings."""

from typing import TYPE_CHECKING

from fnnet.rooms import served

if TYPE_CHECKING:  # the same names, for those who read the types
    from fnnet.datasets.arrays import load_npz as load_npz
    from fnnet.datasets.batch import Batch as Batch
    from fnnet.datasets.dataset import Dataset as Dataset
    from fnnet.datasets.dataset import Splits as Splits
    from fnnet.datasets.digits import load_digits as load_digits
    from fnnet.datasets.download import download_mnist as download_mnist
    from fnnet.datasets.labels import one_hot as one_hot
    from fnnet.datasets.mnist import load_mnist as load_mnist
    from fnnet.datasets.scaling import Scaling as Scaling
    from fnnet.datasets.scaling import apply_scaling as apply_scaling
    from fnnet.datasets.scaling import min_max as min_max
    from fnnet.datasets.scaling import standardisation as standardisation
    from fnnet.datasets.splitting import split as split
    from fnnet.datasets.splitting import subset as subset
    from fnnet.datasets.table import class_names as class_names
    from fnnet.datasets.table import load_csv as load_csv
    from fnnet.datasets.targets import smooth_labels as smooth_labels
    from fnnet.datasets.targets import weigh_classes as weigh_classes

_ROOMS = {
    "arrays": "load_npz",
    "batch": "Batch",
    "dataset": "Dataset Splits",
    "digits": "load_digits",
    "download": "download_mnist",
    "labels": "one_hot",
    "mnist": "load_mnist",
    "scaling": "Scaling apply_scaling min_max standardisation",
    "splitting": "split subset",
    "table": "class_names load_csv",
    "targets": "smooth_labels weigh_classes",
}

__all__: list[str]
if not TYPE_CHECKING:  # who reads the types would take any name for one of these
    __getattr__, __dir__, __all__ = served(__name__, _ROOMS)
