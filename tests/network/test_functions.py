from __future__ import annotations

from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import Activation, Architecture, Params, init, one_hot, sigmoid, softmax
from fnnet._records import Array
from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import COSTS
from fnnet.network.functions import (
    classes_of,
    cost,
    cost_and_grads,
    forward,
    grads,
    predict,
    predict_proba,
)
from tests._support import SIZES, assert_refused, bytes_of, close, inputs, labels, linear, same_bits

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
            predict(params, x),
            fnnet.sgd_step(params, fnnet.Batch(x, y), 3.0).theta,
        )
        for k in range(members):
            own_x = x if case["x_shared"] else x[k]
            own_y = y if case["y_shared"] else y[k]
            own = (
                forward(params[k], own_x).output,
                grads(params[k], own_x, own_y).theta,
                cost(params[k], own_x, own_y),
                predict(params[k], own_x),
                fnnet.sgd_step(params[k], fnnet.Batch(own_x, own_y), 3.0).theta,
            )
            for stacked, single in zip(results, own, strict=True):
                assert same_bits(stacked[k], single)

    @pytest.mark.parametrize(
        ("x", "y"),
        [(inputs(5, 6, 3), labels(5, 6, classes=2)), (inputs(6, 3), inputs(5, 6, 2))],
        ids=["several batches", "several targets of one batch"],
    )
    def test_one_network_has_a_gradient_for_each(self, x: Array, y: Array) -> None:
        params = init([3, 4, 2], seed=0)
        gradient, value = grads(params, x, y), cost(params, x, y)
        step = fnnet.sgd_step(params, fnnet.Batch(x, y), 1.0)
        assert gradient.leading == step.leading == value.shape == (5,)
        for k in range(5):
            own = x[k] if x.ndim == 3 else x, y[k]
            assert gradient[k] == grads(params, *own)
            assert same_bits(value[k], cost(params, *own))
            assert step[k] == fnnet.sgd_step(params, fnnet.Batch(*own), 1.0)

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
            assert same_bits(predict(params, x)[k], predict(params[k], x))

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
            lambda: predict(params, inputs(*shape)),
            lambda: fnnet.sgd_step(params, fnnet.Batch(inputs(*shape), y), 1.0),
        ):
            assert_refused(call, "x has the leading axes", str(shape[:1]), "other arguments, (4,)")


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
        assert np.mean(predict(params, x) == y) > 0.98


NET = (3, 5, 4)


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
        params, x = ending_in(softmax, init(NET, seed=0)), inputs(9, 3)
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
        for params in (init(NET, seed=0), init(NET, seed=[0, 1])):
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
            lambda: predict(PARAMS, x),
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


@pytest.mark.parametrize("output", [sigmoid, softmax])
@pytest.mark.parametrize("call", [predict, predict_proba])
def test_outputs_that_are_not_finite_are_refused(call: Any, output: Activation) -> None:
    params, x = init([3, 4, 2], seed=0, activations=["identity", output]), inputs(2, 3)
    x[1] = 3e38  # finite, but the hidden layer's outputs are not
    assert not np.isfinite(forward(params, x).output[1]).all()
    assert_refused(lambda: call(params, x), "the output for sample 1 is not finite")
    assert_refused(lambda: call(params, x[1]), "the output for sample 0 is not finite")


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
