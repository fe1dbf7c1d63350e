"""Images warped: each pixel of the new image is read off the old one, between its pixels.

A point is a row and a column, counted from 0; outside of an image all is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod

import numpy as np

from fnnet._checks import require
from fnnet._records import Array, freeze

__all__ = ["Shape", "as_images", "bilinear", "grid", "smoothing", "warped"]

Shape = tuple[int, int]
"""Height and width."""

_AT_ONCE = 32
"""Images warped at once: enough to share the calls, few enough for the cache."""


def as_images(x: Array, shape: Shape) -> Array:
    """Float rows x (n, n_in) as images (n, height, width), not to be written to."""
    height, width = shape
    is_rows = x.ndim == 2 and x.dtype.kind == "f" and x.shape[-1] == prod(shape)
    expected = f"floats of shape (n, {prod(shape)}), images of {height} x {width} pixels"
    require(is_rows, "x", x, expected)
    return x.reshape(-1, height, width)


def warped(x: Array, shape: Shape, displaced: Callable[[int], Array]) -> Array:
    """Rows x (n, n_in), each an image warped; `displaced(m)` are the points of the next m images.

    The points have the shape (m, 2, height, width) and are float32.
    """
    images = as_images(x, shape)
    out = np.empty(images.shape, x.dtype)
    for start in range(0, len(x), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        out[some] = bilinear(images[some], displaced(len(images[some])))
    return out.reshape(x.shape)


def bilinear(images: Array, points: Array) -> Array:
    """The values of images (n, height, width) at points (n, 2, ...), rows first: (n, ...)."""
    n, height, width = images.shape
    # A line of zeros before and two after: a point outside is moved to where only zeros are, and
    # any point has four pixels around it.
    padded = np.zeros((n, height + 3, width + 3), images.dtype)
    padded[:, 1:-2, 1:-2] = images
    row = np.clip(points[:, 0] + 1, 0, height + 1)
    column = np.clip(points[:, 1] + 1, 0, width + 1)
    upper, left = np.floor(row), np.floor(column)
    down, right = row - upper, column - left

    line = width + 3
    begins = np.arange(0, padded.size, line * (height + 3)).reshape(n, *[1] * (points.ndim - 2))
    place = begins + (upper * line + left).astype(np.intp)
    pixels = padded.reshape(-1)
    # No place is outside; without "clip", each would be checked.
    a, b, c, d = (pixels[k:].take(place, mode="clip") for k in (0, 1, line, line + 1))
    above, below = a + (b - a) * right, c + (d - c) * right
    return np.asarray(above + (below - above) * down)


@cache
def grid(shape: Shape) -> Array:
    """The points of the pixels themselves: float32, shape (2, height, width)."""
    return freeze(np.indices(shape, np.float32))


@cache
def smoothing(n: int, sigma: float) -> Array:
    """The matrix (n, n), float32, that smooths n values by a Gaussian, with zeros beyond them.

    `smoothing(h, sigma) @ field @ smoothing(w, sigma)` is SciPy's
    `gaussian_filter(field, sigma, mode="constant")`: cut off at 4 sigma, its weights sum to one.
    """
    radius = int(4 * sigma + 0.5)
    distances = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (distances / sigma) ** 2)
    weights /= weights.sum()
    between = np.subtract.outer(np.arange(n), np.arange(n))
    matrix = np.where(np.abs(between) <= radius, weights.take(between + radius, mode="clip"), 0)
    return freeze(matrix.astype(np.float32))
