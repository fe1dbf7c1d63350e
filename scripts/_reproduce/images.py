"""The images that the networks train on: MNIST's, or the embedded digits enlarged to their size."""

from functools import cached_property
from pathlib import Path

import attrs
import numpy as np

import fnnet
from _common import require
from _data import data_name, digest_of, load_data

MNIST = "bba0638a83b9214fac715277dab5611c86bdbb6da2183fe708b7587842b10a31"
"""The digest of the images that the published figures are of."""

_SIDE, _FEW = 28, 1000


@attrs.frozen
class Images:
    """The three parts of a data set of 28 x 28 pixels, and its name for reports."""

    name: str
    train: fnnet.Dataset
    validation: fnnet.Dataset
    test: fnnet.Dataset

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all three."""
        return digest_of(self.train, self.validation, self.test)


def load_images(data: str, *, few: bool = False) -> Images:
    """The images that --data names; with `few`, the first thousand of each part."""
    name = data_name(data)
    splits = load_data(name)
    parts = [splits.train, splits.validation, splits.test]
    if parts[0].n_in == 8 * 8:
        parts = [_enlarged(part) for part in parts]
    n_in = parts[0].n_in
    require(n_in == _SIDE**2, "--data (inputs)", n_in, "images of 28 x 28 pixels, or the digits")
    if few:
        parts = [fnnet.subset(part, slice(_FEW)) for part in parts]
    return Images(f"{Path(name).name}, {len(parts[0])} images to train", *parts)


def _enlarged(digits: fnnet.Dataset) -> fnnet.Dataset:
    """Each pixel of 8 x 8 becomes 3 x 3, inside a margin of two."""
    images = digits.x.reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2)
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return attrs.evolve(digits, x=images.reshape(len(digits), -1))
