"""mnist.pkl.gz, the form MNIST comes in with the book *Neural Networks and Deep Learning*.

A pickle may call whatever it names. This reader gives it stand-ins for the few names that NumPy's
arrays are pickled under, and refuses all others. (NumPy's own would do for a good file, but trust
what a bad one tells them about memory.)
"""

from __future__ import annotations

import io
import os
import pickle
from typing import Any, ClassVar

import numpy as np

from fnnet._checks import InputError, as_path, require
from fnnet._records import Array, freeze
from fnnet.datasets.idx import read_bytes
from fnnet.datasets.labels import check_labels

__all__ = ["read_book"]

_LAYOUT = "a pickle of three pairs of NumPy arrays, images and labels"
_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")


def read_book(path: str | os.PathLike[str]) -> list[tuple[Array, Array]]:
    """Images and labels of the training, the validation and the test data.

    Parameters
    ----------
    path
        A pickle, gzipped or not, of three pairs: images (n, m) of floats, pixel / 256, and
        labels (n,), 0 to 9.

    Returns
    -------
    list[tuple[Array, Array]]
        Three pairs: images (n, m) as uint8, the pixels again, and labels (n,) of an integer dtype.

    Raises
    ------
    InputError
        Where the file is missing, damaged, or something else.
    """
    path = as_path("path", path)
    file = io.BytesIO(read_bytes(path, _LAYOUT))
    try:
        pairs = [(x.array, y.array) for x, y in _Unpickler(file, encoding="bytes").load()]
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except Exception as error:  # there is hardly an exception that a damaged pickle cannot raise
        reason = type(error).__name__
        raise InputError(f"{path} cannot be unpickled ({reason}): expected {_LAYOUT}") from None
    if len(pairs) != 3:
        raise InputError(f"{path} holds {len(pairs)} pairs: expected {_LAYOUT}")
    width = pairs[0][0].shape[1:]
    return [
        (_pixels(f"{path}: {part} images", x, width), _labels(f"{path}: {part} labels", y, len(x)))
        for part, (x, y) in zip(("training", "validation", "test"), pairs, strict=True)
    ]


def _pixels(argument: str, images: Array, width: tuple[int, ...]) -> Array:
    is_images = images.ndim == 2 and images.dtype.kind == "f" and images.size > 0
    require(is_images, argument, images, "floats of shape (n, m)")
    require(images.shape[1:] == width, argument, images, f"rows of shape {width}, as in training")
    with np.errstate(all="ignore"):  # what is no pixel shows in the comparison
        values = images * 256
        pixels = values.astype(np.uint8)
    wrong = images[pixels != values]
    if wrong.size:
        raise InputError(f"{argument} hold {wrong[0]}: expected pixel / 256, pixels of 0 to 255")
    return freeze(pixels)


def _labels(argument: str, labels: Array, n: int) -> Array:
    require(labels.shape == (n,), argument, labels, f"shape ({n},), one for each image")
    check_labels(argument, labels, 10)
    return labels


def _text(string: Any) -> Any:
    return string if isinstance(string, str) else string.decode()


class _Dtype:
    """Stands in for numpy.dtype."""

    def __init__(self, code: str | bytes, *_: Any) -> None:
        name = _text(code)
        if name not in _NUMBERS:
            raise InputError(f"holds an array of dtype {name[:20]!r}: expected numbers")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        _version, order, *_others = state
        self.dtype = self.dtype.newbyteorder(_text(order))


class _Array:
    """Stands in for NumPy's _reconstruct: an empty array, filled by its state."""

    array: Array

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, by_columns, data = state
        values = np.frombuffer(data, dtype.dtype)
        self.array = values.reshape(shape, order="F" if by_columns else "C")


class _FromBuffer(_Array):
    """Stands in for NumPy's _frombuffer, under which protocol 5 pickles arrays."""

    def __init__(self, data: Any, dtype: Any, shape: Any, order: Any, *_: Any) -> None:
        self.__setstate__((1, shape, dtype, order == "F", data))


class _Unpickler(pickle._Unpickler):
    # The one written in Python, for C's takes the memory that a damaged memo index asks for; and
    # bytearrays as bytes, for they take the memory that a damaged length asks for.

    dispatch: ClassVar[Any] = pickle._Unpickler.dispatch | {
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]]
    }
    names: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): None,  # only ever handed to _reconstruct
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): str.encode,  # how Python 3 writes bytes in protocols up to 2
        **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
        **{(f"numpy.{core}.numeric", "_frombuffer"): _FromBuffer for core in ("core", "_core")},
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.names:
            full_name = repr(f"{module}.{name}")[1:-1]  # one line, whatever it is made of
            raise InputError(f"refers to {full_name[:80]}: expected NumPy arrays only")
        return self.names[module, name]
