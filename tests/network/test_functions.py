from __future__ import annotations

from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import InputError, Params, cost, cost_and_grads, forward, grads, init, one_hot, sigmoid
from fnnet._records import Array
from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import COSTS
from tests._support import SIZES, assert_refused, close, inputs, labels, linear, same_bits, tripled

DTYPES = [np.float32, np.float64]


class TestForward:
    @pytest.mark.parametrize("sizes", SIZES)
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_follows_the_layers(self, sizes: tuple[int, ...], dtype: Any) -> None:
        params, x = init(sizes, seed=0, dtype=dtype), inputs(6, sizes[0]).astype(dtype)
        result = forward(params, x)
        assert result.activations[0].tobytes() == x.tobytes()
        for k, (w, b) in enumerate(zip(params.weights, params.biases, strict=True)):
            z = result.activations[k] @ w.T + b
            np.testing.assert_allclose(result.linear_outputs[k], z, rtol=1e-4, atol=1e-5)
            assert same_bits(result.activations[k + 1], sigmoid(result.linear_outputs[k]))
        assert result.output is result.activations[-1]
        assert [a.shape for a in result.activations] == [(6, size) for size in sizes]
        assert [z.shape for z in result.linear_outputs] == [(6, size) for size in sizes[1:]]
        assert {a.dtype for a in (*result.activations, *result.linear_outputs)} == {np.dtype(dtype)}

    def test_each_layer_has_its_own_activation(self) -> None:
        params = init([3, 4, 2], seed=0, activations=[linear, "sigmoid"])
        result = forward(params, inputs(5, 3))
        assert same_bits(result.activations[1], result.linear_outputs[0])
        assert same_bits(result.activations[2], sigmoid(result.linear_outputs[1]))

    @pytest.mark.parametrize("leading", [(), (2,)])
    def test_one_sample_is_a_batch_of_one_without_the_axis(self, leading: tuple[int, ...]) -> None:
        params = init([3, 4, 2], seed=range(2) if leading else 0)
        one, batch = forward(params, inputs(3)), forward(params, inputs(3)[np.newaxis])
        assert one.output.shape == (*leading, 2)
        assert one.activations[0].shape == (3,)
        for a, b in zip(
            one.activations + one.linear_outputs,
            batch.activations + batch.linear_outputs,
            strict=True,
        ):
            assert same_bits(a, b[..., 0, :])

    @pytest.mark.parametrize(
        "x",
        [
            [[0, 1, 2]],
            [[False, True, True]],
            np.ones((1, 3), np.uint8),
            np.ones((1, 3), np.float16),
        ],
    )
    def test_takes_numbers_of_any_kind(self, x: Any) -> None:
        params = init([3, 2], seed=0)
        assert forward(params, x) == forward(params, np.array(x, np.float32))

    @pytest.mark.parametrize(
        "x", [inputs(3, 5).T, inputs(5, 6)[:, ::2], inputs(5, 3)[::-1], inputs(5, 3).astype(">f8")]
    )
    def test_takes_arrays_of_any_layout(self, x: Array) -> None:
        params = init([3, 4, 2], seed=0)
        assert forward(params, x) == forward(params, np.array(x, np.float64, order="C"))


def stacked_cases() -> st.SearchStrategy[dict[str, Any]]:
    width = st.sampled_from([1, 2, 3, 5, 8, 17])
    return st.fixed_dictionaries(
        {
            "sizes": st.lists(width, min_size=2, max_size=4).map(tuple),
            "members": st.integers(1, 4),
            "n": st.sampled_from([1, 2, 3, 7, 16, 33]),
            "dtype": st.sampled_from(DTYPES),
            "x_shared": st.booleans(),
            "y_shared": st.booleans(),
            "as_labels": st.booleans(),
        }
    )


class TestStacks:
    @settings(max_examples=120, deadline=None)
    @given(stacked_cases())
    def test_a_member_of_a_stack_gives_its_own_result_bit_for_bit(
        self, case: dict[str, Any]
    ) -> None:
        sizes, members, n = case["sizes"], case["members"], case["n"]
        params = init(sizes, seed=range(members), dtype=case["dtype"])
        x = inputs(*([] if case["x_shared"] else [members]), n, sizes[0])
        y_shape = [n] if case["y_shared"] else [members, n]
        y = labels(*y_shape, classes=sizes[-1])
        if not case["as_labels"]:
            y = inputs(*y_shape, sizes[-1])
        results = (
            forward(params, x).output,
            grads(params, x, y).theta,
            cost(params, x, y),
            fnnet.predict(params, x),
            fnnet.sgd_step(params, fnnet.Batch(x, y), 3.0).theta,
        )
        for k in range(members):
            own_x = x if case["x_shared"] else x[k]
            own_y = y if case["y_shared"] else y[k]
            own = (
                forward(params[k], own_x).output,
                grads(params[k], own_x, own_y).theta,
                cost(params[k], own_x, own_y),
                fnnet.predict(params[k], own_x),
                fnnet.sgd_step(params[k], fnnet.Batch(own_x, own_y), 3.0).theta,
            )
            for stacked, single in zip(results, own, strict=True):
                assert same_bits(stacked[k], single)

    def test_one_network_on_several_batches_has_a_gradient_for_each(self) -> None:
        params, x, y = init([3, 4, 2], seed=0), inputs(5, 6, 3), labels(5, 6, classes=2)
        gradient = grads(params, x, y)
        assert gradient.leading == (5,)
        assert [gradient[k] for k in range(5)] == [grads(params, x[k], y[k]) for k in range(5)]
        step = fnnet.sgd_step(params, fnnet.Batch(x, y), 1.0)
        own = [fnnet.sgd_step(params, fnnet.Batch(x[k], y[k]), 1.0) for k in range(5)]
        assert [step[k] for k in range(5)] == own

    def test_one_network_has_a_gradient_for_each_set_of_targets(self) -> None:
        params, x, y = init([3, 4, 2], seed=0), inputs(6, 3), inputs(5, 6, 2)
        gradient = grads(params, x, y)
        assert [gradient[k] for k in range(5)] == [grads(params, x, y[k]) for k in range(5)]
        assert same_bits(cost(params, x, y), [cost(params, x, y[k]) for k in range(5)])

    def test_targets_of_an_integer_dtype_are_not_taken_for_labels_of_many_networks(self) -> None:
        x, y = inputs(2, 3), np.eye(2, dtype=np.int64)  # as many samples as outputs
        for call in (cost, grads):
            expected = "a label for each sample, shape (2,); or targets of a float dtype"
            assert_refused(lambda call=call: call(init([3, 2], seed=0), x, y), expected)  # type: ignore[misc]

    def test_one_sample_goes_through_each_network(self) -> None:
        params, x = init([3, 4, 2], seed=range(4)), inputs(3)
        for k in range(4):
            assert same_bits(forward(params, x).output[k], forward(params[k], x).output)
            assert grads(params, x, 1)[k] == grads(params[k], x, 1)
            assert same_bits(grads(params, x, [0.5, 1.0])[k], grads(params[k], x, [0.5, 1.0]))
            assert same_bits(fnnet.predict(params, x)[k], fnnet.predict(params[k], x))

    def test_two_leading_axes_broadcast(self) -> None:
        rows = [init([3, 4, 2], seed=seeds) for seeds in ([0, 1, 2], [3, 4, 5])]
        params, x, y = fnnet.stack(rows), inputs(3, 7, 3), labels(7, classes=2)
        for i in range(2):
            for k in range(3):
                assert grads(params, x, y)[i][k] == grads(rows[i][k], x[k], y)

    @pytest.mark.parametrize("shape", [(3, 5, 3), (2, 5, 3)])
    def test_leading_axes_that_do_not_match_are_refused(self, shape: tuple[int, ...]) -> None:
        params = init([3, 4, 2], seed=range(4))
        y = labels(*shape[:-1], classes=2)
        for call in (
            lambda: forward(params, inputs(*shape)),
            lambda: grads(params, inputs(*shape), y),
            lambda: cost(params, inputs(*shape), y),
            lambda: fnnet.predict(params, inputs(*shape)),
            lambda: fnnet.sgd_step(params, fnnet.Batch(inputs(*shape), y), 1.0),
        ):
            assert_refused(call, "x has the leading axes", str(shape[:1]), "params, (4,)")


class TestCostAndGrads:
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_the_cost_is_the_mean_over_the_samples(self, dtype: Any) -> None:
        params, x, y = init([3, 4, 2], seed=0, dtype=dtype), inputs(9, 3), inputs(9, 2)
        output = forward(params, x).output.astype(float)
        expected = np.mean(np.sum((output - y) ** 2, axis=1) / 4)
        np.testing.assert_allclose(cost(params, x, y), expected, rtol=1e-6)
        assert cost(params, x, y).dtype == dtype
        np.testing.assert_allclose(
            cost(params, x, y), np.mean([cost(params, x[k], y[k]) for k in range(9)]), rtol=1e-6
        )

    @pytest.mark.parametrize("sizes", SIZES)
    def test_the_gradient_is_the_mean_over_the_samples(self, sizes: tuple[int, ...]) -> None:
        params = init(sizes, seed=0, dtype=np.float64)
        x, y = inputs(9, sizes[0]), labels(9, classes=sizes[-1])
        each = [grads(params, x[k], y[k]).theta for k in range(9)]
        assert close(grads(params, x, y).theta, np.mean(each, axis=0))

    def test_the_gradient_has_the_shape_of_the_params(self) -> None:
        params = init([3, 4, 2], seed=0)
        gradient = grads(params, inputs(5, 3), labels(5, classes=2))
        assert (gradient.architecture, gradient.dtype) == (params.architecture, params.dtype)
        assert [w.shape for w in gradient.weights] == [w.shape for w in params.weights]

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int16, np.uint64])
    def test_labels_are_their_one_hot_targets(self, dtype: Any, kind: Any) -> None:
        params, x = init([3, 4, 5], seed=0, dtype=dtype), inputs(20, 3)
        y = labels(20, classes=5)
        targets = one_hot(y, 5)
        assert grads(params, x, y.astype(kind)) == grads(params, x, targets)
        assert same_bits(cost(params, x, y.astype(kind)), cost(params, x, targets))
        assert grads(params, x[0], int(y[0])) == grads(params, x[0], targets[0])

    def test_another_cost_is_taken_at_its_word(self) -> None:
        params = init([3, 4, 2], seed=0, dtype=np.float64)
        x, y = inputs(5, 3), labels(5, classes=2)
        assert close(grads(params, x, y, cost=tripled).theta, 3 * grads(params, x, y).theta)
        assert close(cost(params, x, y, cost=tripled), 3 * cost(params, x, y))

    def test_the_gradient_vanishes_where_the_output_is_the_target(self) -> None:
        params, x = init([3, 4, 2], seed=0), inputs(5, 3)
        output = forward(params, x).output
        assert cost(params, x, output) == 0
        assert not grads(params, x, output).theta.any()


class TestCostAndGradsInOne:
    @pytest.mark.parametrize("seed", [0, [0, 1, 2]])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize(
        ("name", "output"),
        [
            (own.name, output)
            for own in COSTS.values()
            for output in ACTIVATIONS.values()
            if own.output in (None, output)
        ],
    )
    def test_are_the_two(self, name: str, output: fnnet.Activation, dtype: Any, seed: Any) -> None:
        params = init([3, 4, 2], seed=seed, activations=["tanh", output], dtype=dtype)
        x, y = inputs(9, 3), labels(9, classes=2)
        for weights in (None, np.arange(9)):
            value, gradient = cost_and_grads(params, x, y, cost=name, weights=weights)
            assert same_bits(value, cost(params, x, y, cost=name, weights=weights))
            assert gradient == grads(params, x, y, cost=name, weights=weights)
            assert value.dtype == dtype

    def test_are_the_two_for_a_large_batch(self) -> None:
        params = init([784, 16, 16, 10], seed=0, dtype=np.float64)
        x, y = inputs(3000, 784), labels(3000, classes=10)
        value, gradient = cost_and_grads(params, x, y)
        assert close(value, cost(params, x, y))
        assert gradient == grads(params, x, y)

    @pytest.mark.parametrize(
        ("output", "name"),
        [("softmax", "log-likelihood"), ("sigmoid", "cross-entropy"), ("identity", "huber")],
    )
    def test_drive_an_optimizer_from_elsewhere(self, output: str, name: str) -> None:
        optimize = pytest.importorskip("scipy.optimize")
        start = init(
            [2, 8, 2],
            seed=0,
            activations=["tanh", output],
            weights="glorot-uniform",
            biases="zero",
            dtype=np.float64,
        )
        x = inputs(60, 2)
        y = (np.hypot(*x.T) > 1).astype(int)  # inside a circle, or outside

        def value_and_slope(theta: Array) -> tuple[Any, Array]:
            value, gradient = cost_and_grads(Params(start.architecture, theta), x, y, cost=name)
            return value, gradient.theta

        found = optimize.minimize(value_and_slope, start.theta, method="L-BFGS-B", jac=True)
        params = Params(start.architecture, found.x)
        assert found.fun == cost(params, x, y, cost=name)
        assert found.fun < 0.05 * cost(start, x, y, cost=name)
        assert np.mean(fnnet.predict(params, x) == y) > 0.98


PARAMS = init([3, 4, 2], seed=0)
X = inputs(5, 3)
Y = labels(5, classes=2)


def changed(array: Array, place: tuple[int, ...], value: Any) -> Array:
    array = array.copy()
    array[place] = value
    return array


class TestBadInput:
    @pytest.mark.parametrize(
        ("x", "fragments"),
        [
            (inputs(5, 4), ["x is an array of shape (5, 4)", "3 features", "(n, 3) or (3,)"]),
            (inputs(5), ["x is an array of shape (5,)", "3 features"]),
            (1.0, ["x is an array of shape ()", "3 features"]),
            (None, ["x is None", "real numbers"]),
            (np.ones((0, 3)), ["x is an array of shape (0, 3)", "samples"]),
            (np.ones((2, 0, 3)), ["x is an array of shape (2, 0, 3)", "samples"]),
            ([], ["x is an array of shape (0,)", "3 features"]),
            ([["a", "b", "c"]], ["x is ", "real numbers"]),
            (X + 1j, ["x is ", "complex128", "real numbers"]),
            ([[None, 1, 2]], ["x is ", "real numbers"]),
            (np.ones((2, 3), "M8[s]"), ["x is ", "real numbers"]),
            ([[1, 2, 3], [1, 2]], ["x"]),
            (changed(X, (2, 1), np.nan), ["x[2, 1] is nan: expected finite"]),
            (changed(X, (4, 2), np.inf), ["x[4, 2] is inf: expected finite"]),
            (changed(X, (0, 0), -np.inf), ["x[0, 0] is -inf: expected finite"]),
            (changed(X, (1, 0), 1e300), ["x[1, 0] is 1e+300: expected numbers finite in float32"]),
            (changed(inputs(3), (2,), -1e39), ["x[2] is -1e+39: expected numbers finite in float"]),
            (changed(inputs(3), (1,), np.nan), ["x[1] is nan: expected finite"]),
            (changed(inputs(2, 5, 3), (1, 2, 0), np.nan), ["x[1, 2, 0] is nan: expected finite"]),
        ],
    )
    def test_of_x_is_named(self, x: Any, fragments: list[str]) -> None:
        for call in (
            lambda: forward(PARAMS, x),
            lambda: fnnet.predict(PARAMS, x),
            lambda: cost(PARAMS, x, Y),
            lambda: grads(PARAMS, x, Y),
            lambda: fnnet.sgd_step(PARAMS, fnnet.Batch(x, Y), 1.0),
        ):
            assert_refused(call, *fragments)

    @pytest.mark.parametrize(
        ("x", "y", "fragments"),
        [
            (X, [0, 1, 2, 0, 1], ["y is 2: expected class labels of 0 to 1"]),
            (X, [0, 1, -1, 0, 1], ["y is -1: expected class labels of 0 to 1"]),
            (X, Y[:4], ["y is an array of shape (4,)", "a label for each sample", "(5,)"]),
            (X, 1, ["y is an array of shape ()", "a label for each sample", "(5,)"]),
            (X, [], ["y is ", "(5,)"]),
            (X, None, ["y is None", "real numbers"]),
            (X, np.ones(5), ["y is ", "dtype float64", "integer labels", "(5, 2)"]),
            (X, np.ones(5, bool), ["y is ", "dtype bool", "integer labels"]),
            (X, np.ones((5, 2), bool), ["y is ", "dtype bool", "integer labels"]),
            (X, np.ones((5, 3)), ["y is an array of shape (5, 3)", "(5, 2)"]),
            (X, np.ones((2, 5)), ["y is an array of shape (2, 5)", "(5, 2)"]),
            (X, np.ones((5, 2), complex), ["y is ", "complex128", "(5, 2)"]),
            (X, np.full((5, 2), "a"), ["y is ", "(5, 2)"]),
            (X, [[1.0], [1.0, 2.0]], ["y"]),
            (X, changed(np.ones((5, 2)), (3, 1), np.nan), ["y[3, 1] is nan: expected finite"]),
            (
                X,
                changed(np.ones((5, 2)), (3, 1), 1e300),
                ["y[3, 1] is 1e+300: expected numbers fi"],
            ),
            (X[0], np.array([0.0, 1e39]), ["y[1] is 1e+39: expected numbers finite in float32"]),
            (X[0], [1], ["y is an array of shape (1,)", "label", "()"]),
            (X[0], np.ones((5, 2)), ["y is an array of shape (5, 2)", "(2,)"]),
            (X[0], np.ones(3), ["y is an array of shape (3,)", "(2,)"]),
            (inputs(2, 5, 3), labels(3, 5, classes=2), ["y ", "(3,", "(2,"]),
            (inputs(2, 5, 3), np.ones((3, 5, 2)), ["y ", "(3,", "(2,"]),
        ],
    )
    def test_of_y_is_named(self, x: Array, y: Any, fragments: list[str]) -> None:
        for call in (
            lambda: cost(PARAMS, x, y),
            lambda: grads(PARAMS, x, y),
            lambda: fnnet.sgd_step(PARAMS, fnnet.Batch(x, y), 1.0),
        ):
            assert_refused(call, *fragments)

    def test_labels_for_another_number_of_networks_are_refused(self) -> None:
        params = init([3, 4, 2], seed=range(2))
        for y in (labels(3, 5, classes=2), inputs(3, 5, 2)):
            for call in (cost, grads):
                assert_refused(partial(call, params, X, y), "y ", "(3,", "(2,")


@pytest.mark.parametrize("value", [3e38, -3e38, 1e30])
@pytest.mark.parametrize("call", [forward, fnnet.predict])
def test_large_finite_inputs_give_finite_outputs_in_silence(call: Any, value: float) -> None:
    result = call(PARAMS, np.full((2, 3), value))
    output = result.output if isinstance(result, fnnet.Forward) else result
    assert np.isfinite(output).all()


@pytest.mark.parametrize("value", [1e30, 3e38])
def test_large_targets_cost_much_in_silence(value: float) -> None:
    y = np.full((5, 2), value)
    assert cost(PARAMS, X, y) > 1e30
    assert np.isfinite(grads(PARAMS, X, y / 1e3).theta).all()


def test_params_that_are_not_finite_go_through_in_silence() -> None:
    for value in (np.nan, np.inf):
        params = Params(PARAMS.architecture, np.copysign(np.float32(value), PARAMS.theta))
        forward(params, X)
        grads(params, X, Y)
        cost(params, X, Y)


def test_the_result_cannot_be_assigned_to() -> None:
    result = forward(PARAMS, X)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        result.activations = ()  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        result.output[0] = 1


def test_an_input_error_can_be_caught_as_a_value_error() -> None:
    assert issubclass(InputError, ValueError)
    with pytest.raises(ValueError, match="features"):
        forward(PARAMS, inputs(5, 4))
