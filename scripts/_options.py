"""The options of train.py, as --help shows them: in panels, with names and limits."""

from typing import Any, Literal, get_args

import typer

TaskName = Literal["classification", "binary", "regression"]
ActivationName = Literal["sigmoid", "tanh", "relu", "leaky-relu", "gelu", "identity", "softmax"]
_Normal = Literal["standard-normal", "scaled-normal", "glorot-normal", "he-normal"]
WeightsName = Literal[_Normal, "glorot-uniform", "he-uniform"]
BiasesName = Literal["standard-normal", "zero"]
DtypeName = Literal["float32", "float64"]
CostName = Literal["quadratic", "squared-error", "cross-entropy", "log-likelihood", "huber"]
OptimizerName = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "exponential", "cosine", "halving"]


def _option(panel: str, help: str, *flags: str, one_of: Any = None, **more: Any) -> Any:
    """An option in a panel of --help; `one_of` is the Literal with its names."""
    if one_of is not None:
        *first, last = get_args(one_of)
        help, more = f"{help}: {', '.join(first)} or {last}.", {"metavar": "NAME", **more}
    return typer.Option(*flags, help=help, rich_help_panel=panel, **more)


TARGET = _option(
    "Data",
    "The CSV's column to learn, by name or number; for regression several, with commas.",
    metavar="COLUMN",
    show_default="the last",
)
TASK = _option("Data", "What to learn from a CSV", one_of=TaskName, show_default="by the column")
HEADER = _option("Data", "Whether a CSV's first row names the columns.", show_default="by the rows")
SCALE = _option(
    "Data",
    "Scale each feature: standard, to mean 0 and deviation 1; min-max, to 0 to 1; or none.",
    metavar="NAME",
)

HIDDEN = _option("Network", "The units of each hidden layer, or none.", metavar="N,N,...")
ACTIVATION = _option(
    "Network",
    "The activation of the hidden layers, one for all or one for each",
    one_of=ActivationName,
    metavar="NAME,...",
    show_default="sigmoid",
)
OUTPUT = _option(
    "Network",
    "The activation of the output layer.",
    metavar="NAME",
    show_default="by cost and task",
)
WEIGHTS = _option(
    "Network",
    "How the first weights are drawn",
    one_of=WeightsName,
    show_default="standard-normal for sigmoid; he-normal for relu, leaky-relu and gelu; "
    "else scaled-normal",
)
BIASES = _option(
    "Network",
    "How the first biases are drawn",
    one_of=BiasesName,
    show_default="standard-normal for sigmoid, else zero",
)
DTYPE = _option("Network", "The type of the network's numbers", one_of=DtypeName)

EPOCHS = _option("Training", "The number of epochs in all.", min=0)
BATCH_SIZE = _option("Training", "The number of samples in a mini batch.", min=1)
ETA = _option("Training", "The learning rate.", show_default="by cost, optimizer and task")
COST = _option("Training", "The cost to minimize", one_of=CostName)
OPTIMIZER = _option("Training", "How the gradient becomes a step", one_of=OptimizerName)
MOMENTUM = _option(
    "Training", "The mu of momentum and nesterov, below 1.", min=0, show_default="0.9"
)
SCHEDULE = _option("Training", "How the learning rate changes over the epochs", one_of=ScheduleName)
WARM_UP = _option(
    "Training",
    "The number of epochs in which cosine first raises the learning rate.",
    min=0,
    show_default="0",
)
CLIP_NORM = _option("Training", "Clip the gradient to this norm.", min=0)
CLIP_VALUE = _option("Training", "Clip each number of the gradient to this size.", min=0)

L2 = _option("Regularization", "The L2 penalty on the weights, the book's lambda.", min=0)
L1 = _option("Regularization", "The L1 penalty on the weights, the book's lambda.", min=0)
DECAY = _option("Regularization", "The weight decay of adamw.", min=0, show_default="0.01")
DROPOUT = _option(
    "Regularization",
    "The share of the hidden units that each step leaves out; or the shares of the inputs and of "
    "each hidden layer; or none.",
    metavar="SHARE,...",
)
LABEL_SMOOTHING = _option(
    "Regularization", "The share of each target that is spread over all classes.", min=0
)
CLASS_WEIGHTS = _option(
    "Regularization",
    "Weigh the samples: balanced, so that all classes count the same; or none.",
    metavar="NAME",
)
AUGMENT = _option(
    "Regularization",
    "Change square images at random: shifts, elastic, affine, or several of them; or none.",
    metavar="NAME,...",
)
EARLY_STOPPING = _option(
    "Regularization", "Stop when the validation score has not improved for this many epochs.", min=1
)

SEED = _option("Run", "The seed of first weights, shuffling, dropout and augmentation.", min=0)
OUT = _option("Run", "The folder for params.npz, state.npz, run.json and history.jsonl.")
MONITOR_TRAINING = _option(
    "Run", "Evaluate the training samples for the history, too.", "--monitor-training"
)
RESUME = _option(
    "Run", "Continue the run in --out. Repeat its options; --epochs may differ.", "--resume"
)
