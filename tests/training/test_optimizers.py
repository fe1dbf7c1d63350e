"""A battery that every optimizer has to pass, and each one's formula in plain NumPy."""

from __future__ import annotations

import copy
import pickle
from functools import partial, reduce
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import (
    Dataset,
    Optimizer,
    Params,
    TrainConfig,
    adam,
    adamw,
    chain,
    clip_by_norm,
    clip_by_value,
    descend,
    grads,
    init,
    l1,
    l2,
    momentum,
    nesterov,
    rmsprop,
    sgd,
    shuffle,
    start,
    train,
)
from fnnet._records import Array
from fnnet._threads import arithmetic
from fnnet.training import optimizers
from tests._support import assert_refused, bytes_of, close, dataset, inputs

SIZES = (5, 4, 3)
DTYPES = [np.float32, np.float64]

BATTERY = {
    "sgd": sgd,
    "momentum": momentum(0.8),
    "nesterov": nesterov(0.8),
    "rmsprop": rmsprop(),
    "adam": adam(),
    "adamw": adamw(0.1),
    "clip_by_norm": clip_by_norm(0.01),
    "clip_by_value": clip_by_value(0.005),
    "l2": l2(0.01),
    "l1": l1(0.001),
    "chain": chain(l2(0.01), clip_by_norm(0.1), chain(momentum(), l1(0.001)), adam()),
}
"""One of each kind: a new one is held to the battery by being listed here."""

ALL = pytest.mark.parametrize("optimizer", BATTERY.values(), ids=BATTERY)


def test_every_optimizer_is_in_the_battery() -> None:
    helpers = {"OPTIMIZERS", "Optimizer", "State"}
    assert set(optimizers.__all__) - helpers == set(BATTERY)


def kinds(state: Any) -> Any:
    return tuple(map(kinds, state)) if isinstance(state, tuple) else (state.dtype, state.shape)


def gradients(params: Params, steps: int = 3) -> list[Array]:
    return [inputs(*params.theta.shape, seed=k).astype(params.dtype) for k in range(steps)]


def directions(optimizer: Optimizer, params: Params, gs: list[Array]) -> list[Array]:
    """What becomes of the gradients one after the other, the params staying where they are."""
    state, found = optimizer.init(params), []
    with arithmetic():
        for g in gs:
            direction, state = optimizer.update(g, state, params)
            found.append(direction)
    return found


def folded(params: Params, data: Dataset, config: TrainConfig) -> Params:
    """What training with an optimizer is, said with the public functions alone."""
    state, steps = config.optimizer.init(params), -(-len(data) // config.batch_size)
    for epoch in range(config.epochs):
        order = shuffle(len(data), seed=config.seed, epoch=epoch)
        for step in range(steps):
            rows = order[..., step * config.batch_size : (step + 1) * config.batch_size]
            batch = data.batch(rows, dtype=params.dtype)
            g = grads(params, batch.x, batch.y, cost=config.cost, weights=batch.weights)
            with arithmetic():
                direction, state = config.optimizer.update(g.theta, state, params)
            eta = config.eta * config.schedule(epoch + step / steps)
            params = descend(params, direction, eta)
    return params


@ALL
class TestEveryOptimizer:
    @pytest.mark.parametrize("seed", [0, [0, 1]])
    def test_is_a_pair_of_pure_functions(self, optimizer: Optimizer, seed: Any) -> None:
        params = init(SIZES, seed=seed)
        first, second = gradients(params, 2)
        assert bytes_of(optimizer.init(params)) == bytes_of(optimizer.init(params))
        _, state = optimizer.update(first, optimizer.init(params), params)
        before = bytes_of([second, state, params])
        once = optimizer.update(second, state, params)
        again = optimizer.update(second, state, params)
        assert bytes_of(once) == bytes_of(again)
        assert bytes_of([second, state, params]) == before

    @pytest.mark.parametrize("seed", [0, [0, 1]])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_keeps_dtype_and_the_shapes_of_its_state(
        self, optimizer: Optimizer, seed: Any, dtype: Any
    ) -> None:
        params = init(SIZES, seed=seed, dtype=dtype)
        state = optimizer.init(params)
        expected = kinds(state)
        for g in gradients(params):
            direction, state = optimizer.update(g, state, params)
            assert (direction.dtype, direction.shape) == (params.dtype, params.theta.shape)
            assert kinds(state) == expected

    @settings(max_examples=15, deadline=None)
    @given(
        sizes=st.lists(st.sampled_from([1, 2, 3, 8, 17]), min_size=2, max_size=4),
        dtype=st.sampled_from(DTYPES),
        scale=st.sampled_from([1.0, 1e-6, 1e6]),
    )
    def test_does_to_each_of_a_stack_what_it_does_to_one(
        self, optimizer: Optimizer, sizes: list[int], dtype: Any, scale: float
    ) -> None:
        params = init(sizes, seed=[0, 1, 2], dtype=dtype)
        gs = [g * dtype(scale) for g in gradients(params)]
        stacked = directions(optimizer, params, gs)
        for k in range(3):
            alone = directions(optimizer, params[k], [g[k] for g in gs])
            assert bytes_of(alone) == bytes_of([direction[k] for direction in stacked])

    def test_lowers_the_cost(self, optimizer: Optimizer) -> None:
        params, data = init([64, 10], seed=0), fnnet.load_digits().train
        adapts = {"adam", "rmsprop"} & {part.split("(")[0] for part in optimizer.name.split(", ")}
        config = TrainConfig(epochs=2, eta=0.02 if adapts else 1.0, optimizer=optimizer)
        after = train(start(params, config), data, config).params
        assert fnnet.evaluate(after, data).cost < fnnet.evaluate(params, data).cost / 2

    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    def test_two_epochs_and_four_from_a_file_are_six(
        self, optimizer: Optimizer, seed: Any, tmp_path: Path
    ) -> None:
        data, config = dataset(33, SIZES), TrainConfig(epochs=6, seed=seed, optimizer=optimizer)
        state = start(init(SIZES, seed=seed), config)
        half = train(state, data, attrs.evolve(config, epochs=2))
        fnnet.save_state(tmp_path / "state", half)
        assert fnnet.load_state(tmp_path / "state") == half
        assert train(fnnet.load_state(tmp_path / "state"), data, config) == train(
            state, data, config
        )

    @pytest.mark.parametrize("seed", [5, (5,), (5, 6), [5, 6]])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("weighed", [False, True])
    def test_an_epoch_is_the_fold_of_gradient_update_and_descent(
        self, optimizer: Optimizer, seed: Any, dtype: Any, weighed: bool
    ) -> None:
        if optimizer is sgd:  # its epoch is the fold of sgd_step; that of a function like it, not
            optimizer = attrs.evolve(sgd, update=lambda g, state, _: (g, state))
        data = dataset(23, SIZES)
        if weighed:
            data = attrs.evolve(data, weights=np.linspace(0, 2, 23))
        config = TrainConfig(epochs=2, batch_size=5, eta=0.3, optimizer=optimizer)
        config = attrs.evolve(config, schedule=fnnet.exponential(0.3), cost="squared-error")
        if not isinstance(seed, list):  # else one order for all of a stack
            config = attrs.evolve(config, seed=seed)
        params = init(SIZES, seed=seed, dtype=dtype)
        after = train(start(params, config), data, config).params
        assert after == folded(params, data, config)
        assert after.dtype == dtype

    def test_four_seeds_at_once_are_the_four_runs(self, optimizer: Optimizer) -> None:
        seeds, data = (3, 0, 9, 3), dataset(23, SIZES)
        config = TrainConfig(epochs=2, batch_size=5, seed=seeds, optimizer=optimizer)
        stacked = train(start(init(SIZES, seed=seeds), config), data, config).params
        for k, seed in enumerate(seeds):
            own = attrs.evolve(config, seed=seed)
            assert train(start(init(SIZES, seed=seed), own), data, own).params == stacked[k]

    def test_goes_by_its_name(self, optimizer: Optimizer) -> None:
        assert repr(optimizer) == f"Optimizer(name={optimizer.name!r})"
        assert optimizer == attrs.evolve(optimizer)
        assert [other for other in BATTERY.values() if other == optimizer] == [optimizer]

    def test_is_equal_by_its_name_and_its_functions(self, optimizer: Optimizer) -> None:
        assert attrs.evolve(optimizer, name="other") != optimizer
        assert attrs.evolve(optimizer, update=lambda g, state, _: (g, state)) != optimizer
        assert attrs.evolve(optimizer, init=lambda _: ()) != optimizer

    def test_goes_through_pickle_and_copy(self, optimizer: Optimizer) -> None:
        ways = (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer))
        for again in (*ways, copy.copy(optimizer)):
            assert again == optimizer
            assert hash(again) == hash(optimizer)
            params = init(SIZES, seed=0)
            gs = gradients(params)
            assert bytes_of(directions(again, params, gs)) == bytes_of(
                directions(optimizer, params, gs)
            )


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ((), "the optimizer's state is (): expected ('float32 (21,)',), as mine keeps"),
        ([np.zeros(21)], "the optimizer's state is [array("),
        ((np.zeros(3, np.float32),), "the optimizer's state is ('float32 (3,)',)"),
        ((np.zeros(21),), "the optimizer's state is ('float64 (21,)',)"),
        ((None,), "the optimizer's state[0] is None: expected real numbers"),
    ],
)
def test_a_state_that_does_not_stay_what_it_was_is_refused(after: Any, told: str) -> None:
    params = init((3, 4, 1), seed=0)
    mine = Optimizer("mine", lambda params: (params.theta,), lambda g, _state, _params: (g, after))
    config = TrainConfig(epochs=1, optimizer=mine)
    assert_refused(lambda: train(start(params, config), dataset(5, (3, 4, 1)), config), told)


@pytest.mark.parametrize("returned", [None, np.zeros(21), (np.zeros(21),)])
def test_an_update_that_gives_no_pair_is_refused(returned: Any) -> None:
    mine = Optimizer("mine", sgd.init, lambda _g, _state, _params: returned)
    config = TrainConfig(epochs=1, optimizer=mine)
    state = start(init((3, 4, 1), seed=0), config)
    told = ("the result of mine.update is", "expected a pair, the direction and the new state")
    assert_refused(lambda: train(state, dataset(5, (3, 4, 1)), config), *told)


def test_a_first_state_that_is_no_tuple_is_refused() -> None:
    mine = Optimizer("mine", lambda params: params.theta, momentum().update)  # type: ignore[arg-type,return-value]
    told = "optimizer is an array of shape (8,) and dtype float32: expected a tuple of arrays"
    assert_refused(lambda: start(init((3, 2), seed=0), TrainConfig(optimizer=mine)), told)


def weights_of(params: Params) -> Array:
    """Theta with 0 for the biases."""
    return np.where(params.architecture.is_weight, params.theta, 0)


def by_momentum(gs: list[Array], _params: Params) -> Array:
    return np.asarray(sum(0.8**k * g for k, g in enumerate(reversed(gs))))


def by_nesterov(gs: list[Array], params: Params) -> Array:
    return gs[-1] + 0.8 * by_momentum(gs, params)


def by_rmsprop(gs: list[Array], _params: Params) -> Array:
    s = sum(0.1 * 0.9**k * g**2 for k, g in enumerate(reversed(gs)))
    return np.asarray(gs[-1] / (np.sqrt(s) + 1e-8))


def by_adam(gs: list[Array], _params: Params) -> Array:
    m = sum(0.1 * 0.9**k * g for k, g in enumerate(reversed(gs))) / (1 - 0.9 ** len(gs))
    s = sum(0.001 * 0.999**k * g**2 for k, g in enumerate(reversed(gs))) / (1 - 0.999 ** len(gs))
    return np.asarray(m / (np.sqrt(s) + 1e-8))


FORMULAS: dict[str, Any] = {
    "sgd": lambda gs, _: gs[-1],
    "momentum": by_momentum,
    "nesterov": by_nesterov,
    "rmsprop": by_rmsprop,
    "adam": by_adam,
    "adamw": lambda gs, params: by_adam(gs, params) + 0.1 * weights_of(params),
    "clip_by_norm": lambda gs, _: gs[-1] * min(1, 0.01 / sum(gs[-1] ** 2) ** 0.5),
    "clip_by_value": lambda gs, _: np.array([max(-0.005, min(0.005, each)) for each in gs[-1]]),
    "l2": lambda gs, params: gs[-1] + 0.01 * weights_of(params),
    "l1": lambda gs, params: gs[-1] + 0.001 * np.sign(weights_of(params)),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_formula(name: str, scale: float) -> None:
    params = init(SIZES, seed=0, dtype=np.float64)
    gs = [scale * g for g in gradients(params, 5)]
    for k, direction in enumerate(directions(BATTERY[name], params, gs)):
        assert close(direction, FORMULAS[name](gs[: k + 1], params))


def test_adams_steps_are_of_length_one_whatever_the_gradients_scale() -> None:
    params = init(SIZES, seed=0)
    for scale in (1e-4, 1.0, 1e15):
        for direction in directions(adam(), params, [np.full_like(params.theta, scale)] * 3):
            np.testing.assert_allclose(direction, 1, rtol=2e-4)


def test_epsilon_keeps_a_gradient_of_zero_at_zero() -> None:
    params = init(SIZES, seed=0)
    for optimizer in (adam(), rmsprop(), adamw(0)):
        assert not directions(optimizer, params, [np.zeros_like(params.theta)])[0].any()
        assert not np.isnan(directions(optimizer, params, gradients(params))[-1]).any()


def test_the_settings_are_heard() -> None:
    params = init(SIZES, seed=0)
    different = [adam(), adam(0.8), adam(0.9, 0.99), adam(epsilon=0.1), adamw(0.1), adamw(0.2)]
    different += [adamw(0.1, beta1=0.8), adamw(0.1, beta2=0.99), adamw(0.1, epsilon=0.1)]
    different += [rmsprop(), rmsprop(0.8), rmsprop(epsilon=0.1), momentum(), momentum(0.8)]
    results = {
        directions(optimizer, params, gradients(params))[-1].tobytes() for optimizer in different
    }
    assert len(results) == len(set(different)) == len(different)


class TestPenalties:
    @pytest.mark.parametrize(
        ("optimizer", "penalty"),
        [
            (l2(0.03), lambda w: 0.03 / 2 * (w * w).sum()),
            (l1(0.03), lambda w: 0.03 * np.where(w.real > 0, w, -w).sum()),
        ],
    )
    def test_the_direction_is_the_gradient_of_the_cost_with_the_penalty(
        self, optimizer: Optimizer, penalty: Any
    ) -> None:
        params, data = init(SIZES, seed=0, dtype=np.float64), dataset(6, SIZES)
        x, y = data.x, data.y
        direction, _ = optimizer.update(grads(params, x, y).theta, (), params)
        for place in range(params.architecture.n_parameters):
            theta = params.theta.astype(complex)
            theta[place] += 1e-30j
            moved = Params(params.architecture, theta)
            value = fnnet.cost(moved, x, y) + penalty(weights_of(moved))
            assert abs(value.imag / 1e-30 - direction[place]) < 1e-13

    @pytest.mark.parametrize("optimizer", [l2(0.5), l1(0.5)])
    def test_biases_stay_as_they_are(self, optimizer: Optimizer) -> None:
        params = init(SIZES, seed=0)
        zero = np.zeros_like(params.theta)
        pulled = Params(params.architecture, directions(optimizer, params, [zero])[0])
        assert not any(biases.any() for biases in pulled.biases)
        assert all(weights.all() for weights in pulled.weights)

    def test_of_nothing_change_nothing(self) -> None:
        params = init(SIZES, seed=0)
        for optimizer in (l2(0), l1(0)):
            assert directions(optimizer, params, gradients(params))[0].tolist() == (
                gradients(params)[0].tolist()
            )


class TestClipping:
    @pytest.mark.parametrize(
        ("dtype", "huge", "limit"),
        [
            (np.float32, 1e30, 1.0),
            (np.float32, 3e38, 1e-6),
            (np.float64, 1e200, 1.0),
            (np.float64, 1e-3, 1e-30),
        ],
    )
    def test_a_huge_gradient_keeps_its_direction(
        self, dtype: Any, huge: float, limit: float
    ) -> None:
        params = init(SIZES, seed=0, dtype=dtype)
        unit = gradients(params)[0] / np.abs(gradients(params)[0]).max()
        clipped, _ = clip_by_norm(limit).update(unit * dtype(huge), (), params)
        expected = limit * unit / np.linalg.norm(unit)
        np.testing.assert_allclose(clipped, expected, rtol=10 * np.finfo(dtype).eps)

    def test_a_short_gradient_stays_to_the_bit(self) -> None:
        params = init(SIZES, seed=[0, 1])
        g = gradients(params)[0]
        assert clip_by_norm(100).update(g, (), params)[0].tobytes() == g.tobytes()
        assert clip_by_value(100).update(g, (), params)[0].tobytes() == g.tobytes()
        zero = np.zeros_like(g)
        assert clip_by_norm(1e-9).update(zero, (), params)[0].tobytes() == zero.tobytes()

    def test_each_network_of_a_stack_is_clipped_by_itself(self) -> None:
        params = init(SIZES, seed=[0, 1])
        g = np.stack([np.full(39, 1e30), np.full(39, 0.01)]).astype(np.float32)
        clipped, _ = clip_by_norm(1.0).update(g, (), params)
        np.testing.assert_allclose(np.linalg.norm(clipped[0]), 1, rtol=1e-5)
        assert clipped[1].tobytes() == g[1].tobytes()

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_what_is_not_finite_is_not_hidden(self, bad: float) -> None:
        params = init(SIZES, seed=0)
        g = gradients(params)[0]
        g[3] = bad
        assert not np.isfinite(directions(clip_by_norm(1.0), params, [g])[0]).all()


class TestChain:
    def test_each_takes_what_the_one_before_it_made(self) -> None:
        params, gs = init(SIZES, seed=0), gradients(init(SIZES, seed=0))
        row = [l2(0.1), clip_by_norm(0.1), momentum(), adam()]
        expected = reduce(lambda gs, optimizer: directions(optimizer, params, gs), row, gs)
        assert bytes_of(directions(chain(*row), params, gs)) == bytes_of(expected)

    def test_the_order_matters(self) -> None:
        params, gs = init(SIZES, seed=0), gradients(init(SIZES, seed=0))
        one, other = chain(l2(0.1), clip_by_norm(0.1)), chain(clip_by_norm(0.1), l2(0.1))
        assert one != other
        assert bytes_of(directions(one, params, gs)) != bytes_of(directions(other, params, gs))

    def test_its_state_is_the_states_of_all(self) -> None:
        params = init(SIZES, seed=0)
        row = [l2(0.1), momentum(), adam()]
        state = chain(*row).init(params)
        assert bytes_of(state) == bytes_of(tuple(each.init(params) for each in row))
        assert kinds(state) == tuple(kinds(each.init(params)) for each in row)

    def test_of_one_is_that_one(self) -> None:
        assert chain(sgd) == sgd

    def test_of_what_is_no_optimizer_is_refused(self) -> None:
        assert_refused(lambda: chain(), "optimizers is ()", "at least one")
        bad: Any = adam
        assert_refused(lambda: chain(sgd, bad), "optimizers[1] is <function adam", "an Optimizer")


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (sgd, "sgd"),
        (momentum(0.5), "momentum(0.5)"),
        (nesterov(0), "nesterov(0.0)"),
        (rmsprop(0.5), "rmsprop(0.5)"),
        (rmsprop(epsilon=0.5), "rmsprop(0.9, epsilon=0.5)"),
        (adam(0.5, 0.75), "adam(0.5, 0.75)"),
        (adam(epsilon=1), "adam(0.9, 0.999, epsilon=1.0)"),
        (adamw(), "adam(0.9, 0.999), l2(0.01)"),
        (clip_by_norm(1), "clip-by-norm(1.0)"),
        (clip_by_value(1), "clip-by-value(1.0)"),
        (l2(1), "l2(1.0)"),
        (l1(1), "l1(1.0)"),
    ],
)
def test_a_name_tells_all_settings(optimizer: Optimizer, name: str) -> None:
    assert optimizer.name == name


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("sgd", sgd),
        ("momentum", momentum(0.9)),
        ("nesterov", nesterov(0.9)),
        ("rmsprop", rmsprop(0.9)),
        ("adam", adam(0.9, 0.999, epsilon=1e-8)),
        ("adamw", chain(adam(), l2(0.01))),
    ],
)
def test_a_name_stands_for_the_default_settings(name: str, optimizer: Optimizer) -> None:
    for setting in (name, optimizer):
        assert TrainConfig(optimizer=setting).optimizer == optimizer


@pytest.mark.parametrize("bad", ["adm", "", None, adam, "l2"])
def test_what_is_no_optimizer_is_refused(bad: Any) -> None:
    expected = "an Optimizer, or one of sgd, momentum, nesterov, rmsprop, adam, adamw"
    assert_refused(lambda: TrainConfig(optimizer=bad), "optimizer is ", expected)


def test_one_with_a_callers_own_functions_says_that_it_cannot_be_pickled() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(Optimizer("mine", sgd.init, lambda g, state, _: (g, state)))


NUMBERS: list[Any] = [float("nan"), np.inf, "1", None, True, [0.5], 10**400]
SHARES: list[Any] = [-0.1, 1, 1.0, 2]


@pytest.mark.parametrize(
    ("make", "argument", "others"),
    [
        (momentum, "mu", SHARES),
        (nesterov, "mu", SHARES),
        (rmsprop, "rho", SHARES),
        (rmsprop, "epsilon", [0, -1]),
        (adam, "beta1", SHARES),
        (adam, "beta2", SHARES),
        (adam, "epsilon", [0, -1]),
        (adamw, "decay", [-0.1]),
        (adamw, "beta1", SHARES),
        (adamw, "beta2", SHARES),
        (adamw, "epsilon", [0, -1]),
        (clip_by_norm, "limit", [0, -1]),
        (clip_by_value, "limit", [0, -1]),
        (l2, "decay", [-1]),
        (l1, "decay", [-1]),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    make: Any, argument: str, others: list[Any]
) -> None:
    for bad in [*NUMBERS, *others]:
        assert_refused(partial(make, **{argument: bad}), f"{argument} is ", "finite number")
