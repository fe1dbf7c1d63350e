"""A run's settings: what they refuse, what names stand for, and their way to another process."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import attrs
import pytest

import fnnet
from fnnet import TrainConfig
from fnnet.network.costs import COSTS
from fnnet.training.optimizers import OPTIMIZERS
from fnnet.training.schedules import SCHEDULES
from tests._support import assert_refused


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"epochs": -1}, "epochs is -1: expected an integer of at least 0"),
        ({"epochs": 1.0}, "epochs is 1.0: expected an integer"),
        ({"epochs": True}, "epochs is True: expected an integer"),
        ({"epochs": "3"}, "epochs is '3': expected an integer"),
        ({"epochs": None}, "epochs is None: expected an integer"),
        ({"batch_size": 0}, "batch_size is 0: expected an integer of at least 1"),
        ({"batch_size": 2.5}, "batch_size is 2.5: expected an integer"),
        ({"batch_size": False}, "batch_size is False: expected an integer"),
        ({"batch_size": "10"}, "batch_size is '10': expected an integer"),
        ({"eta": float("nan")}, "eta is nan: expected a finite number"),
        ({"eta": float("inf")}, "eta is inf: expected a finite number"),
        ({"eta": "3"}, "eta is '3': expected a finite number"),
        ({"eta": True}, "eta is True: expected a finite number"),
        ({"eta": 10**400}, "expected a finite number"),
        ({"eta": 0}, "eta is 0: expected a finite number above 0"),
        ({"eta": -3.0}, "eta is -3.0: expected a finite number above 0"),
        ({"seed": -1}, "seed is -1: expected an integer of at least 0"),
        ({"seed": ()}, "seed is empty"),
        ({"seed": (0, -1)}, "seed[1] is -1"),
        ({"seed": "0"}, "seed is '0'"),
        ({"seed": None}, "seed is None"),
        ({"optimizer": "adm"}, "optimizer is 'adm': expected an Optimizer, or one of sgd"),
        ({"optimizer": fnnet.adam}, "optimizer is <function adam"),
        ({"schedule": "sine"}, "schedule is 'sine': expected a Schedule, or one of constant"),
        ({"schedule": None}, "schedule is None: expected a Schedule, or one of constant"),
        ({"schedule": fnnet.cosine}, "schedule is <function cosine"),
        ({"schedule": "step", "epochs": 10**400}, "expected a finite number"),
        ({"augment": fnnet.shifts}, "augment is <function shifts"),
        ({"cost": "cubic"}, "cost is 'cubic': expected a Cost, or one of quadratic"),
        ({"patience": 0}, "patience is 0: expected an integer of at least 1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(changes: dict[str, Any], fragment: str) -> None:
    assert_refused(lambda: TrainConfig(**changes), fragment)


def test_is_frozen_and_equal_by_its_settings() -> None:
    config = TrainConfig()
    for name in ("epochs", "seed", "optimizer"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(config, name, 1)
    assert config == TrainConfig(epochs=30, batch_size=10, eta=3.0, seed=0)
    assert hash(config) == hash(TrainConfig(epochs=30))
    assert TrainConfig(seed=[1, 2]).seed == (1, 2)
    assert config != TrainConfig(
        optimizer=fnnet.Optimizer("sgd", fnnet.sgd.init, fnnet.adam().update)
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_name_stands_for_it(name: str) -> None:
    made = getattr(fnnet, name)
    made = made if name == "sgd" else made()
    assert TrainConfig(optimizer=name) == TrainConfig(optimizer=made)
    assert TrainConfig(optimizer=name).optimizer == made


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedules_name_stands_for_it_over_the_epochs(name: str) -> None:
    made = {
        "constant": fnnet.constant,
        "step": fnnet.step_decay(3),
        "exponential": fnnet.exponential(1 / 3),
        "cosine": fnnet.cosine(11),
        "halving": fnnet.halving(),
    }[name]
    config = TrainConfig(epochs=11, schedule=name)
    assert config == TrainConfig(epochs=11, schedule=made)
    # A part of the run has the schedule of the whole.
    assert attrs.evolve(config, epochs=2).schedule == made


AUGMENT = fnnet.augmentations(fnnet.elastic(shape=(8, 8)), fnnet.affine(shape=(8, 8)))
CONFIGS: dict[str, TrainConfig] = {
    **{f"cost {name}": TrainConfig(cost=name) for name in COSTS},
    "cost of a caller's threshold": TrainConfig(cost=fnnet.huber_beyond(2.0)),
    **{f"optimizer {name}": TrainConfig(optimizer=name) for name in OPTIMIZERS},
    **{f"schedule {name}": TrainConfig(schedule=name) for name in SCHEDULES},
    "seeds, dropout and augmentation": TrainConfig(
        seed=(0, 1), dropout=(0.1, 0.2), augment=AUGMENT
    ),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_goes_through_pickle_and_copy(config: TrainConfig) -> None:
    for again in (pickle.loads(pickle.dumps(config)), copy.deepcopy(config), copy.copy(config)):
        assert again == config
        assert hash(again) == hash(config)
        assert pickle.loads(pickle.dumps(again)) == config


def test_trains_the_same_in_another_process() -> None:
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
    expected = fnnet.train(state, fnnet.load_digits().train, config).params.digest()
    assert done.stdout.decode().strip() == expected
