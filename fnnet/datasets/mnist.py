"""MNIST's handwritten digits, downloaded and read.

An IDX file is the shape of an array and then its values: http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fnnet._checks import InputError, as_path, require
from fnnet._files import read_bytes, reading
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits, as_rows
from fnnet.datasets.splitting import subset

__all__ = ["MIRRORS", "SHA256", "download_mnist", "load_mnist", "read_idx"]

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
"""Where the files are published, first choice first."""

SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_BOOK, _IDX = "mnist.pkl.gz", "an IDX file of unsigned bytes, gzipped or not"


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
        If a file is missing or damaged, or the files do not fit each other.

    Examples
    --------
    >>> train, validation, test = load_mnist(download_mnist())  # doctest: +SKIP
    """
    path = as_path("path", path)
    if not path.exists():
        raise InputError(f"{path} does not exist: expected a folder of IDX files or {_BOOK}")
    names = [name.removesuffix(".gz") for name in SHA256]
    files = [path / name if (path / name).is_file() else path / f"{name}.gz" for name in names]
    is_book = not any(file.is_file() for file in files) and (path / _BOOK).is_file()
    if path.is_dir() and not is_book:
        return _read_idx_files(files)
    from fnnet.datasets._book import read_book  # 9 ms, and few have the book's file

    return read_book(path / _BOOK if is_book else path)


def _read_idx_files(files: Sequence[Path]) -> Splits:
    x, y, x_test, y_test = map(read_idx, files)
    train, test = _labelled(files[:2], x, y), _labelled(files[2:], x_test, y_test)
    shape, expected = x_test.shape[1:], f"{x.shape[1:]}, as in {files[0]}"
    require(shape == x.shape[1:], f"{files[2]}: an image's shape", shape, expected)
    n = len(train) - len(train) // 6
    require(n < len(train), f"{files[0]}: the number of images", n, "at least 6, to split")
    return Splits(subset(train, slice(n)), subset(train, slice(n, None)), test)


def _labelled(files: Sequence[Path], x: Array, y: Array) -> Dataset:
    with reading(", ".join(map(str, files)), "images and labels"):
        return Dataset(as_rows(x), y, scale=1 / 256, classes=10)


def read_idx(path: str | os.PathLike[str]) -> Array:
    """The array in an IDX file of unsigned bytes, gzipped or not: uint8, read-only."""
    data = read_bytes(path, _IDX)
    with reading(path, _IDX):
        if data[:3] != b"\0\0\x08":  # 08: unsigned bytes
            raise ValueError(f"it starts with {data[:4].hex(' ') or 'nothing'}, not with 00 00 08")
        shape = np.frombuffer(data, ">u4", data[3], offset=4).tolist()
        values = np.frombuffer(data, np.uint8)[4 + 4 * len(shape) :]
        if len(values) != math.prod(shape):
            raise ValueError(f"it holds {len(values)} values, not {' x '.join(map(str, shape))}")
        return values.reshape(shape)


def download_mnist(
    *,
    folder: str | os.PathLike[str] | None = None,
    mirrors: Sequence[str] = MIRRORS,
    sha256: Mapping[str, str] = SHA256,
) -> Path:
    """The folder with MNIST's four IDX files, downloaded unless they are there already.

    Needs the extra `mnist`: `pip install 'fnnet[mnist]'`. Without it, and if no mirror has given
    all files, an `InputError` says so.

    Parameters
    ----------
    folder
        The folder for the files: by default one in the user's cache.
    mirrors
        Addresses of folders with the files; if one fails, the next is asked.
    sha256
        The files' names, and the SHA-256 that each must have.

    Examples
    --------
    >>> folder = download_mnist()  # doctest: +SKIP
    """
    try:  # only those who download need them
        import pooch
        import tqdm  # type: ignore[import-untyped]  # noqa: F401  # pooch's progress bar
    except ImportError as error:
        remedy = "expected it for downloads: pip install 'fnnet[mnist]'"
        raise InputError(f"{error.name} is not installed, {remedy}") from None
    target = Path(pooch.os_cache("fnnet"), "mnist") if folder is None else as_path("folder", folder)
    logger, failures = pooch.get_logger(), []
    level = logger.level
    logger.setLevel("WARNING")  # the progress bar says enough
    try:
        for mirror in mirrors:
            try:
                for name, digest in sha256.items():
                    url = f"{mirror.rstrip('/')}/{name}"
                    pooch.retrieve(url, f"sha256:{digest}", name, target, progressbar=True)
                return target
            except (OSError, ValueError) as error:  # no answer, a refusal, a full disk; wrong bytes
                failures.append(f"{mirror}: {textwrap.shorten(str(error), 300, placeholder='...')}")
    finally:
        logger.setLevel(level)
    expected = "one mirror to answer; a local copy can be passed to load_mnist instead"
    raise InputError(f"MNIST could not be downloaded ({'; '.join(failures)}): expected {expected}")
