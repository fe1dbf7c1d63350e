from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnet.costs import quadratic
from tests._support import inputs


def test_the_value_is_a_quarter_of_the_squared_errors_of_each_sample() -> None:
    a, y = np.array([[1.0, 0.0], [0.5, 2.0], [0.0, 0.0]]), np.array([[0, 0], [1, 0], [0, 1]])
    assert quadratic.value(a, y).tolist() == [(1 + 0.25) / 4, (4 + 1) / 4]


def test_the_derivative_is_the_notebooks() -> None:
    a, y = inputs(3, 5), inputs(3, 5, seed=1)
    out = np.full_like(a, np.nan)
    quadratic.derivative(a, y, out)
    assert out.tobytes() == ((a - y) / 2).tobytes()


def test_the_derivative_is_the_values_slope() -> None:
    a, y = inputs(3, 5), inputs(3, 5, seed=1)
    out = np.empty_like(a)
    quadratic.derivative(a, y, out)
    for unit in range(3):
        step = np.zeros((3, 1), complex)
        step[unit] = 1e-30j
        slope = quadratic.value(a + step, y).imag / 1e-30
        np.testing.assert_allclose(out[unit], slope, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_leading_axes_and_dtype_are_kept(dtype: Any) -> None:
    a, y = inputs(4, 3, 5).astype(dtype), inputs(3, 5).astype(dtype)
    out = np.empty_like(a)
    quadratic.derivative(a, y, out)
    assert quadratic.value(a, y).dtype == out.dtype == dtype
    for k in range(4):
        assert quadratic.value(a, y)[k].tobytes() == quadratic.value(a[k], y).tobytes()
        assert out[k].tobytes() == ((a[k] - y) / 2).tobytes()


def test_the_arguments_stay_as_they_are() -> None:
    a, y = inputs(3, 5), inputs(3, 5, seed=1)
    before = a.tobytes(), y.tobytes()
    quadratic.value(a, y)
    quadratic.derivative(a, y, np.empty_like(a))
    assert (a.tobytes(), y.tobytes()) == before
