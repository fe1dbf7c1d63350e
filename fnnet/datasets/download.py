"""MNIST's four files from a public mirror, once, into the user's cache folder."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fnnet._checks import InputError, as_path

if TYPE_CHECKING:
    import logging

__all__ = ["MIRRORS", "SHA256", "download_mnist"]

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
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
"""What the published files' SHA-256 is."""


def download_mnist(
    *,
    folder: str | os.PathLike[str] | None = None,
    mirrors: Sequence[str] = MIRRORS,
    sha256: Mapping[str, str] = SHA256,
) -> Path:
    """The folder with MNIST's four IDX files, downloaded unless they are there already.

    Needs the extra `mnist`: `pip install 'fnnet[mnist]'`.

    Parameters
    ----------
    folder
        Where the files go: by default a folder in the user's cache.
    mirrors
        Addresses of folders that hold the files; the next is asked where one fails.
    sha256
        The files' names, and the SHA-256 that each must have.

    Returns
    -------
    Path
        The folder, for `load_mnist`.

    Raises
    ------
    InputError
        Where the extra is not installed, or no mirror gave the files.

    Examples
    --------
    >>> splits = load_mnist(download_mnist())  # doctest: +SKIP
    """
    try:
        import pooch
        import tqdm  # type: ignore[import-untyped]  # noqa: F401  # pooch's progress bar
    except ImportError as error:
        remedy = "expected it for downloads: pip install 'fnnet[mnist]'"
        raise InputError(f"{error.name} is not installed, {remedy}") from None
    target = Path(pooch.os_cache("fnnet"), "mnist") if folder is None else as_path("folder", folder)
    failures = []
    for mirror in mirrors:
        try:
            with _quiet(pooch.get_logger()):
                for name, digest in sha256.items():
                    url = f"{mirror.rstrip('/')}/{name}"
                    pooch.retrieve(url, f"sha256:{digest}", name, target, progressbar=True)
        except (OSError, ValueError) as error:  # no answer, a refusal, a full disk; wrong bytes
            failures.append(f"{mirror}: {textwrap.shorten(str(error), 300, placeholder='...')}")
        else:
            return target
    reasons = "; ".join(failures)
    expected = "one mirror to answer; a local copy can be passed to load_mnist instead"
    raise InputError(f"MNIST could not be downloaded ({reasons}): expected {expected}")


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
