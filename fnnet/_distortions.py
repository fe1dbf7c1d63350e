"""How images are distorted: records of settings that are functions of (x, rng).

`x` has the shape (n, n_in), a row for each image; the result is a new array of its shape and
dtype. What happens to a row depends on the rows before it, which have drawn from `rng`, but not on
how many follow. Equal settings make equal records.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import attrs
import numpy as np

from fnnet._records import Array
from fnnet._threads import arithmetic
from fnnet._warping import Shape, as_images, grid, smoothing, warped

__all__ = ["Affine", "Chain", "Distortion", "Elastic", "Shifts"]

Distortion = Callable[[Array, "np.random.Generator"], Array]  # a string: NumPy imports it when used


@attrs.frozen
class Shifts:
    """Each image moved by whole pixels, -pixels to pixels in both directions."""

    pixels: int
    shape: Shape

    def __call__(self, x: Array, rng: np.random.Generator) -> Array:
        """The images, moved."""
        images, (height, width) = as_images(x, self.shape), self.shape
        border = 2 * self.pixels
        padded = np.zeros((len(x), height + border, width + border), x.dtype)
        padded[:, self.pixels : -self.pixels, self.pixels : -self.pixels] = images
        # A window on the padded image, its upper left corner anywhere in the border.
        row, column = rng.integers(border, size=(len(x), 2), endpoint=True).T
        corner = (np.arange(len(x)) * padded.shape[1] + row) * padded.shape[2] + column
        window = np.add.outer(np.arange(height) * padded.shape[2], np.arange(width))
        places = np.add.outer(corner, window.reshape(-1))
        return np.asarray(padded.take(places, mode="clip"))


@attrs.frozen
class Elastic:
    """Each image's pixels displaced by two smooth random fields, one for each direction."""

    alpha: float
    sigma: float
    shape: Shape

    def __call__(self, x: Array, rng: np.random.Generator) -> Array:
        """The images, bent."""
        with arithmetic():
            return warped(x, self.shape, partial(self._points, rng))

    def _points(self, rng: np.random.Generator, n: int) -> Array:
        down, across = (smoothing(side, self.sigma) for side in self.shape)
        fields = rng.random((n, 2, *self.shape), np.float32)
        fields -= 0.5
        points = down @ fields @ across
        points *= 2 * self.alpha
        points += grid(self.shape)
        return points


@attrs.frozen
class Affine:
    """Each image stretched, slanted and turned about its middle."""

    degrees: float
    scale: float
    shear: float
    shape: Shape

    def __call__(self, x: Array, rng: np.random.Generator) -> Array:
        """The images, stretched, slanted and turned."""
        return warped(x, self.shape, partial(self._points, rng))

    def _points(self, rng: np.random.Generator, n: int) -> Array:
        most = np.array([np.radians(self.degrees), self.shear, self.scale, self.scale])
        drawn = (most * rng.uniform(-1, 1, (n, 4))).astype(np.float32)
        angle, slant, taller, wider = drawn.T.reshape(4, n, 1, 1)
        cosine, sine = np.cos(angle), np.sin(angle)
        middle = (np.array(self.shape, np.float32) - 1).reshape(2, 1, 1) / 2
        y, x = grid(self.shape) - middle
        # From a point of the new image back to the old one's: turned, slanted and shrunk.
        row = cosine * y - sine * x
        column = sine * y + cosine * x + slant * row
        points = np.stack([row / (1 + taller), column / (1 + wider)], axis=1)
        points += middle
        return points


@attrs.frozen
class Chain:
    """One distortion after the other, all drawn from the same stream."""

    distortions: tuple[Distortion, ...]

    def __call__(self, x: Array, rng: np.random.Generator) -> Array:
        """The images, after the last of the distortions."""
        return reduce(lambda x, distortion: distortion(x, rng), self.distortions, x)
