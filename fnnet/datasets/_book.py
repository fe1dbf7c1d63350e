"""mnist.pkl.gz: MNIST as it comes with the book *Neural Networks and Deep Learning*, a pickle.

A pickle can call whatever it names. Here it can name only what NumPy's arrays are pickled with, and
what it calls is just noted: no code runs, and the arrays are made from the notes.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from functools import partial
from typing import Any

import numpy as np

from fnnet._checks import refusal, require
from fnnet._files import read_bytes, reading
from fnnet._records import Array, freeze
from fnnet.datasets.dataset import Dataset, Splits

__all__ = ["read_book"]

_LAYOUT = "a pickle of three pairs of NumPy arrays, images and labels"
_ARRAYS = ("multiarray._reconstruct", "numeric._frombuffer")
_NAMES = {f"numpy.{core}.{name}" for core in ("core", "_core") for name in _ARRAYS}
_NAMES |= {"numpy.ndarray", "numpy.dtype", "_codecs.encode"}
_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")


def read_book(path: str | os.PathLike[str]) -> Splits:
    """MNIST from a pickle, gzipped or not: the parameters and errors are those of `load_mnist`."""
    data = read_bytes(path, _LAYOUT)
    with reading(path, _LAYOUT):
        # The unpickler takes memory for any length and memo index. `genops` checks the lengths, but
        # does not heed frames, as the unpickler does: so they are cut out.
        cuts = [0]
        for count, (opcode, argument, place) in enumerate(pickletools.genops(data)):
            index = int(argument or 0) if "PUT" in opcode.name else 0
            require(index <= count, "a memo index", index, f"at most {count}")
            if opcode.name == "FRAME":
                cuts += [place or 0, (place or 0) + 9]
        data = b"".join(data[a:b] for a, b in zip(cuts[::2], [*cuts[1::2], None], strict=True))
        # latin1 takes the bytes that Python 2 pickled as they are.
        train, validation, test = _Unpickler(io.BytesIO(data), encoding="latin1").load()
        del data
        pairs = {"training": train, "validation": validation, "test": test}
        return Splits(*(_dataset(part, pair) for part, pair in pairs.items()))


def _dataset(part: str, pair: Any) -> Dataset:
    with reading(f"the {part} data", _LAYOUT):
        images, labels = map(_array, pair)
        require(images.dtype.kind == "f", "x", images, "floats")
        with np.errstate(all="ignore"):  # what is not a pixel is found by the comparison
            values = images * 256
            pixels = values.astype(np.uint8)
        for wrong in images[pixels != values]:
            raise refusal("a value of x", wrong.item(), "pixel / 256, for a pixel of 0 to 255")
        return Dataset(freeze(pixels), labels, scale=1 / 256, classes=10)


class _Call:
    """A call in the pickle: what it names, its arguments, and the state set afterwards."""

    def __init__(self, name: str, *args: Any) -> None:
        self.name, self.args = name, args
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module}.{name}"
        require(full_name in _NAMES, "a name in it", full_name, "what NumPy arrays are made of")
        return partial(_Call, full_name)


def _array(call: _Call) -> Array:
    if call.name.endswith("._frombuffer"):  # protocol 5
        data, dtype, shape, order, *_ = call.args
    else:
        _version, shape, dtype, by_columns, data = call.state
        order = "F" if by_columns else "C"
    code, (_version, byte_order, *_) = "".join(dtype.args[0]), dtype.state
    require(code in _NUMBERS, "an array's dtype", code, "numbers")
    if isinstance(data, _Call):  # _codecs.encode, as Python 3 has it in protocols up to 2
        data, _encoding = data.args
    if isinstance(data, str):
        data = data.encode("latin1")
    values = np.frombuffer(data, np.dtype(code).newbyteorder(byte_order))
    return values.reshape(shape, order=order)
