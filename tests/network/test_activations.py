from __future__ import annotations

import math
import pickle
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet import gelu, identity, leaky_relu, relu, sigmoid, softmax, tanh
from fnnet._records import Array
from fnnet._threads import arithmetic
from fnnet.evaluation.gradient_check import relative_error
from fnnet.network.activations import ACTIVATIONS, Activation, as_activation
from tests._support import assert_refused, close, dataset, inputs, labels, linear, same_bits

FLOATS = [np.float32, np.float64]
DTYPES = [*FLOATS, np.complex128]
EXTREMES = [0.0, -0.0, 1.0, 30.0, 88.7, 88.8, 104.0, 709.7, 709.8, 745.2, 1e4, 1e30]


def textbook(z: Any) -> Any:
    """1 / (1 + exp(-z)) with more digits than the function under test has."""
    return 1 / (1 + np.exp(-np.asarray(z, np.longdouble)))


def forward(activation: Activation, z: Array) -> Array:
    """The activations of the columns z, as a layer computes them: into a view with gaps."""
    rows = np.full((*z.shape[:-2], z.shape[-2] + 1, z.shape[-1]), 7, z.dtype)
    with arithmetic():
        activation.activate(z, rows[..., :-1, :])
    assert np.all(rows[..., -1, :] == 7)
    return rows[..., :-1, :]


def backward(activation: Activation, z: Array, delta: Array) -> Array:
    """dC/dz from dC/da, as a layer computes it: in place."""
    a, slopes = forward(activation, z), np.full_like(delta, np.nan)
    before, result = [array.tobytes() for array in (z, a, delta)], delta.copy()
    with arithmetic():
        activation.slopes(z, a, slopes)
        activation.backward(result, slopes, result)
    assert [array.tobytes() for array in (z, a, delta)] == before
    return result


def extremes(dtype: Any) -> Array:
    """Columns in which large, small and ordinary numbers meet, of both signs."""
    info = np.finfo(dtype)
    magnitudes = [*EXTREMES, 0.3, info.tiny, info.smallest_subnormal, info.max]
    row = np.array([sign * m for m in magnitudes for sign in (1, -1)], dtype)
    return np.stack([row, np.roll(row, 1), np.roll(row, 5)])


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
class TestEach:
    """What holds for every activation, softmax among them."""

    def test_goes_by_its_name_or_as_it_is(self, activation: Activation) -> None:
        assert as_activation(activation.name) is as_activation(activation) is activation

    def test_is_the_packages_own_also_from_a_pickle(self, activation: Activation) -> None:
        again = pickle.loads(pickle.dumps(activation))
        assert again == activation
        assert again.is_builtin
        assert not attrs.evolve(activation, name="mine").is_builtin

    @pytest.mark.parametrize("size", [0.1, 1.0, 5.0])
    def test_backward_is_the_functions_slope(self, activation: Activation, size: float) -> None:
        z, delta = size * inputs(4, 200), inputs(4, 200, seed=1)
        slopes = np.empty_like(z)
        for unit in range(4):
            step = np.zeros((4, 1), complex)
            step[unit] = 1e-30j
            slopes[unit] = np.sum(delta * forward(activation, z + step).imag / 1e-30, axis=0)
        np.testing.assert_allclose(backward(activation, z, delta), slopes, rtol=1e-13, atol=2e-15)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_is_finite_for_inputs_of_any_size(self, activation: Activation, dtype: Any) -> None:
        z = extremes(dtype)
        assert np.isfinite(forward(activation, z)).all()
        assert np.isfinite(backward(activation, z, np.ones_like(z))).all()

    @pytest.mark.parametrize(("dtype", "width"), [(np.float32, 32), (np.float64, 64)])
    def test_any_finite_input_is_taken_without_a_warning(
        self, activation: Activation, dtype: Any, width: Any
    ) -> None:
        @settings(deadline=None)
        @given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=width), min_size=1))
        def check(values: list[float]) -> None:
            z = np.array(values, dtype)
            assert np.isfinite(activation(z)).all()
            if activation is not softmax:
                prime = activation.prime(z)
                assert np.all((prime >= -0.2) & (prime <= 1.2))

        check()

    @pytest.mark.parametrize("dtype", FLOATS)
    @settings(max_examples=40, deadline=None)
    @given(members=st.integers(1, 4), units=st.integers(1, 40), n=st.integers(1, 40))
    def test_a_stack_is_its_members_bit_for_bit(
        self, activation: Activation, dtype: Any, members: int, units: int, n: int
    ) -> None:
        z = (3 * inputs(members, units, n)).astype(dtype)
        z.flat[::7] = -0.0
        delta = inputs(members, units, n, seed=1).astype(dtype)
        a, back = forward(activation, z), backward(activation, z, delta)
        for k in range(members):
            whole = np.empty_like(z[k])
            with arithmetic():
                activation.activate(z[k], whole)
            assert a[k].tobytes() == whole.tobytes()
            assert back[k].tobytes() == backward(activation, z[k], delta[k]).tobytes()

    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("gap", range(1, 20))
    def test_the_layout_in_memory_does_not_count(
        self, activation: Activation, dtype: Any, gap: int
    ) -> None:
        for units, n in ((1, 1), (3, 1), (1, 3), (2, 3)):
            spread = inputs(5, units + gap, n).astype(dtype)
            z, delta, out = spread[:, :units], spread[:, -units:], np.zeros_like(spread)[:, :units]
            with arithmetic():
                activation.activate(z, out)
            assert same_bits(out, forward(activation, z.copy()))
            assert same_bits(
                backward(activation, z, delta), backward(activation, z.copy(), delta.copy())
            )

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(1,), (2, 3), (4, 1, 2)])
    def test_called_dtype_and_shape_are_kept_and_so_is_the_input(
        self, activation: Activation, dtype: Any, shape: tuple[int, ...]
    ) -> None:
        z = np.ones(shape, dtype)
        results = [activation(z)] if activation is softmax else [activation(z), activation.prime(z)]
        for result in results:
            assert (result.dtype, result.shape) == (dtype, shape)
            assert (z == 1).all()
            assert not np.shares_memory(z, result)

    def test_one_dtype_is_the_other_to_its_precision(self, activation: Activation) -> None:
        z, delta = (4 * inputs(5, 300)).astype(np.float32), inputs(5, 300).astype(np.float32)
        wide = z.astype(float), delta.astype(float)
        for a, b in (
            (activation(z.T), activation(wide[0].T)),
            (backward(activation, z, delta), backward(activation, *wide)),
        ):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, b, rtol=2e-6, atol=2e-6)

    def test_called_it_takes_rows(self, activation: Activation) -> None:
        z = inputs(6, 3)
        columns = forward(activation, np.ascontiguousarray(z.T)).T
        np.testing.assert_allclose(activation(z), columns, rtol=1e-15)
        assert activation(z.tolist()).tolist() == activation(z).tolist()
        assert activation(inputs(2, 6, 3)).shape == (2, 6, 3)

    @pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.uint16, np.int64, np.uint64])
    def test_integers_are_numbers_like_others(self, activation: Activation, dtype: Any) -> None:
        z = np.array([0, 1, 100, 200, 128, 255]).astype(dtype)
        expected = activation(z.astype(float))
        np.testing.assert_allclose(activation(z), expected, rtol=1e-6, atol=1e-40)


SIGMOIDS = [0.2689414213699951, 0.5, 0.8807970779778823]
TANHS = [-0.7615941559557649, 0, 0.9640275800758169]
GELUS = [-0.1588080093917233, 0, 1.9545976940877752]
KNOWN: list[tuple[Activation, list[float], list[float], list[float]]] = [
    (sigmoid, [-1, 0, 2], SIGMOIDS, [0.1966119, 0.25, 0.1049936]),
    (tanh, [-1, 0, 2], TANHS, [0.4199743, 1, 0.07065082]),
    (relu, [-2, -0.5, 0, 3], [0, 0, 0, 3], [0, 0, 0, 1]),
    (leaky_relu, [-2, -0.5, 0, 3], [-0.02, -0.005, 0, 3], [0.01, 0.01, 0.01, 1]),
    (gelu, [-1, 0, 2], GELUS, [-0.0829641, 0.5, 1.0860993]),
    (identity, [-2, 0, 3], [-2, 0, 3], [1, 1, 1]),
]


@pytest.mark.parametrize(
    ("activation", "z", "a", "prime"), KNOWN, ids=lambda v: getattr(v, "name", "")
)
def test_known_values(
    activation: Activation, z: list[float], a: list[float], prime: list[float]
) -> None:
    np.testing.assert_allclose(activation(np.array(z, float)), a, rtol=1e-14)
    np.testing.assert_allclose(activation.prime(np.array(z, float)), prime, rtol=2e-6)


def test_all_have_known_values() -> None:
    assert {case[0] for case in KNOWN} | {softmax} == set(ACTIVATIONS.values())


class TestSigmoid:
    @pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 87), (np.float64, 700)])
    def test_is_the_textbooks_to_a_few_ulp(self, dtype: Any, limit: float) -> None:
        far, near = np.linspace(-limit, limit, 4001), np.linspace(-4, 4, 4001)
        z = np.concatenate([far, near]).astype(dtype)
        expected = textbook(z)
        error = np.abs(sigmoid(z).astype(np.longdouble) - expected)
        assert np.max(error / np.spacing(expected.astype(dtype))) <= 4

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_is_a_share_at_the_ends_of_the_number_line(self, dtype: Any) -> None:
        z = np.array([*EXTREMES, np.finfo(dtype).tiny, np.finfo(dtype).max], dtype)
        assert np.all((sigmoid(z) >= 0.5) & (sigmoid(z) <= 1))
        assert np.all((sigmoid(-z) <= 0.5) & (sigmoid(-z) >= 0))
        assert np.all(np.abs(sigmoid(z) + sigmoid(-z) - 1) <= np.finfo(dtype).eps)
        assert sigmoid(z)[-1] == 1
        assert sigmoid(-z)[-1] == 0
        assert sigmoid.prime(z)[-1] == sigmoid.prime(-z)[-1] == 0

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_the_derivative_is_the_textbooks(self, dtype: Any) -> None:
        z = np.linspace(-30, 30, 2001).astype(dtype)
        expected = textbook(z) * (1 - textbook(z))
        assert np.max(np.abs(sigmoid.prime(z) - expected)) <= np.finfo(dtype).eps


class TestRectifiers:
    @pytest.mark.parametrize("activation", [relu, leaky_relu])
    def test_the_slope_at_zero_is_the_one_below_it(self, activation: Activation) -> None:
        below, *zeros = activation.prime([-1.0, -0.0, 0.0])
        assert zeros == [below, below]

    def test_a_zero_of_the_relu_is_no_negative_one(self) -> None:
        for n in range(1, 70):  # the loop's vectors, and what they leave
            assert not np.signbit(relu(np.full(n, -0.0, np.float32))).any()


class TestGelu:
    def test_is_the_one_with_erf_to_half_a_thousandth(self) -> None:
        z = np.linspace(-8, 8, 4001)
        expected = [v * (1 + math.erf(v / 2**0.5)) / 2 for v in z.tolist()]
        assert 4e-4 < np.max(np.abs(gelu(z) - expected)) < 5e-4

    @pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 8), (np.float64, 18)])
    def test_keeps_its_digits_far_below_zero(self, dtype: Any, limit: float) -> None:
        z = np.linspace(-limit, limit, 2001).astype(dtype)
        wide = z.astype(np.longdouble)
        u = np.sqrt(2 / np.longdouble(np.pi)) * (wide + np.longdouble(0.044715) * wide**3)
        expected = wide / (1 + np.exp(-2 * u))
        # exp(-2u) has as many ulp of error as 2u is large, for each rounding in u.
        np.testing.assert_allclose(gelu(z), expected, rtol=2000 * np.finfo(dtype).eps)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_the_derivative_is_a_step_away_from_zero(self, dtype: Any) -> None:
        z = np.array([*range(9, 60), 1e4, 1e19, 1e30, np.finfo(dtype).max], dtype)
        np.testing.assert_allclose(gelu.prime(z), 1, atol=1e-6)
        np.testing.assert_allclose(gelu.prime(-z), 0, atol=1e-6)


class TestSoftmax:
    def test_is_the_books(self) -> None:
        z = inputs(7, 5)
        expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(softmax(z), expected, rtol=1e-14)
        np.testing.assert_allclose(softmax([0.0, np.log(3)]), [0.25, 0.75], rtol=1e-15)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_shares_out_one_whatever_the_inputs(self, dtype: Any) -> None:
        shares = softmax(extremes(dtype).T)
        assert np.all(shares >= 0)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
        most = np.finfo(dtype).max
        assert softmax(np.array([most, -most, 0], dtype)).tolist() == [1, 0, 0]
        assert softmax(np.array([most, most], dtype)).tolist() == [0.5, 0.5]

    @pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
    def test_of_nothing_is_nothing(self, shape: tuple[int, ...]) -> None:
        for activation in ACTIVATIONS.values():
            assert same_bits(activation(np.zeros(shape)), np.zeros(shape))

    def test_does_not_change_with_a_shift(self) -> None:
        z = np.array([3.0, -1.0, 0.5])
        assert softmax(z + 1024).tobytes() == softmax(z).tobytes()

    def test_has_no_derivative_unit_by_unit(self) -> None:
        assert_refused(lambda: softmax.prime([1.0, 2.0]), "softmax has no elementwise derivative")


def test_the_activations_are_exported() -> None:
    names = ("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "identity", "softmax")
    assert [getattr(fnnet, name) for name in names] == list(ACTIVATIONS.values())
    assert as_activation(linear) is linear


@pytest.mark.parametrize("name", ["tanhh", "", "Sigmoid", None, 3, ["sigmoid"]])
def test_an_unknown_activation_is_told_which_ones_there_are(name: Any) -> None:
    assert_refused(lambda: as_activation(name), "activations is ", repr(name), *ACTIVATIONS)


@pytest.mark.parametrize("z", [["a"], [[1], [1, 2]], None])
def test_what_are_no_numbers_is_refused(z: Any) -> None:
    assert_refused(lambda: sigmoid(z), "z is ", "expected real numbers")


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


PLAIN: dict[str, tuple[Any, Any]] = {
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: z > 0),
    "leaky-relu": (lambda z: np.where(z > 0, z, z / 100), lambda z: np.where(z > 0, 1, 0.01)),
    "identity": (lambda z: z, lambda z: np.ones(z.shape, np.float32)),
}
"""Activations as a caller would write them: pure functions of rows that return arrays."""


@pytest.mark.parametrize("name", PLAIN)
class TestACallersOwn:
    @pytest.mark.parametrize("sizes", [(4, 3), (4, 5, 3), (4, 5, 6, 3), (4, 5, 1, 6, 3)])
    @pytest.mark.parametrize("seed", [0, (0, 1, 2)])
    @pytest.mark.parametrize("dropout", [0.0, 0.4])
    def test_trains_as_the_packages_does(
        self, name: str, sizes: tuple[int, ...], seed: Any, dropout: float
    ) -> None:
        mine, data = Activation("mine", *PLAIN[name]), dataset(23, sizes)
        drop = dropout if len(sizes) > 2 else (dropout,)
        config = fnnet.TrainConfig(epochs=2, eta=0.01, seed=seed, dropout=drop)
        found = []
        for activations in (name, mine, [mine] * (len(sizes) - 2) + [name]):
            params = fnnet.init(
                sizes,
                seed=seed,
                activations=activations,
                weights="scaled-normal",
                dtype=np.float64,
            )
            found.append(fnnet.train(fnnet.start(params, config), data, config).params.theta)
        assert close(found[1], found[0])
        assert close(found[2], found[0])

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_called_it_is_the_packages(self, name: str, dtype: Any) -> None:
        mine, own, z = Activation("mine", *PLAIN[name]), ACTIVATIONS[name], inputs(4, 3)
        for one, other in ((mine, own), (mine.prime, own.prime)):
            assert one(z.astype(dtype)).dtype == dtype
            np.testing.assert_allclose(one(z.astype(dtype)), other(z), rtol=1e-5)
            np.testing.assert_allclose(one(z[0].tolist()), other(z[0]), rtol=1e-14)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (None, "None: expected real numbers"),
        ("text", "'text': expected real numbers"),
        (1.0, "an array of shape ()"),
        (np.ones((3, 5)), "an array of shape (3, 5)"),  # columns
        (np.ones((1, 3)), "an array of shape (1, 3)"),  # would broadcast
        (np.ones((5, 3), complex), "an array of shape (5, 3) and dtype complex128"),
    ],
)
@pytest.mark.parametrize("part", ["f", "derivative"])
def test_what_a_callers_own_returns_is_checked(part: str, result: Any, told: str) -> None:
    functions: Any = {"f": np.tanh, "derivative": np.cos} | {part: lambda _: result}
    mine, x = Activation("mine", **functions), inputs(5, 4)
    params, message = (
        fnnet.init([4, 3], seed=0, activations=mine),
        f"result of mine.{part} is {told}",
    )
    call = mine if part == "f" else mine.prime
    assert_refused(lambda: call(x), message)
    assert_refused(lambda: fnnet.grads(params, x, [0] * 5), message)
    if part == "f":
        assert_refused(lambda: fnnet.predict(params, x), message)


@pytest.mark.parametrize("part", ["f", "derivative"])
@pytest.mark.parametrize("value", [3, None, "tanh"])
def test_what_is_no_function_is_refused(part: str, value: Any) -> None:
    functions: Any = {"f": np.tanh, "derivative": np.cos} | {part: value}
    assert_refused(lambda: Activation("mine", **functions), f"{part} is {value!r}")


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_called_they_are_silent_whatever_numpy_is_set_to(activation: Activation) -> None:
    z = np.array([-1e9, -90, 0, 90, 1e9])
    expected = activation(z)
    with np.errstate(over="raise", under="raise"):
        assert activation(z).tobytes() == expected.tobytes()


def test_an_evolved_activation_computes_its_new_function_in_a_network() -> None:
    mine = fnnet.Activation("mine", np.sin, np.cos)
    for old in (mine, fnnet.sigmoid):
        new = attrs.evolve(old, f=np.tanh, derivative=lambda z: 1 - np.tanh(z) ** 2)
        params = fnnet.init([3, 4, 2], seed=0, activations=new, dtype=np.float64)
        like = fnnet.Params(fnnet.Architecture.of([3, 4, 2], "tanh"), params.theta)
        x, y = inputs(5, 3), labels(5, classes=2)
        assert close(fnnet.grads(params, x, y).theta, fnnet.grads(like, x, y).theta)


def test_a_derivative_of_the_packages_own_does_not_bring_its_f() -> None:
    mine = fnnet.Activation("tanh + 1", lambda z: np.tanh(z) + 1, fnnet.tanh.derivative)
    params = fnnet.init([3, 4, 2], seed=0, activations=[mine, "sigmoid"], dtype=np.float64)
    assert relative_error(params, inputs(5, 3), labels(5, classes=2)) < 1e-12


def test_attributes_of_a_callers_function_are_not_looked_at() -> None:
    class Derivative:
        def __call__(self, z: Array) -> Array:
            return np.cos(z)

        def backward(self, *_: Array) -> None:
            raise AssertionError

        in_place = of_samples = f = backward

    mine = fnnet.Activation("sine", np.sin, Derivative())
    params = fnnet.init([3, 4, 2], seed=0, activations=mine, dtype=np.float64)
    assert relative_error(params, inputs(5, 3), labels(5, classes=2)) < 1e-12


def test_a_callers_function_cannot_write_to_its_argument() -> None:
    def cosine(z: Array) -> Array:
        return np.asarray(np.cos(z, out=z))

    z, x, y = np.ones(3), inputs(5, 3), labels(5, classes=2)
    for mine in (
        fnnet.Activation("writes", cosine, np.sin),
        fnnet.Activation("writes", np.sin, cosine),
    ):
        params = fnnet.init([3, 4, 2], seed=0, activations=mine, dtype=np.float64)
        with pytest.raises(ValueError, match="read-only"):
            fnnet.grads(params, x, y)
        with pytest.raises(ValueError, match="read-only"):
            _ = mine(z), mine.prime(z)
    assert z.tolist() == [1, 1, 1]


def test_a_function_of_another_number_of_arguments_is_refused() -> None:
    old: Any = lambda z, out: np.sin(z, out)  # noqa: E731  # in place, as fnnet 0.1 wanted it
    assert_refused(lambda: fnnet.Activation("old", old, np.cos), "f is", "of 1 argument")
    assert_refused(lambda: fnnet.Activation("old", np.sin, old), "derivative is")
    older: Any = lambda a, y, out: np.subtract(a, y, out)  # noqa: E731
    assert_refused(lambda: fnnet.Cost("old", np.add, older), "derivative is", "of 2 arguments")
