from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet._threads import arithmetic
from fnnet.network import products
from fnnet.network.products import product, right
from tests._support import inputs

SHAPES = [
    (1, 1, 1),
    (1, 5, 3),
    (7, 5, 1),
    (9, 1, 4),
    (12, 5, 3),
    (24, 70, 9),
    (100, 101, 32),
    (30, 65, 7),
]
"""Rows, depth and columns of a product."""


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small matrices that count as large ones, on any processor."""
    monkeypatch.setattr(products, "_has_small_kernels", lambda: True)
    monkeypatch.setattr(products, "_MULTIPLICATIONS", 4000)
    monkeypatch.setattr(products, "_TRANSPOSED", (60, 64))


def multiplied(a: Any, b: Any, leading: tuple[int, ...] = (), **options: bool) -> Any:
    """A @ b, by `product`."""
    out = np.full((*leading, a.shape[-2], b.shape[-1]), np.nan)
    multiply, a, cut = product(a, out, **options)
    with arithmetic():
        multiply(a, right(b, leading), cut)
    return out


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("lies", ["by rows", "by columns", "rows with gaps", "columns with gaps"])
class TestCutProducts:
    def operands(self, shape: tuple[int, ...], transposed: bool, lies: str, *leading: int) -> Any:
        rows, depth, columns = shape
        b = inputs(*leading, depth, columns)
        if transposed:
            b = np.ascontiguousarray(b.mT).mT
        if lies == "by rows":
            return inputs(*leading, rows, depth), b
        if lies == "by columns":
            return inputs(*leading, depth, rows).mT, b
        if lies == "rows with gaps":
            return inputs(*leading, rows, depth + 1)[..., :-1], b
        return inputs(*leading, depth, rows + 1)[..., :-1].mT, b

    def test_are_the_products(self, shape: tuple[int, ...], transposed: bool, lies: str) -> None:
        a, b = self.operands(shape, transposed, lies)
        ours = multiplied(a, b, transposed=transposed)
        np.testing.assert_allclose(ours, a @ b, rtol=1e-12, atol=1e-12)

    def test_of_a_stack_are_its_members(
        self, shape: tuple[int, ...], transposed: bool, lies: str
    ) -> None:
        a, b = self.operands(shape, transposed, lies, 3)
        stacked = multiplied(a, b, (3,), transposed=transposed)
        shared = multiplied(a, b[0], (3,), transposed=transposed)
        for k in range(3):
            own = multiplied(a[k], b[k], transposed=transposed)
            assert own.tobytes() == stacked[k].tobytes()
        assert shared[0].tobytes() == stacked[0].tobytes()


@pytest.mark.usefixtures("_small")
def test_strips_are_as_large_as_they_may_be_and_equal() -> None:
    def rows(a: Any, columns: int, **options: bool) -> tuple[int, ...]:
        _, cut, _ = product(a, np.empty((len(a), columns)), **options)
        return cut.shape[:-1] if cut.ndim > 2 else cut.shape[:1]

    assert rows(np.ones((24, 50)), 4) == (2, 12)  # 4000 / 50 / 4 = 20, and 12 divides 24
    assert rows(np.ones((20, 50)), 4) == (20,)
    assert rows(np.ones((24, 50)), 20) == (6, 4)
    assert rows(np.ones((24, 50)), 21) == (24,)  # no strip of 4 rows is small
    assert rows(np.ones((23, 50)), 4) == (23,)  # a prime
    assert rows(np.ones((24, 64)), 5, transposed=True) == (2, 12)  # 60 / 5 = 12
    assert rows(np.ones((24, 63)), 5, transposed=True) == (24,)


def test_only_processors_with_small_kernels_have_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def __init__(self, architecture: str | None) -> None:
            self.architecture = architecture

    a, out = np.ones((100, 785)), np.empty((100, 32))
    for core, strips in (("SkylakeX", 4), ("Haswell", 1), (None, 1)):
        monkeypatch.setattr(products, "blas_libraries", lambda core=core: [object(), Library(core)])
        products._has_small_kernels.cache_clear()
        _, cut, _ = product(a, out)
        assert cut.size // cut[..., 0, :].size * strips == 100
    products._has_small_kernels.cache_clear()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_small_and_large_results_are_multiplied_alike(
    shape: tuple[int, ...], transposed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, depth, columns = shape
    a, b = inputs(rows, depth), inputs(depth, columns)
    b = np.ascontiguousarray(b.T).T if transposed else b
    results = []
    for zeroed, function in ((0, np.matmul), (2**14, np.dot)):
        monkeypatch.setattr(products, "_ZEROED", zeroed)
        assert product(a, np.empty((rows, columns)))[0] is function
        results.append(multiplied(a, b))
    assert results[0].tobytes() == results[1].tobytes()
