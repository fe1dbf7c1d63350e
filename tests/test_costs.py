from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

from fnnet import (
    InputError,
    TrainConfig,
    evaluate,
    grads,
    init,
    load_digits,
    sigmoid,
    start,
    train,
)
from fnnet.costs import as_cost, cross_entropy, quadratic
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


class TestCrossEntropy:
    def test_the_value_is_the_books(self) -> None:
        z, y = inputs(3, 5), np.random.default_rng(0).random((3, 5))
        a = 1 / (1 + np.exp(-z))
        expected = -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(axis=0)
        np.testing.assert_allclose(cross_entropy.value(z, y), expected, rtol=1e-13)

    def test_the_derivative_is_the_values_slope_in_z(self) -> None:
        z, y = inputs(3, 5), inputs(3, 5, seed=1)
        out = np.empty_like(z)
        cross_entropy.derivative(sigmoid(z), y, out)
        for unit in range(3):
            step = np.zeros((3, 1), complex)
            step[unit] = 1e-30j
            slope = cross_entropy.value(z + step, y).imag / 1e-30
            np.testing.assert_allclose(out[unit], slope, rtol=1e-12)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_finite_and_exact_for_linear_outputs_of_any_size(self, dtype: Any) -> None:
        z = np.array([[1e4, -1e4, 1e30, -1e30]], dtype)
        right, wrong = np.array([[1, 0, 1, 0]], dtype), np.array([[0, 1, 0, 1]], dtype)
        assert cross_entropy.value(z, right).tolist() == [0, 0, 0, 0]
        assert cross_entropy.value(z, wrong).tolist() == np.abs(z[0]).tolist()
        assert cross_entropy.value(z, wrong).dtype == dtype

    def test_goes_with_a_sigmoid_output_layer_alone(self) -> None:
        linear = attrs.evolve(sigmoid, name="linear")
        params = init([2, 3, 1], seed=0, activations=["sigmoid", linear])
        with pytest.raises(InputError, match="expected an output layer of sigmoid, not linear"):
            grads(params, [[1, 2]], [[1.0]], cost="cross-entropy")

    def test_trains(self) -> None:
        digits = load_digits()
        config = TrainConfig(epochs=5, eta=0.5, cost="cross-entropy")
        state = train(start(init([64, 30, 10], seed=0), config), digits.train, config)
        assert evaluate(state.params, digits.test, cost="cross-entropy").accuracy > 0.8


def test_costs_go_by_their_names() -> None:
    assert [as_cost(cost.name) for cost in (quadratic, cross_entropy)] == [quadratic, cross_entropy]
    assert as_cost(quadratic) is quadratic
    for unknown in ("low", None, ["quadratic"]):
        with pytest.raises(InputError, match=r"cost is .*: expected one of quadratic, .*, huber"):
            as_cost(unknown)  # type: ignore[arg-type]
