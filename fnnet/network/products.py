"""Matrix products into given arrays, cut where BLAS multiplies the pieces faster than the whole.

OpenBLAS has kernels for AVX-512 that multiply small matrices as they lie in memory. Larger ones are
copied into panels first, which can take as long as the product itself where one side is a mini
batch. So a product's rows are cut into strips that are small enough: by the sizes and the kind of
processor alone, alike for one network and for each of a stack.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from fnnet._records import Array
from fnnet._threads import blas_libraries

__all__ = ["Product", "product", "right"]

Product = tuple[Callable[[Array, Array, Array], object], Array, Array]
"""(multiply, a, out): `multiply(a, right(b), out)` writes a @ b into `out`."""

_MULTIPLICATIONS = 100**3
"""What a product may take to be a small one, in OpenBLAS's own rule and by the times it takes:
kernel/x86_64/sgemm_small_kernel_permit_skylakex.c."""
_TRANSPOSED = 1200, 128
"""And where b lies in memory by columns: at most so many results, of at least so many terms. The
rule says 32, but the whole is as fast up to here."""
_CORES = ("skylakex", "cooperlake", "sapphirerapids")
"""The kinds of processor that it has those kernels for, as it calls them."""
_ROWS = 4
"""Strips of fewer rows take longer than the whole."""

_ZEROED = 2**14
"""`np.dot` is called in half the time of `np.matmul`, but fills `out` with zeros first: with more
numbers than that, it is the slower one."""


def product(a: Array, out: Array, *, transposed: bool = False) -> Product:
    """How to multiply a (..., rows, depth) with matrices b (..., depth, columns), into `out`.

    `out` (..., rows, columns) has all the leading axes. `transposed` says that b lies in memory by
    columns.

    >>> a, b, out = np.ones((6, 3)), np.ones((3, 2)), np.empty((6, 2))
    >>> multiply, a, out = product(a, out)
    >>> multiply(a, b, out).sum()
    np.float64(36.0)
    """
    (rows, depth), columns = a.shape[-2:], out.shape[-1]
    strips = _strips(rows, depth, columns, transposed)
    if strips > 1 or out.ndim > 2:
        return np.matmul, _cut(a, strips), _cut(out, strips)
    # The same product to the bit, but that `np.dot` copies an `a` with gaps.
    return (np.dot if out.size < _ZEROED and a.flags.forc else np.matmul), a, out


def right(b: Array, leading: tuple[int, ...]) -> Array:
    """A right-hand matrix (..., depth, columns), with an axis for the strips of a stack's left."""
    return b[..., np.newaxis, :, :] if leading else b


def _strips(rows: int, depth: int, columns: int, transposed: bool) -> int:
    """How many strips of equal size the rows are cut into; 1 to leave them whole."""
    largest = _MULTIPLICATIONS // (depth * columns)
    if transposed:
        results, terms = _TRANSPOSED
        largest = min(largest, results // columns if depth >= terms else 0)
    if rows <= largest or largest < _ROWS or not _has_small_kernels():
        return 1
    sizes = (size for size in range(largest, _ROWS - 1, -1) if rows % size == 0)
    return rows // next(sizes, rows)


def _cut(array: Array, strips: int) -> Array:
    *leading, rows, columns = array.shape
    return array.reshape(*leading, strips, rows // strips, columns)


@cache
def _has_small_kernels() -> bool:
    cores = [getattr(library, "architecture", None) for library in blas_libraries()]
    return any(isinstance(core, str) and core.casefold() in _CORES for core in cores)
