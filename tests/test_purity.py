"""Whatever is called, in whatever order: arguments and records stay, and so do the results."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnnet
from fnnet._records import Array
from fnnet.evaluation.gradient_check import complex_step, relative_error
from tests._support import arrays_in, bytes_of, inputs, labels

SIZES = (3, 4, 2)
ARCHITECTURE = fnnet.Architecture.of(SIZES)
LABELLED = fnnet.Dataset(inputs(4, 3), [0, 1, 1, 1])


@attrs.define
class Arguments:
    """Everything the public functions take; x, y and theta are arrays that can be written to."""

    theta: Array
    x: Array
    y: Array
    params: fnnet.Params
    batch: fnnet.Batch
    data: fnnet.Dataset
    config: fnnet.TrainConfig
    state: fnnet.TrainState
    folder: Path

    @classmethod
    def of(cls, theta: Array, x: Array, y: Array, folder: Path) -> Arguments:
        classes = SIZES[-1] if y.dtype == np.int64 else None
        params = fnnet.Params(ARCHITECTURE, theta)
        config = fnnet.TrainConfig(epochs=2, batch_size=3, seed=1)
        batch, data = fnnet.Batch(x, y), fnnet.Dataset(x, y, classes=classes)
        state = fnnet.start(params, config)
        return cls(theta, x, y, params, batch, data, config, state, folder)


def _saved(a: Arguments) -> Any:
    fnnet.save_state(a.folder / "state", a.state)
    fnnet.save_params(a.folder / "params", a.params)
    return fnnet.load_state(a.folder / "state"), fnnet.load_params(a.folder / "params")


FUNCTIONS: dict[str, Callable[[Arguments], Any]] = {
    "Params": lambda a: fnnet.Params(ARCHITECTURE, a.theta),
    "Batch": lambda a: fnnet.Batch(a.x, a.y),
    "Dataset": lambda a: fnnet.Dataset(a.x, a.y, classes=a.data.classes),
    "Splits": lambda a: fnnet.Splits(a.data, a.data, a.data),
    "batch": lambda a: a.data.batch([1, 0]),
    "init": lambda _: fnnet.init(SIZES, seed=[0, 1]),
    "stack": lambda a: fnnet.stack([a.params, a.params]),
    "member": lambda a: fnnet.stack([a.params, a.params])[1],
    "shuffle": lambda a: fnnet.shuffle(len(a.data), seed=a.config.seed, epoch=1),
    "one_hot": lambda _: fnnet.one_hot(np.array([1, 0]), 2),
    "sigmoid": lambda a: (fnnet.sigmoid(a.x), fnnet.sigmoid.prime(a.x)),
    "forward": lambda a: fnnet.forward(a.params, a.x),
    "forward of one": lambda a: fnnet.forward(a.params, a.x[0]),
    "forward of a record": lambda a: fnnet.forward(a.params, a.batch.x),
    "predict": lambda a: fnnet.predict(a.params, a.x),
    "predict_proba": lambda a: fnnet.predict_proba(a.params, a.x),
    "top_k_accuracy": lambda a: np.asarray(fnnet.top_k_accuracy(a.x, np.zeros(len(a.x), int), 2)),
    "precision_recall_f1": lambda a: fnnet.precision_recall_f1(
        fnnet.confusion_matrix(a.params, a.data)
    ),
    "log_loss": lambda a: np.asarray(fnnet.log_loss(fnnet.softmax(a.x), np.zeros(len(a.x), int))),
    "r2_score": lambda a: np.asarray(fnnet.r2_score(a.x, -a.x)),
    "mean_absolute_error": lambda a: np.asarray(fnnet.mean_absolute_error(a.x, -a.x)),
    "root_mean_squared_error": lambda a: np.asarray(fnnet.root_mean_squared_error(a.x, -a.x)),
    "regression_report": lambda a: fnnet.regression_report(
        a.params, fnnet.Dataset(a.x, a.x[:, :2])
    ),
    "cost": lambda a: np.asarray(fnnet.cost(a.params, a.x, a.y)),
    "grads": lambda a: fnnet.grads(a.params, a.x, a.y),
    "cost_and_grads": lambda a: [
        np.asarray(part) if isinstance(part, np.generic) else part
        for part in fnnet.cost_and_grads(a.params, a.x, a.y)
    ],
    "descend": lambda a: fnnet.descend(a.params, a.theta, 0.5),
    "subset": lambda _: fnnet.subset(LABELLED, [1, 0]),
    "split": lambda _: fnnet.split(LABELLED, stratified=False),
    "standardisation": lambda a: fnnet.standardisation(
        fnnet.Dataset(a.x, a.y, classes=a.data.classes)
    ),
    "min_max": lambda a: fnnet.min_max(a.data),
    "apply_scaling": lambda a: fnnet.apply_scaling(fnnet.min_max(a.data), a.data),
    "smooth_labels": lambda _: fnnet.smooth_labels(LABELLED, 0.1),
    "weigh_classes": lambda _: fnnet.weigh_classes(LABELLED),
    "sgd_step": lambda a: fnnet.sgd_step(a.params, a.batch, 3.0),
    "evaluate": lambda a: fnnet.evaluate(a.params, a.data),
    "evaluate a stack": lambda a: fnnet.evaluate(fnnet.stack([a.params, a.params]), a.data),
    "confusion_matrix": lambda a: fnnet.confusion_matrix(a.params, a.data),
    "train": lambda a: fnnet.train(a.state, a.data, a.config),
    "trajectory": lambda a: list(fnnet.trajectory(a.state, a.data, a.config)),
    "complex_step": lambda a: complex_step(a.params, a.x, a.y),
    "relative_error": lambda a: np.asarray(relative_error(a.params, a.x, a.y)),
    "save and load": _saved,
    "load_digits": lambda _: fnnet.load_digits(),
}
"""Every public function that computes something, as a function of the arguments above."""

ARRAYS = {"shuffle", "one_hot", "sigmoid", "predict", "predict_proba"}
RECORDS = [name for name in FUNCTIONS if name not in ARRAYS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("purity")


def writable(n: int, seed: int, as_labels: bool) -> tuple[Array, Array, Array]:
    y = labels(n, classes=2, seed=seed) if as_labels else inputs(n, 2, seed=seed)
    return inputs(ARCHITECTURE.n_parameters, seed=seed), inputs(n, 3, seed=seed), y


def arguments(folder: Path, n: int = 7, seed: int = 0, as_labels: bool = True) -> Arguments:
    return Arguments.of(*writable(n, seed, as_labels), folder)


def test_every_public_function_is_here() -> None:
    called = {name.split()[0] for name in FUNCTIONS}
    elsewhere = {"start", "chain", "huber_beyond", "class_names", "download_mnist"}
    elsewhere |= {name for name in fnnet.__all__ if name.startswith(("load_", "save_"))}
    # Classes, and what the tests of its kind hold to purity one by one.
    kinds = (type, fnnet.Activation, fnnet.Cost, fnnet.Optimizer, fnnet.Schedule)
    modules = ("fnnet.training.optimizers", "fnnet.training.schedules", "fnnet.augmentation")
    for name in fnnet.__all__:
        value = getattr(fnnet, name)
        if isinstance(value, kinds) or value.__module__.startswith(modules):
            elsewhere.add(name)
    assert set(fnnet.__all__) - elsewhere <= called


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_argument_is_changed(name: str, folder: Path) -> None:
    @settings(max_examples=8, deadline=None)
    @given(n=st.integers(2, 12), seed=st.integers(0, 99), as_labels=st.booleans())
    def check(n: int, seed: int, as_labels: bool) -> None:
        given_to = arguments(folder, n, seed, as_labels)
        before = bytes_of(given_to)
        FUNCTIONS[name](given_to)
        assert bytes_of(given_to) == before
        assert given_to.x.flags.writeable
        assert given_to.y.flags.writeable
        assert given_to.theta.flags.writeable

    check()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_result_is_a_window_on_a_callers_array(name: str, folder: Path) -> None:
    given_to = arguments(folder)
    result = FUNCTIONS[name](given_to)
    before = bytes_of(result)
    for array in (given_to.theta, given_to.x, given_to.y):
        array[...] = 1
    assert bytes_of(result) == before
    callers = (given_to.theta, given_to.x, given_to.y)
    assert not any(np.shares_memory(a, b) for a in arrays_in(result) for b in callers)


def is_read_only(array: Array) -> bool:
    """Whether neither the array nor one that it is a view of can be written to."""
    below = array.base
    return not array.flags.writeable and (not isinstance(below, np.ndarray) or is_read_only(below))


COPIES: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda record: record,
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "pickled": lambda record: pickle.loads(pickle.dumps(record)),
    "pickled of old": lambda record: pickle.loads(pickle.dumps(record, 2)),
}


def fields_of(value: Any) -> Any:
    """The arrays' records without what their properties compute anew."""
    return value if isinstance(value, Sequence) else [value]


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", RECORDS)
def test_every_array_of_a_record_is_read_only(name: str, way: str, folder: Path) -> None:
    for record in fields_of(FUNCTIONS[name](arguments(folder))):
        if not attrs.has(type(record)):
            continue
        other = COPIES[way](record)
        assert other == record
        assert bytes_of(other) == bytes_of(record)
        assert all(map(is_read_only, stored_in(other)))


def stored_in(record: Any) -> list[Array]:
    """The arrays in a record's fields, and in those of its records, with their views."""
    values = [getattr(record, field.name) for field in attrs.fields(type(record))]
    if isinstance(record, fnnet.Params):
        values += [record.weights, record.biases]
    if isinstance(record, fnnet.Forward):
        values += [record.output]
    found = []
    for value in values:
        found += stored_in(value) if attrs.has(type(value)) else list(arrays_in(value))
    return found


@pytest.mark.parametrize("name", RECORDS)
def test_no_field_can_be_assigned_or_deleted(name: str, folder: Path) -> None:
    for record in fields_of(FUNCTIONS[name](arguments(folder))):
        if not attrs.has(type(record)):
            continue
        for field in attrs.fields(type(record)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(record, field.name, None)
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                delattr(record, field.name)
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            record.something_new = 1


def test_no_array_of_a_record_can_be_made_writable_by_its_flag(folder: Path) -> None:
    a = arguments(folder)
    for record in (a.params, a.batch, a.data, fnnet.forward(a.params, a.x)):
        for array in stored_in(record):
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True


def test_no_result_depends_on_what_was_called_before(folder: Path) -> None:
    expected = {name: bytes_of(call(arguments(folder))) for name, call in FUNCTIONS.items()}

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(sorted(FUNCTIONS)), min_size=2, max_size=8))
    def check(names: list[str]) -> None:
        a = arguments(folder)
        for name in names:
            assert bytes_of(FUNCTIONS[name](a)) == expected[name]

    check()


def test_numpys_settings_and_its_global_generator_are_left_alone(folder: Path) -> None:
    errors, printing = np.geterr(), np.get_printoptions()
    state = repr(np.random.get_state())  # noqa: NPY002  # the one that must not be touched
    for call in FUNCTIONS.values():
        call(arguments(folder))
    assert np.geterr() == errors
    assert np.get_printoptions() == printing
    assert repr(np.random.get_state()) == state  # noqa: NPY002
