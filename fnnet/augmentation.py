"""Augmentation: images moved and bent a little, so that no two epochs train on the same ones.

What an epoch's step trains on is a pure function of (batch, seed, epoch, step).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from fnnet._checks import (
    a_function,
    array_of_numbers,
    finite_array,
    finite_number,
    integer,
    record,
    require,
)
from fnnet._distortions import Affine, Chain, Elastic, Shifts
from fnnet._random import Purpose, stream
from fnnet._records import Array, freeze
from fnnet._warping import Shape
from fnnet.datasets.batch import Batch

__all__ = ["Augmentation", "affine", "augmentations", "elastic", "shifts"]


@attrs.frozen
class Augmentation:
    """A random change of images that leaves their labels true.

    Attributes
    ----------
    name
        What a configuration and a saved run know it by: says all of its settings.
    function
        `function(x, rng)` is a new array of the shape (n, n_in) and the dtype of `x`, which stays
        as it is. All that is random in it comes from `rng`, a `numpy.random.Generator`.

    Examples
    --------
    >>> batch = Batch([[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]], [1])
    >>> moved = shifts(1, shape=(3, 3))(batch, seed=0, epoch=2)
    >>> moved.x.reshape(3, 3)
    array([[0., 1., 0.],
           [0., 0., 0.],
           [0., 0., 0.]])
    >>> moved == shifts(1, shape=(3, 3))(batch, seed=0, epoch=2)
    True
    """

    name: str
    function: Callable[[Array, np.random.Generator], Array] = attrs.field(
        validator=a_function, repr=False
    )

    def __call__(self, batch: Batch, *, seed: int, epoch: int, step: int = 0) -> Batch:
        """The batch with changed inputs: the same for the same arguments, bit for bit.

        Parameters
        ----------
        batch
            Float inputs of shape (n, n_in), and their labels or targets, which are kept.
        seed, epoch, step
            Where in which run this is: what the change is drawn from.

        Raises
        ------
        InputError
            Where the inputs do not fit the images' shape.
        """
        record("batch", batch, Batch)
        seed = integer("seed", seed, at_least=0)
        epoch = integer("epoch", epoch, at_least=0)
        step = integer("step", step, at_least=0)
        x = self.changed(batch.x, stream(seed, Purpose.AUGMENT, epoch, step))
        return attrs.evolve(batch, x=freeze(x))

    def changed(self, x: Array, rng: np.random.Generator) -> Array:
        """What `function` makes of x, if it is inputs of the same shape."""
        argument = f"what {self.name} returns"
        result = array_of_numbers(argument, self.function(x, rng))
        is_alike = result.shape == x.shape and np.can_cast(result.dtype, x.dtype, "same_kind")
        expected = f"inputs of shape {x.shape}, as they were before it"
        require(is_alike, argument, result, expected)
        finite_array(argument, result)
        return result


def shifts(pixels: int = 1, *, shape: Sequence[int] = (28, 28)) -> Augmentation:
    """Images moved by whole pixels, each in a direction of its own; zeros come in at the border.

    Parameters
    ----------
    pixels
        Both directions are moved in by a whole number of -pixels to pixels, all equally likely.
        At least 1, at most the images' longer side.
    shape
        Height and width of the images.

    Examples
    --------
    >>> shifts(2)
    Augmentation(name='shifts(pixels=2, shape=(28, 28))')
    """
    shape, pixels = _as_shape(shape), integer("pixels", pixels, at_least=1)
    longer = max(shape)
    require(pixels <= longer, "pixels", pixels, f"at most {longer}, the images' longer side")
    return Augmentation(f"shifts({pixels=}, {shape=})", Shifts(pixels, shape))


def elastic(
    alpha: float = 34.0, sigma: float = 4.0, *, shape: Sequence[int] = (28, 28)
) -> Augmentation:
    """Images bent as if drawn on rubber, as by a hand that is not quite steady.

    Each pixel is displaced by alpha * (G * u) pixels downwards and as much to the right, where the
    u are two fields of independent uniform numbers of -1 to 1, and G is a Gaussian of deviation
    sigma whose weights sum to one. Outside of the image, u and the image are 0.

    Parameters
    ----------
    alpha
        The strength, above 0 and at most a million.
    sigma
        The smoothness in pixels, above 0 and at most the images' longer side.
    shape
        Height and width of the images.

    Notes
    -----
    P. Simard, D. Steinkraus and J. Platt, Best Practices for Convolutional Neural Networks Applied
    to Visual Document Analysis, 2003; the defaults are theirs for MNIST. In either direction the
    displacement has the deviation alpha / (2 sqrt(3 pi) sigma) pixels, less near the border. At the
    defaults that is 1.38 in the middle of an image, and 1.27 over the whole of it.

    The paper speaks of fields normalized to a norm of 1 without saying that alpha is meant for
    such. They are not normalized here, as in most programs since: some digits are bent more than
    others. The size is the same, near enough: 784 pixels of norm 1, times 34, have a root mean
    square of 34 / 28 = 1.21. Where positions run from -1 to 1 across an image and displacements
    are divided by its side, as in torchvision, the same alpha bends half as much. To the eye,
    digits hardly change at an alpha of 17, and at one of 60 many cannot be read any more.

    Examples
    --------
    >>> elastic(alpha=20)
    Augmentation(name='elastic(alpha=20.0, sigma=4.0, shape=(28, 28))')
    >>> elastic(alpha=20) == elastic(20.0)
    True
    """
    shape, expected = _as_shape(shape), "a number above 0, and at most "
    alpha, sigma = finite_number("alpha", alpha), finite_number("sigma", sigma)
    longer = max(shape)
    require(0 < alpha <= 1e6, "alpha", alpha, f"{expected}1000000")
    require(0 < sigma <= longer, "sigma", sigma, f"{expected}{longer}, the images' longer side")
    return Augmentation(f"elastic({alpha=}, {sigma=}, {shape=})", Elastic(alpha, sigma, shape))


def affine(
    rotation_degrees: float = 15.0,
    scale: float = 0.15,
    shear: float = 0.15,
    *,
    shape: Sequence[int] = (28, 28),
) -> Augmentation:
    """Images turned, stretched and slanted about their middle; all numbers uniform.

    Parameters
    ----------
    rotation_degrees
        Turned by at most so much to either side; 0 to 180.
    scale
        Height and width are stretched on their own by 1 - scale to 1 + scale; at least 0, below 1.
    shear
        Slanted sideways by -shear to shear pixels for each pixel downwards; 0 to 1.
    shape
        Height and width of the images.

    Notes
    -----
    D. Ciresan, U. Meier, L. Gambardella and J. Schmidhuber, Deep Big Simple Neural Nets Excel on
    Handwritten Digit Recognition, 2010, train perceptrons on images distorted so and elastically.

    Examples
    --------
    >>> affine(rotation_degrees=10).name
    'affine(rotation_degrees=10.0, scale=0.15, shear=0.15, shape=(28, 28))'
    """
    shape, degrees = _as_shape(shape), finite_number("rotation_degrees", rotation_degrees)
    scale, shear = finite_number("scale", scale), finite_number("shear", shear)
    require(0 <= degrees <= 180, "rotation_degrees", degrees, "degrees of 0 to 180")
    require(0 <= scale < 1, "scale", scale, "a number of at least 0, and below 1")
    require(0 <= shear <= 1, "shear", shear, "a number of 0 to 1")
    name = f"affine(rotation_degrees={degrees}, {scale=}, {shear=}, {shape=})"
    return Augmentation(name, Affine(degrees, scale, shear, shape))


def augmentations(*parts: Augmentation) -> Augmentation:
    """Several augmentations one after the other, as one.

    Examples
    --------
    >>> augmentations(elastic(sigma=5), shifts()).name
    'elastic(alpha=34.0, sigma=5.0, shape=(28, 28)) + shifts(pixels=1, shape=(28, 28))'
    """
    for k, part in enumerate(parts):
        record(f"parts[{k}]", part, Augmentation)
    require(parts, "parts", parts, "at least one Augmentation")
    name = " + ".join(part.name for part in parts)
    return Augmentation(name, Chain(tuple(part.function for part in parts)))


def _as_shape(shape: Sequence[int]) -> Shape:
    is_pair = isinstance(shape, Sequence) and not isinstance(shape, str) and len(shape) == 2
    require(is_pair, "shape", shape, "a height and a width")
    height, width = (integer(f"shape[{k}]", side, at_least=1) for k, side in enumerate(shape))
    return height, width
