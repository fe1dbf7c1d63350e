"""Augmentation: each epoch trains on images that are moved, turned or bent a little anew.

What a step trains on is a pure function of (batch, seed, epoch, step).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce

import attrs
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.random import Generator

from fnnet._checks import a_function, finite_array, finite_number, integer, record, require
from fnnet._random import Purpose, stream
from fnnet._records import Array, Partial, freeze, read_only
from fnnet._threads import arithmetic
from fnnet.datasets.dataset import Batch

__all__ = ["Augmentation", "affine", "augmentations", "elastic", "shifts"]

_Distortion = Callable[[Array, Generator], Array]
_Shape = tuple[int, int]

_AT_ONCE = 32  # images warped at once: enough to share the calls, few enough for the cache


@attrs.frozen
class Augmentation:
    """A random change of images after which their labels still hold.

    Attributes
    ----------
    name
        Its name in a configuration and a saved run, with all settings.
    function
        `function(x, rng)` returns a new array of the shape (n, n_in) and the dtype of `x`, which
        it does not change. Its random numbers are all from `rng`, a `numpy.random.Generator`.

    Examples
    --------
    >>> flip = Augmentation("flip", lambda x, rng: x[:, ::-1])
    >>> flip(Batch([[0.25, 0.5, 1.0]], [1]), seed=0, epoch=2).x
    array([[1.  , 0.5 , 0.25]])
    """

    name: str
    function: _Distortion = attrs.field(validator=a_function, repr=False)

    def __call__(self, batch: Batch, *, seed: int, epoch: int, step: int = 0) -> Batch:
        """The batch with changed inputs. The same arguments give the same bits.

        Parameters
        ----------
        batch
            Float inputs of shape (n, n_in); their labels or targets are kept.
        seed, epoch, step
            The place in a run that the random numbers are drawn for.

        Raises
        ------
        InputError
            If the inputs do not fit the images' shape, or `function` returns no such inputs.
        """
        record("batch", batch, Batch)
        seed = integer("seed", seed, at_least=0)
        epoch = integer("epoch", epoch, at_least=0)
        step = integer("step", step, at_least=0)
        rng = stream(seed, Purpose.AUGMENT, epoch, step)
        return attrs.evolve(batch, x=self.changed(batch.x, rng))

    def changed(self, x: Array, rng: Generator) -> Array:
        """What `function` returns for inputs x, checked."""
        argument = f"what {self.name} returns"
        result = read_only(self.function(x, rng), argument)
        is_alike = result.shape == x.shape and np.can_cast(result.dtype, x.dtype, "same_kind")
        require(is_alike, argument, result, f"inputs of the shape it was given, {x.shape}")
        finite_array(argument, result)
        return result


def augmentations(*parts: Augmentation) -> Augmentation:
    """Several augmentations as one: each changes what the one before it returns.

    >>> augmentations(elastic(sigma=5), shifts()).name
    'elastic(alpha=34.0, sigma=5.0, shape=(28, 28)) + shifts(pixels=1, shape=(28, 28))'
    """
    for k, part in enumerate(parts):
        record(f"parts[{k}]", part, Augmentation)
    require(parts, "parts", parts, "at least one Augmentation")
    functions = tuple(part.function for part in parts)
    return Augmentation(" + ".join(part.name for part in parts), Partial(_chained, functions))


def _chained(functions: tuple[_Distortion, ...], x: Array, rng: Generator) -> Array:
    return reduce(lambda x, function: function(x, rng), functions, x)


def shifts(pixels: int = 1, *, shape: Sequence[int] = (28, 28)) -> Augmentation:
    """Move each image by whole pixels, uniformly; zeros come in at the border.

    Parameters
    ----------
    pixels
        The largest move downwards and to the right, or back; 1 to the images' longer side.
    shape
        Height and width of the images.

    Examples
    --------
    >>> shifts(2)
    Augmentation(name='shifts(pixels=2, shape=(28, 28))')
    """
    shape = _as_shape(shape)
    pixels = integer("pixels", pixels, at_least=1, at_most=max(shape))
    return Augmentation(f"shifts({pixels=}, {shape=})", Partial(_shifted, pixels, shape))


def _shifted(pixels: int, shape: _Shape, x: Array, rng: Generator) -> Array:
    # A moved image is a window on the padded one.
    windows = sliding_window_view(_padded(x, shape, before=pixels, after=pixels), shape, (1, 2))
    row, column = rng.integers(2 * pixels, size=(len(x), 2), endpoint=True).T
    return np.asarray(windows[np.arange(len(x)), row, column].reshape(x.shape))


def elastic(
    alpha: float = 34.0, sigma: float = 4.0, *, shape: Sequence[int] = (28, 28)
) -> Augmentation:
    """Bend each image as if it were drawn on rubber.

    Each pixel is displaced by alpha * (G * u) pixels, downwards and to the right: u are two fields
    of uniform numbers from -1 to 1, G is a Gaussian filter of standard deviation sigma. The
    displacements have the standard deviation alpha / (2 sqrt(3 pi) sigma): 1.38 pixels at the
    defaults, less near the border. P. Simard, D. Steinkraus and J. Platt, Best Practices for
    Convolutional Neural Networks Applied to Visual Document Analysis, 2003; the defaults are theirs
    for MNIST. They normalize the fields; here, some images are bent more than others.

    Parameters
    ----------
    alpha
        The strength, above 0 and at most a million.
    sigma
        The smoothness in pixels, above 0 and at most the images' longer side.
    shape
        Height and width of the images.

    Examples
    --------
    >>> elastic(alpha=20)
    Augmentation(name='elastic(alpha=20.0, sigma=4.0, shape=(28, 28))')
    """
    shape = _as_shape(shape)
    alpha = finite_number("alpha", alpha, above=0, at_most=1e6)
    sigma = finite_number("sigma", sigma, above=0, at_most=max(shape))
    function = Partial(_warped, Partial(_bent_grid, alpha, sigma), shape)
    return Augmentation(f"elastic({alpha=}, {sigma=}, {shape=})", function)


def _bent_grid(alpha: float, sigma: float, shape: _Shape, n: int, rng: Generator) -> Array:
    down, across = (_smoothing(side, sigma) for side in shape)
    fields = rng.random((n, 2, *shape), np.float32) - np.float32(0.5)
    return np.asarray(2 * alpha * (down @ fields @ across) + np.indices(shape, np.float32))


@cache
def _smoothing(n: int, sigma: float) -> Array:
    """The matrix (n, n) that smooths n values as SciPy's `gaussian_filter(mode="constant")`."""
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    between = np.subtract.outer(np.arange(n), np.arange(n))
    matrix = np.where(np.abs(between) <= radius, weights.take(between + radius, mode="clip"), 0)
    return freeze(matrix.astype(np.float32))


def affine(
    rotation_degrees: float = 15.0,
    scale: float = 0.15,
    shear: float = 0.15,
    *,
    shape: Sequence[int] = (28, 28),
) -> Augmentation:
    """Turn, stretch and slant each image about its middle; all amounts are uniform.

    D. Ciresan, U. Meier, L. Gambardella and J. Schmidhuber, Deep Big Simple Neural Nets Excel on
    Handwritten Digit Recognition, 2010, who train perceptrons on such images, bent as well.

    Parameters
    ----------
    rotation_degrees
        The largest angle, to either side; 0 to 180.
    scale
        Height and width are each stretched by 1 - scale to 1 + scale; at least 0, below 1.
    shear
        Slanted sideways by -shear to shear pixels for each pixel downwards; 0 to 1.
    shape
        Height and width of the images.

    Examples
    --------
    >>> affine(rotation_degrees=10).name
    'affine(rotation_degrees=10.0, scale=0.15, shear=0.15, shape=(28, 28))'
    """
    shape = _as_shape(shape)
    rotation_degrees = finite_number("rotation_degrees", rotation_degrees, at_least=0, at_most=180)
    scale = finite_number("scale", scale, at_least=0, below=1)
    shear = finite_number("shear", shear, at_least=0, at_most=1)
    function = Partial(_warped, Partial(_turned_grid, rotation_degrees, scale, shear), shape)
    return Augmentation(f"affine({rotation_degrees=}, {scale=}, {shear=}, {shape=})", function)


def _turned_grid(
    degrees: float, scale: float, shear: float, shape: _Shape, n: int, rng: Generator
) -> Array:
    most = np.array([np.radians(degrees), shear, scale, scale])
    drawn = (most * rng.uniform(-1, 1, (n, 4))).astype(np.float32)
    angle, slant, taller, wider = drawn.T.reshape(4, n, 1, 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    middle = (np.array(shape, np.float32) - 1).reshape(2, 1, 1) / 2
    y, x = np.indices(shape, np.float32) - middle
    # From a point of the new image back to the point of the old one.
    row = cosine * y - sine * x
    column = sine * y + cosine * x + slant * row
    return np.stack([row / (1 + taller), column / (1 + wider)], axis=1) + middle


def _warped(points: Callable[..., Array], shape: _Shape, x: Array, rng: Generator) -> Array:
    """The images x, read at `points`: rows and columns from 0, (n, 2, height, width)."""
    # A point outside of an image is moved into these zeros, and has four pixels around it, too.
    images = _padded(x, shape, before=1, after=2)
    out = np.empty((len(x), *shape), x.dtype)
    with arithmetic():
        for start in range(0, len(x), _AT_ONCE):
            some = images[start : start + _AT_ONCE]
            out[start : start + _AT_ONCE] = _bilinear(some, points(shape, len(some), rng))
    return out.reshape(x.shape)


def _bilinear(padded: Array, points: Array) -> Array:
    """The value at each point, interpolated between the four pixels around it."""
    n, lines, line = padded.shape
    row, column = (np.clip(points[:, k] + 1, 0, padded.shape[k + 1] - 2) for k in (0, 1))
    upper, left = np.floor(row), np.floor(column)
    down, right = row - upper, column - left
    place = (upper * line + left).astype(np.intp)
    place += np.arange(0, padded.size, lines * line).reshape(n, 1, 1)
    pixels = padded.reshape(-1)
    # No place is outside, and "clip" is faster than the default, which checks each.
    a, b, c, d = (pixels[k:].take(place, mode="clip") for k in (0, 1, line, line + 1))
    above, below = a + (b - a) * right, c + (d - c) * right
    return np.asarray(above + (below - above) * down)


def _padded(x: Array, shape: _Shape, *, before: int, after: int) -> Array:
    """Rows x (n, n_in) as images, with `before` and `after` lines of zeros on both axes."""
    h, w = shape
    is_rows = x.ndim == 2 and x.dtype.kind == "f" and x.shape[1] == h * w
    require(is_rows, "x", x, f"floats of shape (n, {h * w}), images of {h} x {w} pixels")
    padded = np.zeros((len(x), before + h + after, before + w + after), x.dtype)
    padded[:, before : before + h, before : before + w] = x.reshape(-1, h, w)
    return padded


def _as_shape(shape: Sequence[int]) -> _Shape:
    is_pair = isinstance(shape, Sequence) and not isinstance(shape, str) and len(shape) == 2
    require(is_pair, "shape", shape, "a height and a width")
    height, width = (integer(f"shape[{k}]", side, at_least=1) for k, side in enumerate(shape))
    return height, width
