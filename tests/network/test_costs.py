from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import Cost, TrainConfig, cross_entropy, huber, huber_beyond, log_likelihood, quadratic
from fnnet._records import Array
from fnnet._threads import arithmetic
from fnnet.evaluation.evaluate import evaluate
from fnnet.evaluation.gradient_check import relative_error
from fnnet.network.activations import ACTIVATIONS, Activation, sigmoid, softmax, tanh
from fnnet.network.costs import COSTS, as_cost, cost_for, mean_cost, squared_error
from fnnet.network.functions import forward, grads
from fnnet.network.initializers import init
from fnnet.training.loop import start, train
from tests._support import assert_refused, close, dataset, inputs, linear, same_bits

FLOATS = [np.float32, np.float64]


def values(cost: Cost, z: Array, y: Array) -> Array:
    """The costs of columns, as a pass computes them, which are those of the rows."""
    found = cost.of_samples(z, y)
    assert same_bits(found, cost.value(z.mT, y.mT))
    return found


def derivative(cost: Cost, z: Array, y: Array) -> Array:
    """The derivative by what the value takes, as a pass computes it: into a view with gaps."""
    a = z if cost.output is None else np.ascontiguousarray(cost.output(z.mT).mT)
    rows = np.full((*z.shape[:-2], z.shape[-2] + 1, z.shape[-1]), 7, z.dtype)
    before = a.tobytes(), y.tobytes()
    with arithmetic():
        cost.delta(a, y, rows[..., :-1, :])
    assert (a.tobytes(), y.tobytes()) == before
    assert np.all(rows[..., -1, :] == 7)
    assert same_bits(rows[..., :-1, :], cost.derivative(a.mT, y.mT).mT)
    return rows[..., :-1, :]


def slope(cost: Cost, z: Array, y: Array) -> Array:
    """The same by the complex step."""
    slopes = np.empty_like(z)
    for unit in range(len(z)):
        step = np.zeros((len(z), 1), complex)
        step[unit] = 1e-30j
        slopes[unit] = values(cost, z + step, y).imag / 1e-30
    return slopes


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
class TestEach:
    """What holds for every cost, with an output layer of its own or without."""

    def test_goes_by_its_name_or_as_it_is(self, cost: Cost) -> None:
        assert as_cost(cost.name) is as_cost(cost) is cost

    @pytest.mark.parametrize("size", [0.1, 1.0, 5.0])
    @pytest.mark.parametrize("targets", ["one-hot", "shares", "any"])
    def test_the_derivative_is_the_values_slope(
        self, cost: Cost, size: float, targets: str
    ) -> None:
        z, y = size * inputs(3, 100), inputs(3, 100, seed=1)
        if targets != "any":
            y = np.abs(y) / np.abs(y).sum(axis=0)
            y = np.round(y) if targets == "one-hot" else y
        expected = slope(cost, z, y)
        np.testing.assert_allclose(derivative(cost, z, y), expected, rtol=1e-12, atol=1e-14)

    def test_each_sample_has_its_own(self, cost: Cost) -> None:
        z, y = inputs(3, 6), np.abs(inputs(3, 6, seed=1))
        assert values(cost, z, y).shape == (6,)
        each = [values(cost, z[:, k : k + 1], y[:, k : k + 1])[0] for k in range(6)]
        np.testing.assert_allclose(values(cost, z, y), each, rtol=1e-14)

    def test_is_least_at_the_targets(self, cost: Cost) -> None:
        y = np.abs(inputs(3, 6)) + 0.1
        y /= y.sum(axis=0)
        linear_output = {None: y, sigmoid: np.log(y / (1 - y)), softmax: np.log(y)}
        z = linear_output[cost.output]
        np.testing.assert_allclose(derivative(cost, z, y), 0, atol=1e-15)
        assert np.all(values(cost, z, y) < values(cost, z + 0.1 * inputs(3, 6, seed=1), y))

    @pytest.mark.parametrize("dtype", FLOATS)
    @settings(max_examples=40, deadline=None)
    @given(members=st.integers(1, 4), units=st.integers(1, 40), n=st.integers(1, 40))
    def test_a_stack_is_its_members_bit_for_bit(
        self, cost: Cost, dtype: Any, members: int, units: int, n: int
    ) -> None:
        z = (2 * inputs(members, units, n)).astype(dtype)
        shared = np.random.default_rng(0).random((units, n)).astype(dtype)
        for y in (shared, shared + np.arange(members, dtype=dtype)[:, np.newaxis, np.newaxis]):
            value, slopes = values(cost, z, y), derivative(cost, z, y)
            assert value.dtype == slopes.dtype == dtype
            for k in range(members):
                own = y if y.ndim == 2 else y[k]
                assert value[k].tobytes() == values(cost, z[k], own).tobytes()
                assert slopes[k].tobytes() == derivative(cost, z[k], own).tobytes()

    @pytest.mark.parametrize("dtype", [*FLOATS, np.complex128])
    def test_dtype_is_kept_and_so_are_the_arguments(self, cost: Cost, dtype: Any) -> None:
        z, y = inputs(3, 5).astype(dtype), np.abs(inputs(3, 5, seed=1)).astype(dtype)
        before = z.tobytes(), y.tobytes()
        assert values(cost, z, y).dtype == derivative(cost, z, y).dtype == dtype
        assert (z.tobytes(), y.tobytes()) == before

    def test_one_dtype_is_the_other_to_its_precision(self, cost: Cost) -> None:
        z, y = (4 * inputs(5, 300)).astype(np.float32), np.abs(inputs(5, 300)).astype(np.float32)
        wide = z.astype(float), y.astype(float)
        np.testing.assert_allclose(values(cost, z, y), values(cost, *wide), rtol=2e-6, atol=2e-5)
        np.testing.assert_allclose(derivative(cost, z, y), derivative(cost, *wide), atol=1e-5)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_is_finite_for_large_outputs(self, cost: Cost, dtype: Any) -> None:
        largest = 1e30 if cost in (cross_entropy, log_likelihood, huber) else 1e18
        row = [s * m for m in (0, 1, 88.8, 709.8, 1e4, largest) for s in (1, -1)]
        z = np.array([row, row[::-1], np.roll(row, 3)], dtype)
        for y in (np.zeros_like(z), np.ones_like(z), np.eye(3, dtype=dtype)[:, :1]):
            with arithmetic():
                value = values(cost, z, y)
            assert np.isfinite(value).all()
            assert np.all(value >= 0)
            assert np.isfinite(derivative(cost, z, y)).all()


A, Y = np.array([[1.0, 0.0], [0.5, 2.0], [0.0, 0.0]]), np.array([[0, 0], [1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (quadratic, [(1 + 0.25) / 4, (4 + 1) / 4]),
        (squared_error, [(1 + 0.25) / 2, (4 + 1) / 2]),
        (huber, [(1 + 0.25) / 2, (2 - 0.5) + 0.5]),
        (huber_beyond(0.5), [0.5 * (1 - 0.25) + 0.125, 0.5 * (2 - 0.25) + 0.5 * (1 - 0.25)]),
        (huber_beyond(10), [(1 + 0.25) / 2, (4 + 1) / 2]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_known_values(cost: Cost, expected: list[float]) -> None:
    assert values(cost, A, Y).tolist() == expected


def test_the_quadratics_derivative_is_the_notebooks() -> None:
    a, y = inputs(3, 5), inputs(3, 5, seed=1)
    assert derivative(quadratic, a, y).tobytes() == ((a - y) / 2).tobytes()


class TestCrossEntropy:
    def test_the_value_is_the_books(self) -> None:
        z, y = inputs(3, 5), np.random.default_rng(0).random((3, 5))
        a = 1 / (1 + np.exp(-z))
        expected = -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(axis=0)
        np.testing.assert_allclose(values(cross_entropy, z, y), expected, rtol=1e-13)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_is_exact_for_linear_outputs_of_any_size(self, dtype: Any) -> None:
        z = np.array([[1e4, -1e4, 1e30, -1e30]], dtype)
        right, wrong = np.array([[1, 0, 1, 0]], dtype), np.array([[0, 1, 0, 1]], dtype)
        assert values(cross_entropy, z, right).tolist() == [0, 0, 0, 0]
        assert values(cross_entropy, z, wrong).tolist() == np.abs(z[0]).tolist()


class TestLogLikelihood:
    def test_the_value_is_the_books(self) -> None:
        z, y = inputs(3, 5), np.random.default_rng(0).random((3, 5))
        expected = -(y * np.log(softmax(z.T).T)).sum(axis=0)
        np.testing.assert_allclose(values(log_likelihood, z, y), expected, rtol=1e-13)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_is_exact_for_linear_outputs_of_any_size(self, dtype: Any) -> None:
        largest = float(np.finfo(dtype).max)
        ends = np.array([[largest], [-largest]], dtype)  # farther apart than the dtype can say
        with arithmetic():
            assert values(log_likelihood, ends, np.array([[1], [0]], dtype)).tolist() == [0]
            assert values(log_likelihood, ends, np.array([[0], [1]], dtype)).tolist() == [largest]
        z = np.array([[1e4, -1e4, 1e30, -1e30], [0, 0, 0, 0]], dtype)
        right, wrong = (
            np.array([[1, 0, 1, 0], [0, 1, 0, 1]]),
            np.array([[0, 1, 0, 1], [1, 0, 1, 0]]),
        )
        assert values(log_likelihood, z, right.astype(dtype)).tolist() == [0, 0, 0, 0]
        assert values(log_likelihood, z, wrong.astype(dtype)).tolist() == np.abs(z[0]).tolist()

    def test_targets_need_not_sum_to_one(self) -> None:
        z, y = inputs(3, 5), np.random.default_rng(0).random((3, 5))
        for factor in (0.0, 0.3, 4.0):
            np.testing.assert_allclose(
                derivative(log_likelihood, z, factor * y),
                factor * derivative(log_likelihood, z, y),
                rtol=1e-12,
                atol=1e-15,
            )
        params = init([2, 3], seed=0, activations="softmax", dtype=np.float64)
        for y in (np.full((4, 3), 0.7), np.zeros((4, 3)), inputs(4, 3)):
            assert relative_error(params, inputs(4, 2), y, cost="log-likelihood") < 1e-12


class TestHuber:
    def test_of_one_threshold_are_equal(self) -> None:
        assert huber_beyond(1) == huber_beyond(1.0) == huber_beyond(np.float64(1)) == huber
        assert huber_beyond(2).name == "huber(2.0)"
        assert huber_beyond(2) == huber_beyond(2.0) != huber

    @pytest.mark.parametrize("threshold", [0, -1.0, np.nan, np.inf, None, "1", True, [1.0]])
    def test_the_threshold_is_a_number_above_zero(self, threshold: Any) -> None:
        assert_refused(lambda: huber_beyond(threshold), "threshold is ", "a finite number above 0")


PAIRS = [
    (cost, output)
    for cost in COSTS.values()
    for output in ACTIVATIONS.values()
    if cost.output in (None, output)
]


@pytest.mark.parametrize(("cost", "output"), PAIRS, ids=[f"{c.name} of {o.name}" for c, o in PAIRS])
class TestInANetwork:
    """Every cost over every output layer that it goes with."""

    @settings(max_examples=60, deadline=None)
    @given(
        hidden=st.lists(
            st.tuples(st.integers(1, 6), st.sampled_from(list(ACTIVATIONS))), max_size=3
        ),
        n_in=st.integers(1, 5),
        n_out=st.integers(1, 5),
        n=st.integers(1, 6),
        seed=st.integers(0, 10**6),
    )
    def test_grads_is_its_slope(
        self,
        cost: Cost,
        output: Activation,
        hidden: list[tuple[int, str]],
        n_in: int,
        n_out: int,
        n: int,
        seed: int,
    ) -> None:
        sizes = [n_in, *(units for units, _ in hidden), n_out]
        params = init(
            sizes,
            seed=seed,
            activations=[*(name for _, name in hidden), output],
            weights="scaled-normal",  # tanh keeps its digits
            dtype=np.float64,
        )
        x, y = inputs(n, n_in, seed=seed), np.random.default_rng(seed).random((n, n_out))
        if cost.output is None and output in (sigmoid, tanh, softmax):
            # Where all samples saturate, 1 - a has few digits, and so has the gradient.
            assume(np.abs(forward(params, x).output).max(axis=-1).min() < 0.9)
        assert relative_error(params, x, y, cost=cost) < 1e-12

    def test_a_stack_trains_as_its_members_do(self, cost: Cost, output: Activation) -> None:
        data, config = dataset(20, (4, 3)), TrainConfig(epochs=1, batch_size=6, eta=0.1, cost=cost)
        stacked = init([4, 8, 3], seed=range(3), activations=["gelu", output])
        after = train(start(stacked, config), data, config).params
        for k in range(3):
            assert train(start(stacked[k], config), data, config).params == after[k]


def test_each_cost_is_met_in_a_network() -> None:
    assert {cost for cost, _ in PAIRS} == set(COSTS.values())
    assert {output for _, output in PAIRS} == set(ACTIVATIONS.values())


@pytest.mark.parametrize("cost", [cross_entropy, log_likelihood], ids=lambda cost: cost.name)
def test_some_costs_go_with_one_output_layer_alone(cost: Cost) -> None:
    assert cost.output is not None
    others = [other for other in ACTIVATIONS.values() if other != cost.output]
    for other in [*others, linear, attrs.evolve(sigmoid, name="other")]:
        needed = (
            f"cost is {cost.name}: expected an output layer of {cost.output.name}, not {other.name}"
        )
        params = init([2, 3, 1], seed=0, activations=["sigmoid", other])
        assert_refused(lambda p=params: cost_for(p.architecture, cost), needed)  # type: ignore[misc]
        assert_refused(lambda p=params: grads(p, [[1, 2]], [[1.0]], cost=cost.name), needed)  # type: ignore[misc]
    fitting = init([2, 3, 1], seed=0, activations=["sigmoid", cost.output])
    assert cost_for(fitting.architecture, cost.name) is cost


def test_the_costs_are_exported() -> None:
    names = ("quadratic", "squared_error", "cross_entropy", "log_likelihood", "huber")
    assert [getattr(fnnet, name) for name in names] == list(COSTS.values())


@pytest.mark.parametrize("unknown", ["low", "", None, 3, ["quadratic"]])
def test_an_unknown_cost_is_told_which_ones_there_are(unknown: Any) -> None:
    assert_refused(lambda: as_cost(unknown), "cost is ", repr(unknown), *COSTS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_mean_cost_is_weighted_and_keeps_its_dtype(dtype: Any) -> None:
    costs = np.array([[1, 2, 3], [4, 5, 9]], dtype)
    assert mean_cost(costs, None).tolist() == [2, 6]
    assert mean_cost(costs, [0.75, 0, 3]).tolist() == [3.25, 10]
    assert mean_cost(costs[0], [[1, 1, 1], [0, 0, 1]]).tolist() == [2, 1]
    assert mean_cost(costs, np.ones(3)).dtype == dtype
    assert same_bits(mean_cost(costs, np.ones(3)), mean_cost(costs, None))


PLAIN: dict[str, tuple[Any, ...]] = {
    "quadratic": (lambda a, y: ((a - y) ** 2).sum(-1) / 4, lambda a, y: (a - y) / 2),
    "squared-error": (lambda a, y: ((a - y) ** 2).sum(-1) / 2, lambda a, y: a - y),
    "cross-entropy": (
        lambda z, y: (np.log1p(np.exp(z)) - z * y).sum(-1),
        lambda a, y: a - y,
        "sigmoid",
    ),
    "log-likelihood": (
        lambda z, y: (y * (np.log(np.exp(z).sum(-1, keepdims=True)) - z)).sum(-1),
        lambda a, y: a * y.sum(-1, keepdims=True) - y,
        softmax,
    ),
}
"""Costs as a caller would write them: pure functions of rows that return arrays."""


class TestACallersOwn:
    params, x, y = init([3, 2], seed=0), inputs(5, 3), inputs(5, 2)

    @pytest.mark.parametrize("name", PLAIN)
    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    def test_trains_and_evaluates_as_the_packages_does(self, name: str, seed: Any) -> None:
        mine, data = Cost("mine", *PLAIN[name]), dataset(23, (4, 3))
        output = mine.output or "sigmoid"
        params = init([4, 5, 3], seed=seed, activations=["tanh", output], dtype=np.float64)
        found = []
        for cost in (name, mine):
            config = TrainConfig(epochs=2, eta=0.1, seed=seed, cost=cost)
            after = train(start(params, config), data, config).params
            found.append((after.theta, evaluate(after, data, cost=cost).cost))
        assert all(map(close, found[1], found[0]))
        x, y = inputs(4), np.array([0.2, 0.3, 0.5])  # one sample
        for function in (fnnet.cost, lambda *a, **options: grads(*a, **options).theta):
            assert close(function(params, x, y, cost=mine), function(params, x, y, cost=name))

    def test_may_name_the_activation_that_it_goes_with(self) -> None:
        functions = cross_entropy.value, cross_entropy.derivative
        assert Cost("mine", *functions, "sigmoid") == Cost("mine", *functions, sigmoid)

    @pytest.mark.parametrize("output", ["sigmoidal", 3, np.tanh])
    def test_that_goes_with_no_activation_is_refused(self, output: Any) -> None:
        functions = cross_entropy.value, cross_entropy.derivative
        assert_refused(
            lambda: Cost("mine", *functions, output),
            f"output is {output!r}: expected an Activation, or one of sigmoid, tanh, relu",
        )

    @pytest.mark.parametrize(
        ("result", "told"),
        [
            (None, "is None: expected real numbers"),
            (np.zeros((2, 5), np.float32), "is an array of shape (2, 5)"),  # columns
            (np.zeros((1, 2), np.float32), "is an array of shape (1, 2)"),  # would broadcast
            (np.zeros((5, 2), complex), "is an array of shape (5, 2) and dtype complex128"),
        ],
    )
    def test_whose_derivative_does_not_fit_is_refused(self, result: Any, told: str) -> None:
        mine = Cost("mine", squared_error.value, lambda _a, _y: result)
        message = f"the result of mine.derivative {told}"
        assert_refused(lambda: grads(self.params, self.x, self.y, cost=mine), message)
        data, config = dataset(5, (3, 2)), TrainConfig(epochs=1, cost=mine)
        assert_refused(lambda: train(start(self.params, config), data, config), message)

    @pytest.mark.parametrize(
        "value",
        [
            lambda a, y: np.sum(a - y),
            lambda a, y: np.sum(a - y, axis=-2),
            lambda a, _y: a,
            lambda a, _y: a[:, 0] * 1j,
            lambda a, _y: a[:, 0].astype(str),
        ],
    )
    def test_without_a_number_for_each_sample_is_refused(self, value: Any) -> None:
        mine = Cost("mine", value, squared_error.derivative)
        data = dataset(5, (3, 2), "targets")
        for compute in (
            lambda: fnnet.cost(self.params, self.x, self.y, cost=mine),
            lambda: fnnet.cost_and_grads(self.params, self.x, self.y, cost=mine),
            lambda: evaluate(self.params, data, cost=mine),
        ):
            assert_refused(compute, "the result of mine.value is ", "expected ")

    def test_that_counts_in_integers_is_weighed_like_any_other(self) -> None:
        def wrong(a: Any, y: Any) -> Any:
            return np.sum((a > 0.5) != (y > 0.5), axis=-1)

        counting = Cost("mine", wrong, squared_error.derivative)
        counted = fnnet.cost(self.params, self.x, self.y, cost=counting)
        weighed = fnnet.cost(self.params, self.x, self.y, cost=counting, weights=[0.5] * 5)
        assert counted.dtype == np.float32
        assert weighed == counted / 2 > 0


@pytest.mark.parametrize("cost", [cross_entropy, log_likelihood], ids=lambda cost: cost.name)
@pytest.mark.parametrize("outside", [-0.1, 1.5])
def test_costs_of_probabilities_have_targets_from_0_to_1(cost: Cost, outside: float) -> None:
    params = init([3, 2], seed=0, activations=cost.output or sigmoid)
    right = fnnet.Dataset(inputs(5, 3), np.linspace(0, 1, 10).reshape(5, 2))
    wrong = attrs.evolve(right, y=np.append(right.y[:4], [[0.5, outside]], axis=0))
    config = TrainConfig(epochs=1, cost=cost)
    state, line = start(params, config), f"y has {outside}: expected targets from 0 to 1"
    assert evaluate(params, right, cost=cost).total == 5
    assert train(state, right, config, monitor={"mine": right}).epoch == 1
    assert_refused(lambda: evaluate(params, wrong, cost=cost), f"dataset.{line}, for {cost.name}")
    assert_refused(lambda: fnnet.trajectory(state, wrong, config), f"dataset.{line}")
    monitor = {"mine": wrong}
    assert_refused(
        lambda: fnnet.trajectory(state, right, config, monitor=monitor), f"monitor['mine'].{line}"
    )
    others = attrs.evolve(config, cost="squared-error")
    assert train(start(params, others), wrong, others).epoch == 1


def test_a_callers_derivative_cannot_write_to_the_outputs() -> None:
    def derivative(a: Array, y: Array) -> Array:
        a -= y
        return a

    cost = Cost("writes", lambda a, y: ((a - y) ** 2).sum(-1) / 2, derivative)
    with pytest.raises(ValueError, match="read-only"):
        fnnet.grads(fnnet.init([3, 2], seed=0), [[0.0, 1.0, 2.0]], [1], cost=cost)
