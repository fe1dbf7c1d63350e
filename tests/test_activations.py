from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet.activations import as_activation, sigmoid
from tests._support import assert_refused, linear

FLOATS = [np.float32, np.float64]
EXTREMES = [0.0, -0.0, 1.0, 30.0, 88.7, 88.8, 104.0, 709.7, 709.8, 745.2, 1e4, 1e30]


def textbook(z: Any) -> Any:
    """1 / (1 + exp(-z)) with more digits than the function under test has."""
    return 1 / (1 + np.exp(-np.asarray(z, np.longdouble)))


@pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 87), (np.float64, 700)])
def test_the_sigmoid_is_the_textbooks_to_a_few_ulp(dtype: Any, limit: float) -> None:
    z = np.concatenate([np.linspace(-limit, limit, 4001), np.linspace(-4, 4, 4001)]).astype(dtype)
    expected = textbook(z)
    error = np.abs(sigmoid(z).astype(np.longdouble) - expected)
    assert np.max(error / np.spacing(expected.astype(dtype))) <= 4


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_sigmoid_is_finite_at_the_ends_of_the_number_line(dtype: Any) -> None:
    z = np.array([*EXTREMES, np.finfo(dtype).tiny, np.finfo(dtype).max], dtype)
    assert np.all(sigmoid(z) >= 0.5)
    assert np.all(sigmoid(-z) <= 0.5)
    assert np.all(np.abs(sigmoid(z) + sigmoid(-z) - 1) <= np.finfo(dtype).eps)
    assert sigmoid(z)[-1] == 1
    assert sigmoid(-z)[-1] == 0
    assert sigmoid.prime(z)[-1] == sigmoid.prime(-z)[-1] == 0


@pytest.mark.parametrize(("dtype", "width"), [(np.float32, 32), (np.float64, 64)])
def test_any_finite_input_gives_a_share_without_a_warning(dtype: Any, width: Any) -> None:
    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=width), min_size=1))
    def check(values: list[float]) -> None:
        z = np.array(values, dtype)
        a, prime = sigmoid(z), sigmoid.prime(z)
        assert np.all((a >= 0) & (a <= 1))
        assert np.all((prime >= 0) & (prime <= 0.25))

    check()


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_derivative_is_the_textbooks(dtype: Any) -> None:
    z = np.linspace(-30, 30, 2001).astype(dtype)
    expected = textbook(z) * (1 - textbook(z))
    assert np.max(np.abs(sigmoid.prime(z) - expected)) <= np.finfo(dtype).eps


def test_the_derivative_is_the_functions_slope() -> None:
    z = np.linspace(-20, 20, 401)
    slope = sigmoid(z + 1e-30j).imag / 1e-30
    assert np.max(np.abs(sigmoid.prime(z) - slope)) <= 1e-15


@pytest.mark.parametrize("dtype", [*FLOATS, np.complex128])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (4, 1, 2)])
def test_dtype_and_shape_are_kept(dtype: Any, shape: tuple[int, ...]) -> None:
    z = np.ones(shape, dtype)
    for result in (sigmoid(z), sigmoid.prime(z)):
        assert result.dtype == dtype
        assert result.shape == shape


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.uint16, np.int64, np.uint64])
def test_integers_are_numbers_like_others(dtype: Any) -> None:
    z = np.array([0, 1, 100, 200, 128, 255]).astype(dtype)
    expected = textbook(z.astype(float)).astype(float)
    np.testing.assert_allclose(sigmoid(z), expected, rtol=1e-6, atol=1e-50)
    np.testing.assert_allclose(sigmoid.prime(z), sigmoid.prime(z.astype(float)), atol=1e-6)


def test_the_input_stays_as_it_is() -> None:
    z = np.linspace(-3, 3, 7)
    before = z.copy()
    a, prime = sigmoid(z), sigmoid.prime(z)
    assert z.tobytes() == before.tobytes()
    assert not any(np.shares_memory(z, result) for result in (a, prime))


def test_an_activation_is_known_by_its_name_or_as_it_is() -> None:
    assert as_activation("sigmoid") is sigmoid is fnnet.sigmoid
    assert as_activation(linear) is linear


@pytest.mark.parametrize("name", ["tanhh", "", "Sigmoid", None, 3, ["sigmoid"]])
def test_an_unknown_activation_is_told_which_ones_there_are(name: Any) -> None:
    assert_refused(lambda: as_activation(name), "activations", repr(name), "sigmoid")
