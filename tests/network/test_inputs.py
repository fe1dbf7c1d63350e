"""The weights of samples, in all that takes x and y; test_network.py has x and y themselves."""

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
from fnnet.network import gradients
from fnnet.network.costs import COSTS
from tests._support import SIZES, assert_refused, close, inputs, labels, same_bits

N = 6
PARAMS = init([3, 4, 2], seed=0)
X, Y = inputs(N, 3), labels(N, classes=2)
OUTPUTS = {"cross-entropy": "sigmoid", "log-likelihood": "softmax"}


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
            ([1, 1, 1, 1, 1, -1], ["weights has -1: expected numbers of at least 0"]),
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
        assert_refused(refused, "weights has the leading axes (3,)", "params, x and y, (2,)")


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


@pytest.mark.parametrize("n", [2700, 2701])
def test_a_large_batch_is_the_sum_of_its_parts_for_any_number_of_workers(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (784, 16, 16, 10)
    params = init(sizes, seed=0, dtype=np.float64)
    assert n * params.architecture.n_parameters > gradients._SHARD
    x, y, weights = inputs(n, 784), labels(n, classes=10), weights_of(n)
    results = []
    for workers in (1, 2, 3, 8):
        monkeypatch.setattr(gradients, "processors", lambda workers=workers: workers)
        results.append(cost_and_grads(params, x, y, weights=weights))
    assert {same_bits(result[1].theta, results[0][1].theta) for result in results} == {True}
    assert len({result[0] for result in results}) == 1
    cuts = [slice(start, start + 450) for start in range(0, n, 450)]
    parts = [
        grads(params, x[cut], y[cut], weights=weights[cut]).theta * len(x[cut]) / n for cut in cuts
    ]
    assert close(results[0][1].theta, np.sum(parts, axis=0))
    assert close(results[0][0], cost(params, x, y, weights=weights))
    ones = grads(params, x, y, weights=np.ones(n))
    assert ones == grads(params, x, y)
