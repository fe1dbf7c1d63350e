from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet import Activation, Architecture, Params, forward, init, predict, sigmoid, softmax
from fnnet.network.prediction import classes_of, predict_proba
from tests._support import assert_refused, bytes_of, inputs, linear, same_bits

SIZES = (3, 5, 4)


def echo(units: int, activation: Activation = linear, dtype: Any = np.float64) -> Params:
    """A network whose linear output is its input."""
    theta = np.eye(units, units + 1, dtype=dtype).ravel()
    return Params(Architecture.of([units, units], activation), theta)


def ending_in(activation: Activation, params: Params) -> Params:
    """The same network with another activation of its output layer."""
    functions = (*params.architecture.activations[:-1], activation)
    return attrs.evolve(params, architecture=Architecture(params.sizes, functions))


class TestPredict:
    def test_the_largest_output_is_the_class_the_first_where_several_are(self) -> None:
        x = np.array([[0, 2, 1], [3, 1, 2], [1, 1, 1], [0, 5, 5]])
        assert predict(echo(3), x).tolist() == [1, 0, 0, 1]
        assert predict(echo(3), x).dtype == np.int64

    def test_one_sample_has_one_class(self) -> None:
        assert predict(echo(3), [0.0, 1, 2]).shape == ()
        assert predict(echo(3), [0.0, 1, 2]) == 2

    @pytest.mark.parametrize("sizes", [SIZES, (3, 5, 1)])
    def test_each_network_of_a_stack_predicts(self, sizes: tuple[int, ...]) -> None:
        params, x = init(sizes, seed=range(3)), inputs(20, 3)
        assert predict(params, x).shape == (3, 20)
        assert predict(params, x).tolist() == [predict(params[k], x).tolist() for k in range(3)]

    def test_a_single_unit_is_class_1_above_a_half(self) -> None:
        above = np.nextafter(0.5, 1)
        classes = predict(echo(1), np.array([[-1.0, 0, 0.5, above, 1, 7]]).T)
        assert classes.tolist() == [0, 0, 0, 1, 1, 1]
        assert classes.dtype == np.int64
        assert predict(echo(1), [0.75]) == 1
        assert predict(echo(1), [0.75]).shape == ()
        assert predict(echo(1, sigmoid), [[-0.1], [0.0], [0.1]]).tolist() == [0, 0, 1]


class TestPredictProba:
    def test_softmax_outputs_are_probabilities_as_they_are(self) -> None:
        params, x = ending_in(softmax, init(SIZES, seed=0)), inputs(9, 3)
        assert same_bits(predict_proba(params, x), forward(params, x).output)

    def test_sigmoid_outputs_are_divided_by_their_sum(self) -> None:
        x = [[0.0] * 3, [np.log(3), 0.0, 0.0], [-1e9, 0.0, -1e9]]
        expected = np.array([[1 / 3] * 3, [3 / 7, 2 / 7, 2 / 7], [0, 1, 0]])
        np.testing.assert_allclose(predict_proba(echo(3, sigmoid), x), expected, rtol=1e-15)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_outputs_of_0_give_equal_shares(self, dtype: Any) -> None:
        params = echo(4, sigmoid, dtype)
        assert predict_proba(params, [-1e9] * 4).tolist() == [0.25] * 4
        mixed = predict_proba(params, [[-1e9] * 4, [-1e9, -1e9, 0, 0]])
        assert mixed.tolist() == [[0.25] * 4, [0, 0, 0.5, 0.5]]

    def test_outputs_that_are_no_numbers_are_no_probabilities(self) -> None:
        params = echo(2, sigmoid)
        broken = Params(params.architecture, params.theta * np.nan)
        assert np.isnan(predict_proba(broken, [1.0, 2.0])).all()

    def test_a_single_sigmoid_unit_is_the_probability_of_class_1(self) -> None:
        found = predict_proba(echo(1, sigmoid), [[0.0], [np.log(3)], [-1e9]])
        expected = np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]])
        np.testing.assert_allclose(found, expected, rtol=1e-15)

    @settings(max_examples=60, deadline=None)
    @given(
        units=st.integers(1, 6),
        n=st.integers(1, 5),
        seed=st.integers(0, 99),
        dtype=st.sampled_from([np.float32, np.float64]),
        output=st.sampled_from([sigmoid, softmax]),
        spread=st.sampled_from([1, 50, 1000]),
    )
    def test_are_shares_of_1_and_largest_where_predict_says(
        self, units: int, n: int, seed: int, dtype: Any, output: Activation, spread: float
    ) -> None:
        units += output is softmax  # a softmax of one unit has nothing to tell apart
        params = ending_in(output, init([3, 4, units], seed=[seed, seed + 1], dtype=dtype))
        x = inputs(n, 3, seed=seed) * spread
        before, found = bytes_of([params, x]), predict_proba(params, x)
        assert found.shape == (2, n, max(2, units))
        assert found.dtype == dtype
        assert 0 <= found.min() <= found.max() <= 1
        np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=8 * np.finfo(dtype).eps)
        own = np.take_along_axis(found, predict(params, x)[..., np.newaxis], axis=-1)
        assert np.all(own[..., 0] == found.max(axis=-1))
        assert all(same_bits(found[k], predict_proba(params[k], x)) for k in range(2))
        assert not found.flags.writeable
        assert bytes_of([params, x]) == before

    @pytest.mark.parametrize("output", [sigmoid, softmax])
    def test_one_sample_comes_without_that_axis(self, output: Activation) -> None:
        x = inputs(1, 3)
        for params in (init(SIZES, seed=0), init(SIZES, seed=[0, 1])):
            params = ending_in(output, params)
            assert same_bits(predict_proba(params, x[0]), predict_proba(params, x)[..., 0, :])

    def test_another_output_layer_is_refused(self) -> None:
        message = "the output layer is 'linear': expected sigmoid or softmax"
        assert_refused(lambda: predict_proba(echo(3), [1.0, 2, 3]), message)
        named_alike = attrs.evolve(linear, name="softmax")
        assert_refused(lambda: predict_proba(echo(3, named_alike), [1.0, 2, 3]), "the output layer")

    @pytest.mark.parametrize("params", [3, None, "params.npz"])
    def test_what_are_no_params_is_refused(self, params: Any) -> None:
        assert_refused(lambda: predict_proba(params, [1.0]), f"params is {params!r}")


def test_classes_are_read_along_any_axis() -> None:
    outputs = inputs(2, 4, 5)
    assert same_bits(classes_of(outputs, -2), classes_of(outputs.swapaxes(-1, -2)))
    assert classes_of(outputs[:, :1], -2).tolist() == (outputs[:, 0] > 0.5).astype(int).tolist()
