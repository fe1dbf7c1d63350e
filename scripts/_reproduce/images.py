"""What the results are trained on: MNIST, or the embedded digits in MNIST's size."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import attrs
import numpy as np

import fnnet
from _common import data_name, digest_of, load_data
from fnnet._checks import require
from fnnet.datasets.splitting import subset

__all__ = ["Images", "load"]

_MNIST = "bba0638a83b9214fac715277dab5611c86bdbb6da2183fe708b7587842b10a31"
"""The digest of what the published figures are of."""

_SIDE = 28
_FEW = 1000


@attrs.frozen
class Images:
    """The three parts of a data set of 28 x 28 pixels, and what they are called."""

    name: str
    train: fnnet.Dataset
    validation: fnnet.Dataset
    test: fnnet.Dataset

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all three."""
        return digest_of(self.train, self.validation, self.test)

    @property
    def are_mnist(self) -> bool:
        """Whether published figures can be compared with what comes of them."""
        return self.digest == _MNIST


def load(data: str, *, few: bool = False) -> Images:
    """The images that `--data` names; of each part the first thousand, where `few` are wanted."""
    splits = load_data(data)
    parts = [splits.train, splits.validation, splits.test]
    if splits.train.n_in == 8 * 8:
        parts = [_enlarged(part) for part in parts]
    n_in = parts[0].n_in
    require(n_in == _SIDE**2, "--data (inputs)", n_in, "images of 28 x 28 pixels, or the digits")
    if few:
        parts = [subset(part, slice(_FEW)) for part in parts]
    return Images(f"{Path(data_name(data)).name}, {len(parts[0])} images to train", *parts)


def _enlarged(digits: fnnet.Dataset) -> fnnet.Dataset:
    """Each pixel of 8 x 8 as 3 x 3, in a margin of two: every network fits as it is."""
    images = digits.x.reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2)
    margin = (_SIDE - images.shape[1]) // 2
    images = np.pad(images, ((0, 0), (margin, margin), (margin, margin)))
    return attrs.evolve(digits, x=images.reshape(len(digits), -1))
