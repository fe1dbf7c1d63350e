"""Data sets of one's own in NumPy's files: `.npz`, without pickle."""

from __future__ import annotations

import os

import numpy as np

from fnnet._archive import read_npz
from fnnet._checks import finite_number, in_file, integer, require
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.splitting import split

__all__ = ["load_npz"]

_PARTS = ("", "_validation", "_test")
_LAYOUT = (
    "x and y, or those and x_validation, y_validation, x_test, y_test; and scale, weights, if any"
)


def load_npz(path: str | os.PathLike[str], *, seed: int = 0) -> Splits:
    """The data set in an `.npz`, as `numpy.savez(path, x=x, y=y)` writes it.

    Parameters
    ----------
    path
        A file with the arrays `x`, inputs (n, n_in) or images (n, h, w), and `y`: integer labels
        (n,), or targets of a float dtype, (n, n_out) or (n,). `x_validation`, `y_validation`,
        `x_test`, `y_test` are the other parts, where they are there. A number `scale` is what x
        is to be multiplied by, 1/256 for images, say; `weights` (n,) is how much each sample of x
        counts in training. Other entries are refused.
    seed
        Of the `split` of a file that holds x and y alone; without effect for others.

    Returns
    -------
    Splits
        Images as rows (n, h * w), targets (n,) as (n, 1). Bytes stay bytes, floats keep their
        dtype. There are as many classes as the largest label of all parts asks for.

    Raises
    ------
    InputError
        Where the file is missing, damaged or something else, or its arrays do not fit each other,
        or the seed is no integer of at least 0.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/xor.npz", x=np.eye(20, 3), y=np.arange(20) % 2)
    ...     splits = load_npz(f"{folder}/xor.npz")
    >>> splits.train.x.shape, len(splits.validation), len(splits.test)
    ((14, 3), 2, 4)
    """
    integer("seed", seed, at_least=0)
    entries = read_npz(path, "an .npz file of arrays of numbers")
    with in_file(path):
        arrays = entries.keys() - {"scale", "weights"}
        whole, *others = [{f"x{part}", f"y{part}"} for part in _PARTS]
        require(arrays in (whole, whole.union(*others)), "the file", sorted(entries), _LAYOUT)
        scale = finite_number("scale", entries["scale"][()]) if "scale" in entries else 1.0
        parts = [part for part in _PARTS if f"x{part}" in arrays]
        classes = _count_classes([entries[f"y{part}"] for part in parts])
        datasets = []
        for part in parts:
            x, y = _as_rows(entries[f"x{part}"]), _as_rows(entries[f"y{part}"])
            weights = None if part else entries.get("weights")
            with in_file(f"x{part}, y{part}"):
                datasets.append(Dataset(x, y, scale=scale, weights=weights, classes=classes))
        return Splits(*datasets) if len(datasets) > 1 else split(datasets[0], seed=seed)


def _count_classes(labels: list[Array]) -> int | None:
    """One number for all parts, for one of them may lack the largest label."""
    largest = [int(y.max()) for y in labels if y.dtype.kind in "iu" and y.size > 0]
    return max(*largest, 0) + 1 if largest else None


def _as_rows(array: Array) -> Array:
    """Images as rows, and single floats, which are targets, as rows of one."""
    if array.ndim > 2 and array.size > 0:
        return array.reshape(len(array), -1)
    return array[:, np.newaxis] if array.ndim == 1 and array.dtype.kind == "f" else array
