"""The published results, a record each."""

from itertools import product
from typing import Any

import attrs

import fnnet
from _reproduce.experiment import Experiment, Settings
from _reproduce.notebook import PRINTED, as_published

_LISTING = Experiment(
    name="notebook",
    title="the notebook, as its listing computes",
    source="The notebook's printed run",
    sizes=(784, 16, 16, 10),
    settings=(
        Settings(config=fnnet.TrainConfig(epochs=23, batch_size=10, eta=3.0, cost="quadratic")),
    ),
    published=PRINTED,
    of="each",
    within=3.0,
    note="A step goes along the last sample's gradient, divided by the batch size.",
    seeds=10,
    stacked=10,
    trajectory=as_published,
)
_DONE_RIGHT = attrs.evolve(
    _LISTING,
    name="notebook-mean",
    title="the notebook, done right",
    source="The notebook's run, along the mean gradient",
    published=(),
    note="",
    trajectory=fnnet.trajectory,
)

_HALF_SQUARES = fnnet.TrainConfig(epochs=30, batch_size=10, eta=3.0, cost="squared-error")
_ENTROPY = attrs.evolve(_HALF_SQUARES, eta=0.5, cost="cross-entropy")
_LAMBDA_5 = attrs.evolve(_ENTROPY, optimizer=fnnet.l2(5 / 50_000))
_SLOWER = attrs.evolve(_LAMBDA_5, eta=0.1, epochs=60)
_FIRST_EPOCH = attrs.evolve(_SLOWER, epochs=1)


def _book(
    name: str,
    chapter: int,
    units: int,
    told: str,
    config: fnnet.TrainConfig,
    printed: float,
    weights: str = "standard-normal",
    **more: Any,
) -> Experiment:
    return Experiment(
        name=name,
        title=f"book, ch. {chapter}: {units} units{told}",
        source=f"M. Nielsen, Neural Networks and Deep Learning, chapter {chapter}",
        sizes=(784, units, 10),
        settings=(Settings(config=config, weights=weights),),
        published=(printed,),
        seeds=10,
        **more,
    )


_ON_VALIDATION = {"on": "validation", "note": "The book's figure is for the validation images."}
_ONE_EPOCH = {**_ON_VALIDATION, "of": "first"}
_SCALED, _OLD = ", scaled start, first epoch", ", old start, first epoch"
_BOOK = (
    _book("book-30", 1, 30, "", _HALF_SQUARES, 95.42),
    _book("book-100", 1, 100, "", _HALF_SQUARES, 96.59),
    _book("entropy-30", 3, 30, ", cross-entropy", _ENTROPY, 95.49),
    _book("entropy-100", 3, 100, ", cross-entropy", _ENTROPY, 96.82),
    _book("lambda-30", 3, 30, ", lambda 5", _LAMBDA_5, 96.49),
    _book("lambda-100", 3, 100, ", lambda 5", _LAMBDA_5, 97.92, **_ON_VALIDATION),
    _book("lambda-100-slower", 3, 100, ", lambda 5, eta 0.1", _SLOWER, 98.04, **_ON_VALIDATION),
    _book(
        "scaled-30", 3, 30, _SCALED, _FIRST_EPOCH, 93.0, "scaled-normal", within=0.5, **_ONE_EPOCH
    ),
    _book("unscaled-30", 3, 30, _OLD, _FIRST_EPOCH, 87.0, unit="under", **_ONE_EPOCH),
)

_LECUN = tuple(
    Experiment(
        name=f"lecun-{'-'.join(map(str, hidden))}",
        title=f"LeCun 1998: {', '.join(map(str, hidden))} units",
        source="The table at MNIST's site, after Y. LeCun et al., Gradient-Based Learning, 1998",
        sizes=(784, *hidden, 10),
        settings=tuple(
            Settings(
                config=fnnet.TrainConfig(epochs=20, batch_size=10, eta=eta, cost="squared-error"),
                weights="scaled-normal",
                biases="zero",
                hidden=units,
            )
            for units, eta in product(("tanh", "sigmoid"), (0.1, 0.3, 1.0, 3.0, 10.0))
        ),
        published=(error,),
        unit="error",
        of="validated",
        note="The paper has units of 1.7159 tanh(2x/3), a rate for each weight, normalized pixels "
        "and 60,000 images to train; it is 50,000 here, and units and rate are chosen.",
        trial=3,
        stacked=1,
    )
    for hidden, error in (((300,), 4.7), ((1000,), 4.5), ((300, 100), 3.05), ((500, 150), 2.95))
)

_SIMARD = Experiment(
    name="simard",
    title="Simard 2003: 800 units",
    source="P. Simard et al., Best Practices for Convolutional Neural Networks, 2003",
    sizes=(784, 800, 10),
    settings=tuple(
        Settings(
            config=fnnet.TrainConfig(
                epochs=40,
                batch_size=128,
                eta=eta,
                cost="log-likelihood",
                optimizer=fnnet.chain(fnnet.l2(decay), fnnet.momentum(0.9)),
            ),
            schedule=fnnet.cosine,
            weights="he-normal",
            biases="zero",
            hidden="relu",
            output="softmax",
        )
        for eta, decay in product((0.05, 0.1, 0.2, 0.4), (1e-5, 1e-4))
    ),
    published=(1.6,),
    unit="error",
    of="validated",
    note="The paper's are the layers and cross-entropy; all else is ours, rate and decay chosen.",
    trial=10,
    stacked=1,
)
_ELASTIC = attrs.evolve(
    _SIMARD,
    name="simard-elastic",
    title="Simard 2003: 800 units, elastic distortions",
    settings=tuple(
        settings.changed(epochs=100, augment=fnnet.elastic(shape=(28, 28)))
        for settings in _SIMARD.settings
    ),
    published=(0.7,),
    note="The paper's are the layers, cross-entropy, and alpha and sigma of the distortions; all "
    "else is ours, rate and decay chosen.",
    seeds=3,
)

EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (_LISTING, _DONE_RIGHT, *_BOOK, *_LECUN, _SIMARD, _ELASTIC)
}
"""By their names."""
