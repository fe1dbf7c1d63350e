"""MNIST's handwritten digits, from the files that people have them in."""

from __future__ import annotations

import os
from pathlib import Path

from fnnet._checks import InputError, as_path
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.idx import read_idx
from fnnet.datasets.labels import check_labels

__all__ = ["load_mnist"]

_BOOK = "mnist.pkl.gz"
_IDX = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def load_mnist(path: str | os.PathLike[str]) -> Splits:
    """MNIST: 50,000 images to train, 10,000 to validate, 10,000 to test.

    The IDX files and the book's file give the same records. Other data in MNIST's form, such as
    Fashion-MNIST, is read too: the last sixth of the training images validates.

    Parameters
    ----------
    path
        A folder with the four IDX files under their original names, gzipped or not; or the book's
        mnist.pkl.gz, or a folder with it and no IDX file.

    Returns
    -------
    Splits
        Images (n, 784) of uint8, scaled by 1/256; labels 0 to 9.

    Raises
    ------
    InputError
        Where a file is missing or damaged, or the files do not fit each other.

    Examples
    --------
    >>> splits = load_mnist(download_mnist())  # doctest: +SKIP
    >>> len(splits.train), len(splits.validation), len(splits.test)  # doctest: +SKIP
    (50000, 10000, 10000)
    """
    path = as_path("path", path)
    if not path.exists():
        raise InputError(f"{path} does not exist: expected a folder of IDX files or {_BOOK}")
    if path.is_dir() and (any(_idx_files(path)) or not (path / _BOOK).is_file()):
        parts = _read_folder(path)
    else:
        from fnnet.datasets._book import read_book  # 2 ms, for those alone who have the book's file

        parts = read_book(path / _BOOK if path.is_dir() else path)
    return Splits(*(Dataset(x, y, scale=1 / 256, classes=10) for x, y in parts))


def _idx_files(folder: Path) -> list[Path | None]:
    return [
        next((file for file in (folder / name, folder / f"{name}.gz") if file.is_file()), None)
        for name in _IDX
    ]


def _read_folder(folder: Path) -> list[tuple[Array, Array]]:
    files = []
    for name, file in zip(_IDX, _idx_files(folder), strict=True):
        if file is None:
            raise InputError(f"{folder / name} is missing: expected it, or {name}.gz")
        files.append(file)
    from concurrent.futures import ThreadPoolExecutor  # 5 ms, for those alone who read such files

    with ThreadPoolExecutor(len(files)) as threads:  # zlib lets other threads run
        arrays = threads.map(read_idx, files)  # and what is wrong with one comes out in its turn
        x, y = _pair(files[0], files[1], next(arrays), next(arrays))
        x_test, y_test = _pair(files[2], files[3], next(arrays), next(arrays))
    if x_test.shape[1:] != x.shape[1:]:
        test = f"{files[2]} holds images of shape {x_test.shape[1:]}"
        raise InputError(f"{test}: expected {x.shape[1:]}, as in {files[0]}")
    n = len(x) - len(x) // 6
    if n == len(x):
        raise InputError(f"{files[0]} holds {n} images: expected 6, or more, to split")
    flat, flat_test = x.reshape(len(x), -1), x_test.reshape(len(x_test), -1)
    return [(flat[:n], y[:n]), (flat[n:], y[n:]), (flat_test, y_test)]


def _pair(images: Path, labels: Path, x: Array, y: Array) -> tuple[Array, Array]:
    if x.ndim < 2 or x.size == 0:
        raise InputError(f"{images} holds an array of shape {x.shape}: expected images")
    if y.shape != x.shape[:1]:
        held = f"{labels} holds an array of shape {y.shape}"
        raise InputError(f"{held}: expected a label for each of the {len(x)} images in {images}")
    check_labels(f"a label in {labels}", y, 10)
    return x, y
