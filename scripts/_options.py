"""The options of train.py: names, help, and where `--help` shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fnnet.network.activations import ACTIVATIONS
from fnnet.network.costs import COSTS
from fnnet.network.initializers import BIASES, WEIGHTS


def _option(panel: str, help: str, *flags: str, **more: Any) -> Any:
    return typer.Option(*flags, help=help, rich_help_panel=panel, **more)


def _one_of(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


DATA = "The data"
NETWORK = "The network"
TRAINING = "Training"
LESS = "Against learning by heart"
RUN = "The run"

Target = Annotated[
    str | None,
    _option(
        DATA,
        "CSV: the column to learn, by name or number; for regression also several,with,commas.",
        show_default="the last one",
    ),
]
Task = Annotated[
    str | None,
    _option(DATA, "CSV: classification, binary or regression.", show_default="by the column"),
]
Header = Annotated[
    bool | None,
    _option(
        DATA, "CSV: whether the first row holds the columns' names.", show_default="by the rows"
    ),
]
Scale = Annotated[
    str, _option(DATA, "Of each feature: none, standard (mean 0, deviation 1) or min-max (0 to 1).")
]

Hidden = Annotated[str, _option(NETWORK, "Units of the hidden layers, or none.")]
HiddenActivation = Annotated[
    str | None,
    _option(
        NETWORK,
        f"Of the hidden layers, one for all or one each: {_one_of(ACTIVATIONS)}.",
        show_default="sigmoid",
    ),
]
OutputActivation = Annotated[
    str | None,
    _option(NETWORK, "Of the output layer.", show_default="by cost and task"),
]
Weights = Annotated[
    str | None,
    _option(
        NETWORK,
        f"The first weights: {_one_of(WEIGHTS)}.",
        show_default="standard-normal for sigmoid, he-normal for relu, leaky-relu and gelu, "
        "else scaled-normal",
    ),
]
Biases = Annotated[
    str | None,
    _option(
        NETWORK,
        f"The first biases: {_one_of(BIASES)}.",
        show_default="standard-normal for sigmoid, else zero",
    ),
]
Dtype = Annotated[str, _option(NETWORK, "float32 or float64.")]

Epochs = Annotated[int, _option(TRAINING, "Epochs in all.")]
BatchSize = Annotated[int, _option(TRAINING, "Samples in a mini batch.")]
Eta = Annotated[
    float | None, _option(TRAINING, "The learning rate.", show_default="by cost and optimizer")
]
CostName = Annotated[str, _option(TRAINING, f"One of {_one_of(COSTS)}.")]
OptimizerName = Annotated[
    str, _option(TRAINING, "sgd, momentum, nesterov, rmsprop, adam or adamw.")
]
Momentum = Annotated[
    float | None, _option(TRAINING, "Of momentum and nesterov.", show_default="0.9")
]
ScheduleName = Annotated[str, _option(TRAINING, "constant, step, exponential, cosine or halving.")]
WarmUp = Annotated[
    float | None, _option(TRAINING, "With cosine: epochs on the way up.", show_default="0")
]
ClipNorm = Annotated[float | None, _option(TRAINING, "The longest gradient.")]
ClipValue = Annotated[float | None, _option(TRAINING, "The largest number in a gradient.")]

L2 = Annotated[float, _option(LESS, "The book's lambda, of the weights' squares.")]
L1 = Annotated[float, _option(LESS, "The book's lambda, of the weights' sizes.")]
Decay = Annotated[float | None, _option(LESS, "With adamw.", show_default="0.01")]
Dropout = Annotated[
    str, _option(LESS, "Share of units left out: of the hidden layers, or of inputs,layer,layer.")
]
LabelSmoothing = Annotated[float, _option(LESS, "Share of the targets spread over all classes.")]
ClassWeights = Annotated[str, _option(LESS, "none or balanced: rare classes count more.")]
Augment = Annotated[str, _option(LESS, "Of square images: none, shifts, elastic, affine.")]
EarlyStopping = Annotated[
    int | None, _option(LESS, "Stop after so many epochs without a better validation score.")
]

SeedOption = Annotated[int, _option(RUN, "Of first weights, shuffling, dropout and augmentation.")]
Out = Annotated[
    Path | None, _option(RUN, "A folder for params.npz, state.npz and run.json, kept up to date.")
]
MonitorTraining = Annotated[
    bool,
    _option(
        RUN, "Put the training samples' cost and accuracy into run.json, too.", "--monitor-training"
    ),
]
Resume = Annotated[bool, _option(RUN, "Continue the run in --out.", "--resume")]
