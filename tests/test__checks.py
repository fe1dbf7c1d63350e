from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet import Batch
from fnnet._checks import (
    InputError,
    array_of_numbers,
    finite_array,
    finite_number,
    integer,
    require,
)
from fnnet.datasets._book import read_book
from fnnet.datasets.mnist import read_idx
from tests._support import assert_refused


def test_a_condition_that_holds_is_silent() -> None:
    require(1, "n", 2, "what it is")


def test_a_refusal_says_argument_value_and_expectation() -> None:
    with pytest.raises(InputError, match=r"^n is 2: expected more than 3$"):
        require(False, "n", 2, "more than 3")


def test_an_input_error_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize(
    "value",
    [
        "two\nlines",
        [np.eye(2)],
        np.eye(3),
        Batch(np.eye(3), [0, 1, 2]),
        "long " * 100,
        {"key": np.zeros((2, 2))},
    ],
    ids=["text", "list", "array", "record", "long", "dict"],
)
def test_a_refusal_is_one_short_line_whatever_the_value(value: Any) -> None:
    assert_refused(lambda: require(False, "n", value, "a number"), "n is ", ": expected a number")
    with pytest.raises(InputError) as caught:
        require(False, "n", value, "a number")
    assert len(str(caught.value)) < 120


NO_FUNCTION: Any = 3


@pytest.mark.parametrize(
    "record",
    [
        lambda: fnnet.Activation("mine", NO_FUNCTION, fnnet.tanh.derivative),
        lambda: fnnet.Cost("mine", NO_FUNCTION, fnnet.quadratic.derivative),
        lambda: fnnet.Optimizer("mine", fnnet.sgd.init, NO_FUNCTION),
        lambda: fnnet.Schedule("mine", NO_FUNCTION),
        lambda: fnnet.Augmentation("mine", NO_FUNCTION),
        lambda: fnnet.Spread("mine", NO_FUNCTION),
    ],
)
def test_what_is_no_function_is_refused(record: Any) -> None:
    assert_refused(record, " is 3: expected a function")


class Unhashable:
    """A function as an object of a dataclass that is not frozen: it has no hash."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, *arrays: Any) -> None:
        arrays[-1][...] = 0


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (lambda f: fnnet.Activation("mine", f, fnnet.tanh.derivative), "f"),
        (lambda f: fnnet.Activation("mine", fnnet.tanh.f, f), "derivative"),
        (lambda f: fnnet.Cost("mine", f, fnnet.quadratic.derivative), "value"),
        (lambda f: fnnet.Cost("mine", fnnet.quadratic.value, f), "derivative"),
    ],
)
def test_functions_in_cache_keys_must_have_a_hash(record: Any, name: str) -> None:
    assert_refused(lambda: record(Unhashable()), f"{name} is <", "a function that can be hashed")


def test_integers_of_any_size_are_finite() -> None:
    finite_array("n", np.array([[2**31, 2**31], [-(2**63), 2**63 - 1]]))


@pytest.mark.parametrize("value", [0, 1, 10**30, np.int8(3), np.uint64(2**63), np.array(4)])
def test_integers_of_any_kind_become_ints(value: Any) -> None:
    result = integer("n", value, at_least=0)
    assert type(result) is int
    assert result == value


@pytest.mark.parametrize(
    "value", [-1, np.int64(-5), 1.0, np.float64(2), "1", None, True, np.True_, [1], 1j, b"1"]
)
def test_what_is_no_such_integer_is_refused(value: Any) -> None:
    assert_refused(lambda: integer("n", value, at_least=0), "n is ", repr(value), "of at least 0")


@pytest.mark.parametrize("value", [0, -3, 2.5, np.float32(0.5), np.int16(2), Fraction(1, 2)])
def test_finite_numbers_become_floats(value: Any) -> None:
    result = finite_number("eta", value)
    assert type(result) is float
    assert result == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -np.inf, "3", None, True, 1j, [1.0], Decimal(1), 10**400],
)
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    assert_refused(lambda: finite_number("eta", value), "eta is ", "expected a finite number")


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "expected"),
    [
        ({"above": 0}, [0.5, 9], [0, -1], "a finite number above 0"),
        ({"at_least": 0, "below": 1}, [0, 0.9], [-0.1, 1], "of at least 0 and below 1"),
        ({"above": 0, "at_most": 2.5}, [1, 2.5], [0, 2.6], "above 0 and of at most 2.5"),
    ],
)
def test_finite_numbers_keep_to_their_bounds(
    bounds: dict[str, float], inside: list[float], outside: list[float], expected: str
) -> None:
    assert [finite_number("eta", value, **bounds) for value in inside] == inside
    for value in outside:
        assert_refused(
            partial(finite_number, "eta", value, **bounds), f"eta is {value}: ", expected
        )


def test_integers_keep_to_their_bounds() -> None:
    assert [integer("n", n, at_least=1, at_most=3) for n in (1, 3)] == [1, 3]
    for n in (0, 4):
        expected = f"n is {n}: expected an integer of at least 1 and at most 3"
        assert_refused(partial(integer, "n", n, at_least=1, at_most=3), expected)


@pytest.mark.parametrize(
    ("shape", "place"), [((), "x"), ((3,), "x[1]"), ((2, 3), "x[1, 1]"), ((2, 2, 2), "x[1, 1, 1]")]
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_named(
    shape: tuple[int, ...], place: str, value: float
) -> None:
    array = np.zeros(shape)
    finite_array("x", array)
    array[(1,) * len(shape)] = value
    assert_refused(lambda: finite_array("x", array), f"{place} is {value}:", "finite")


def test_a_number_that_a_cast_made_infinite_is_shown_as_it_was() -> None:
    given = np.array([1.0, 1e300])
    with np.errstate(over="ignore"):
        cast = given.astype(np.float32)
    expected = "x[1] is 1e+300: expected numbers finite in float32"
    assert_refused(lambda: finite_array("x", cast, given), expected)


def test_masked_values_are_refused() -> None:
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    assert_refused(lambda: array_of_numbers("x", masked), "x is ", "expected no masked values")
    assert array_of_numbers("x", np.ma.masked_array([1.0])).tolist() == [1]


@pytest.mark.parametrize("path", [None, 3, b"a.npz", "a\0.npz", "\ud800.npz", ["a.npz"]])
@pytest.mark.parametrize(
    "call",
    [
        lambda path: fnnet.save_params(path, fnnet.init([2, 1], seed=0)),
        lambda path: fnnet.save_state(path, fnnet.TrainState(fnnet.init([2, 1], seed=0))),
        fnnet.load_params,
        fnnet.load_scaling,
        fnnet.load_state,
        fnnet.load_npz,
        fnnet.load_csv,
        fnnet.class_names,
        fnnet.load_mnist,
        read_idx,
        read_book,
    ],
)
def test_what_is_no_path_is_refused(call: Any, path: Any) -> None:
    assert_refused(lambda: call(path), f"path is {path!r}: expected a path")


api: Any = fnnet  # called with what its types forbid


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _p, b, _d: api.forward(b, b.x), "params is Batch(.*: expected a Params"),
        (lambda _p, b, _d: api.grads(3, b.x, b.y), "params is 3: expected a Params"),
        (lambda _p, b, _d: api.cost(None, b.x, b.y), "params is None: expected a Params"),
        (lambda p, _b, _d: api.sgd_step(p, 3.0, 1.0), "batch is 3.0: expected a Batch"),
        (lambda p, b, _d: api.evaluate(p, b), "dataset is Batch(.*: expected a Dataset"),
        (lambda _p, _b, d: api.evaluate(d, d), "params is Dataset(.*: expected a Params"),
        (lambda _p, _b, d: api.confusion_matrix(3, d), "params is 3: expected a Params"),
        (lambda _p, _b, _d: api.TrainState(None), "params is None: expected a Params"),
        (lambda p, _b, _d: api.start(p, 3), "config is 3: expected a TrainConfig"),
        (
            lambda p, _b, d: api.train(p, d, api.TrainConfig()),
            "state is Params.*: expected a Tr",
        ),
        (lambda _p, _b, _d: api.save_params("x", 3), "params is 3: expected a Params"),
        (lambda p, _b, _d: api.save_state("x", p), "state is Params.*: expected a TrainState"),
        (
            lambda _p, _b, _d: api.init([2, 1], seed=0, dtype=None),
            "dtype is None: expected float32",
        ),
    ],
)
def test_a_record_of_another_kind_is_refused(call: Any, message: str) -> None:
    batch = fnnet.Batch([[1.0, 2.0]], [0])
    dataset = fnnet.Dataset([[1.0, 2.0]], [0])
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        call(fnnet.init([2, 1], seed=0), batch, dataset)


def test_numbers_are_taken_while_another_thread_imports_masked_arrays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "numpy.ma", ModuleType("numpy.ma"))  # has begun
    assert array_of_numbers("x", [1, 2]).tolist() == [1, 2]
