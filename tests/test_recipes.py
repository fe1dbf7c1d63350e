"""Records that hold functions go through pickle and copy, and come out equal and at work."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import attrs
import pytest

import fnnet
from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import COSTS

DIGITS = fnnet.load_digits()

MADE: list[Any] = [
    *ACTIVATIONS.values(),
    *COSTS.values(),
    fnnet.huber_beyond(2.0),
    fnnet.sgd,
    fnnet.momentum(),
    fnnet.nesterov(0.5),
    fnnet.chain(fnnet.momentum()),
    fnnet.rmsprop(epsilon=1e-6),
    fnnet.adam(0.8, beta2=0.9),
    fnnet.adamw(0.1),
    fnnet.chain(fnnet.l2(0.1), fnnet.l1(0.1), fnnet.clip_by_norm(1), fnnet.clip_by_value(1)),
    fnnet.constant,
    fnnet.step_decay(2),
    fnnet.exponential(0.1),
    fnnet.cosine(9, warm_up=2),
    fnnet.halving(2, least=0.1),
    fnnet.elastic(shape=(8, 8)),
]


@pytest.mark.parametrize("record", MADE, ids=lambda record: record.name)
def test_a_record_goes_through_pickle_and_copy(record: Any) -> None:
    for again in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record), copy.copy(record)):
        assert again == record
        assert hash(again) == hash(record)
        assert type(again) is type(record)
        assert pickle.loads(pickle.dumps(again)) == record


def test_a_config_trains_the_same_in_another_process() -> None:
    config = fnnet.TrainConfig(
        epochs=2,
        eta=0.01,
        cost=fnnet.huber_beyond(0.5),
        optimizer=fnnet.chain(fnnet.l2(0.01), fnnet.adam(0.8)),
        schedule=fnnet.cosine(3, warm_up=0.5),
        augment=fnnet.shifts(shape=(8, 8)),
    )
    state = fnnet.start(fnnet.init([64, 5, 10], seed=0, activations=["gelu", "softmax"]), config)
    code = (
        "import fnnet, pickle, sys\n"
        "state, config = pickle.load(sys.stdin.buffer)\n"
        "print(fnnet.train(state, fnnet.load_digits().train, config).params.digest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((state, config)),
        capture_output=True,
        check=True,
    )
    expected = fnnet.train(state, DIGITS.train, config).params.digest()
    assert done.stdout.decode().strip() == expected


def test_what_is_made_of_another_is_not_pickled_as_that() -> None:
    def doubled(history: Any) -> Any:
        factor = fnnet.cosine(9).given(history)
        return lambda epoch: 2 * factor(epoch)

    changed = attrs.evolve(fnnet.cosine(9), name="doubled", given=doubled)
    with pytest.raises((pickle.PicklingError, AttributeError), match="doubled"):
        pickle.dumps(changed)
    again = copy.copy(changed)
    assert again(0.0) == changed(0.0) == 2
    warmer = attrs.evolve(fnnet.exponential(0.1), given=fnnet.constant.given)
    assert copy.copy(warmer)(5.0) == 1


def test_what_is_made_of_ones_own_functions_says_that_it_cannot_be_pickled() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(fnnet.Schedule("mine", lambda _history: lambda _epoch: 1.0))
