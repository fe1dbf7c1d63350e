"""1,797 handwritten digits of 8 x 8 pixels that come with the package.

The test set of E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0: see digits.LICENSE.
"""

from __future__ import annotations

import numpy as np

from fnnet.datasets.dataset import Dataset, Splits

__all__ = ["load_digits"]


def load_digits() -> Splits:
    """The embedded digits, split in order into 1,297 to train, 140 to validate and 360 to test.

    Returns
    -------
    Splits
        Images (n, 64) of uint8, 0 to 16, scaled by 1/16; labels 0 to 9.

    Examples
    --------
    >>> load_digits().train.y[:10]
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    from importlib import resources  # it takes 12 ms to import

    file = resources.files(__package__).joinpath("digits.npz")
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        x, y = arrays["images"], arrays["labels"]
    parts = (slice(1297), slice(1297, 1437), slice(1437, None))
    return Splits(*(Dataset(x[part], y[part], scale=1 / 16, classes=10) for part in parts))
