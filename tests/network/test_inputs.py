"""Samples laid out for the two passes, and their weights; test_functions.py has x and y."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet import Batch, Dataset, Params, cost, cost_and_grads, grads, init, sgd_step
from fnnet._records import Array
from fnnet.network.costs import COSTS
from fnnet.network.inputs import per_network, sample_scale, target_columns, with_ones
from tests._support import SIZES, assert_refused, close, inputs, labels, same_bits

DTYPES: list[Any] = [np.dtype(np.float32), np.dtype(np.float64)]
N = 6
PARAMS = init([3, 4, 2], seed=0)
X, Y = inputs(N, 3), labels(N, classes=2)
OUTPUTS = {"cross-entropy": "sigmoid", "log-likelihood": "softmax"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3), (1, 1)])
def test_inputs_are_scaled_and_end_in_a_one(shape: tuple[int, ...], dtype: Any) -> None:
    x = inputs(*shape)
    result = with_ones(x, 0.25, dtype)
    assert result.dtype == dtype
    assert result[..., -1].tolist() == np.ones(shape[:-1]).tolist()
    np.testing.assert_allclose(result[..., :-1], x / 4, rtol=1e-6)
    assert not np.shares_memory(result, x)


def test_labels_become_columns_with_a_one_in_the_labels_row() -> None:
    columns = target_columns(np.array([[2, 0], [1, 1]]), 3, DTYPES[0])
    assert columns.dtype == DTYPES[0]
    assert columns.tolist() == [[[0, 1], [0, 0], [1, 0]], [[0, 0], [1, 1], [0, 0]]]


def test_targets_become_columns() -> None:
    y = inputs(2, 4, 3)
    assert target_columns(y, 3, DTYPES[1]).tobytes() == y.swapaxes(-1, -2).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axes", [1, 2])
def test_a_rate_is_one_number_or_one_for_each_network(axes: int, dtype: Any) -> None:
    one, each = per_network(0.5, dtype, axes=axes), per_network([0.5, 2], dtype, axes=axes)
    assert (one.shape, one.dtype, one.item()) == ((), dtype, 0.5)
    assert (each.shape, each.dtype, each.ravel().tolist()) == ((2, *[1] * axes), dtype, [0.5, 2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_samples_share_is_its_weight_times_the_factor_over_their_number(dtype: Any) -> None:
    weights = np.array([1, 2, 0, 3], dtype)
    assert sample_scale(2.0, 4, None, dtype).tolist() == 0.5
    assert sample_scale(2.0, 4, weights, dtype).tolist() == [[0.5, 1, 0, 1.5]]
    of_two = sample_scale(np.array([2.0, 4.0]), 4, weights, dtype)
    assert of_two.tolist() == [[[0.5, 1, 0, 1.5]], [[1, 2, 0, 3]]]
    own = sample_scale(np.array([2.0, 4.0]), 4, np.stack([weights, 1 - weights / 4]), dtype)
    assert own.tolist() == [[[0.5, 1, 0, 1.5]], [[0.75, 0.5, 1, 0.25]]]
    assert {of_two.dtype, own.dtype} == {dtype}


def weights_of(*shape: int, seed: int = 0) -> Array:
    """Weights of 0 to 3, some of them 0."""
    weights = np.random.default_rng([*shape, seed]).uniform(0, 3, shape)
    return np.where(weights < 0.3, 0, weights)


def stepped(params: Params, x: Any, y: Any, weights: Any, **options: Any) -> Params:
    return sgd_step(params, Batch(x, y, weights=weights), 3.0, **options)


CALLS: dict[str, Callable[..., Any]] = {
    "cost": lambda p, x, y, w: cost(p, x, y, weights=w),
    "grads": lambda p, x, y, w: grads(p, x, y, weights=w).theta,
    "cost_and_grads, the cost": lambda p, x, y, w: cost_and_grads(p, x, y, weights=w)[0],
    "cost_and_grads, the gradient": lambda p, x, y, w: cost_and_grads(p, x, y, weights=w)[1].theta,
    "sgd_step": lambda p, x, y, w: stepped(p, x, y, w).theta,
}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", COSTS)
def test_the_gradient_is_the_weighted_mean_over_the_samples(
    sizes: tuple[int, ...], name: str
) -> None:
    activations = ["sigmoid"] * (len(sizes) - 2) + [OUTPUTS.get(name, "tanh")]
    params = init(sizes, seed=0, activations=activations, dtype=np.float64)
    x, y, weights = inputs(9, sizes[0]), inputs(9, sizes[-1], seed=1), weights_of(9)
    each = np.array([grads(params, x[k], y[k], cost=name).theta for k in range(9)])
    costs = np.array([cost(params, x[k], y[k], cost=name) for k in range(9)])
    expected = weights @ each / 9
    result = grads(params, x, y, cost=name, weights=weights).theta
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12 * np.abs(each).max())
    assert close(cost(params, x, y, cost=name, weights=weights), np.mean(weights * costs))
    lowered = stepped(params, x, y, weights, cost=name).theta
    assert close(lowered, params.theta - 3.0 * result)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
class TestWeights:
    @pytest.mark.parametrize("ones", [np.ones(N), [1] * N, np.ones(N, bool), np.ones(N, np.uint8)])
    @pytest.mark.parametrize("seed", [0, [0, 1]])
    def test_that_are_all_one_change_no_bit(self, call: Any, ones: Any, seed: Any) -> None:
        for dtype in (np.float32, np.float64):
            params = init([3, 4, 2], seed=seed, dtype=dtype)
            result = call(params, X, Y, ones)
            assert same_bits(result, call(params, X, Y, None))
            assert result.dtype == dtype

    def test_of_zero_leave_a_sample_out(self, call: Any) -> None:
        weights = np.array([1, 1, 0, 1, 0, 1.0])
        x, y = X.copy(), Y.copy()
        x[[2, 4]], y[[2, 4]] = 7, 1 - y[[2, 4]]
        assert same_bits(call(PARAMS, X, Y, weights), call(PARAMS, x, y, weights))
        assert not same_bits(call(PARAMS, X, Y, None), call(PARAMS, x, y, None))

    @settings(max_examples=40, deadline=None)
    @given(
        members=st.integers(1, 4),
        n=st.sampled_from([1, 2, 7, 33]),
        dtype=st.sampled_from([np.float32, np.float64]),
        one=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    )
    def test_of_a_stack_are_those_of_its_members(
        self, call: Any, members: int, n: int, dtype: Any, one: tuple[bool, ...]
    ) -> None:
        one_network, one_x, one_y, one_weights = one
        one_y = one_y or (one_network and one_x)  # labels alone do not make a stack
        one = one_network, one_x, one_y, one_weights
        params = init([3, 4, 2], seed=5 if one_network else range(members), dtype=dtype)
        x = inputs(*([] if one_x else [members]), n, 3)
        y = labels(*([] if one_y else [members]), n, classes=2)
        weights = weights_of(*([] if one_weights else [members]), n)
        result = call(params, x, y, weights)
        for k in range(1 if all(one) else members):
            own = call(
                params if one_network else params[k],
                x if one_x else x[k],
                y if one_y else y[k],
                weights if one_weights else weights[k],
            )
            assert same_bits(result if all(one) else result[k], own)

    def test_of_one_sample_are_one_number_in_a_row(self, call: Any) -> None:
        alone = call(PARAMS, X[0], int(Y[0]), [2.0])
        assert same_bits(alone, call(PARAMS, X[:1], Y[:1], [2.0]))

    @pytest.mark.parametrize(
        ("weights", "fragments"),
        [
            (
                [1, 1, 1, 1, 1, -1],
                ["the smallest of weights is -1: expected a number of at least 0"],
            ),
            ([1, 1, 1, 1, np.nan, 1], ["weights[4] is nan: expected finite"]),
            ([1, np.inf, 1, 1, 1, 1], ["weights[1] is inf: expected finite"]),
            (np.full(N, 1e300), ["weights[0] is 1e+300: expected numbers finite in float32"]),
            (np.ones(N, complex), ["weights is ", "complex128", "a real number for each sample"]),
            (np.ones(N - 1), ["weights is an array of shape (5,)", "one for each of 6 samples"]),
            (np.ones((N, 1)), ["weights is an array of shape (6, 1)", "one for each of 6 samples"]),
            ([], ["weights is an array of shape (0,)", "one for each of 6 samples"]),
            (1.0, ["weights is an array of shape ()", "a real number for each sample"]),
            ("heavy", ["weights is 'heavy'", "real numbers"]),
            ([None] * N, ["weights is ", "real numbers"]),
            ([[1], [1, 2]], ["weights is ", "real numbers"]),
        ],
    )
    def test_that_are_none_are_refused(self, call: Any, weights: Any, fragments: list[str]) -> None:
        assert_refused(lambda: call(PARAMS, X, Y, weights), *fragments)

    @pytest.mark.parametrize(
        ("params", "x", "y"),
        [
            (init([3, 4, 2], seed=[0, 1]), X, Y),
            (PARAMS, inputs(2, N, 3), Y),
            (PARAMS, X, inputs(2, N, 2)),
        ],
        ids=["params", "x", "y"],
    )
    def test_for_another_number_of_networks_are_refused(
        self, call: Any, params: Params, x: Array, y: Array
    ) -> None:
        refused = partial(call, params, x, y, np.ones((3, N)))
        assert_refused(refused, "weights has the leading axes (3,)", "other arguments, (2,)")


def test_the_callers_weights_stay_as_they_are() -> None:
    weights = weights_of(N)
    before = weights.tobytes()
    for call in CALLS.values():
        call(PARAMS, X, Y, weights)
    batch, data = Batch(X, Y, weights=weights), Dataset(X, Y, weights=weights)
    assert weights.tobytes() == before
    weights[:] = 7
    for kept in (batch.weights, data.weights, data.batch().weights):
        assert kept is not None
        assert kept.tobytes() == before
        with pytest.raises(ValueError, match="read-only"):
            kept[0] = 1
