"""A multi-layer perceptron of pure functions over frozen records, on NumPy."""

from fnnet.activations import (
    Activation,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from fnnet.augmentation import Augmentation, affine, augmentations, elastic, shifts
from fnnet.checks import InputError
from fnnet.config import TrainConfig
from fnnet.costs import (
    Cost,
    cross_entropy,
    huber,
    huber_beyond,
    log_likelihood,
    quadratic,
    squared_error,
)
from fnnet.datasets import (
    Batch,
    Dataset,
    Splits,
    download_mnist,
    load_digits,
    load_mnist,
    one_hot,
    smooth_labels,
    weigh_classes,
)
from fnnet.evaluation import Evaluation, confusion_matrix, evaluate, regression_report
from fnnet.initial import Spread, init
from fnnet.metrics import (
    ClassReport,
    RegressionReport,
    log_loss,
    mean_absolute_error,
    precision_recall_f1,
    r2_score,
    root_mean_squared_error,
    top_k_accuracy,
)
from fnnet.network import Forward, cost, cost_and_grads, forward, grads
from fnnet.optimizers import Optimizer, chain, descend, sgd, sgd_step
from fnnet.params import Architecture, Params, stack
from fnnet.prediction import predict, predict_proba
from fnnet.schedules import Schedule, constant, cosine, exponential, halving, step_decay
from fnnet.state import EpochReport, TrainState
from fnnet.storage import load_params, load_state, save_params, save_state
from fnnet.streams import shuffle
from fnnet.training import DivergenceError, start, train, trajectory
from fnnet.updates import (
    adam,
    adamw,
    clip_by_norm,
    clip_by_value,
    l1,
    l2,
    momentum,
    nesterov,
    rmsprop,
)

__all__ = [
    "Activation",
    "Architecture",
    "Augmentation",
    "Batch",
    "ClassReport",
    "Cost",
    "Dataset",
    "DivergenceError",
    "EpochReport",
    "Evaluation",
    "Forward",
    "InputError",
    "Optimizer",
    "Params",
    "RegressionReport",
    "Schedule",
    "Splits",
    "Spread",
    "TrainConfig",
    "TrainState",
    "adam",
    "adamw",
    "affine",
    "augmentations",
    "chain",
    "clip_by_norm",
    "clip_by_value",
    "confusion_matrix",
    "constant",
    "cosine",
    "cost",
    "cost_and_grads",
    "cross_entropy",
    "descend",
    "download_mnist",
    "elastic",
    "evaluate",
    "exponential",
    "forward",
    "gelu",
    "grads",
    "halving",
    "huber",
    "huber_beyond",
    "identity",
    "init",
    "l1",
    "l2",
    "leaky_relu",
    "load_digits",
    "load_mnist",
    "load_params",
    "load_state",
    "log_likelihood",
    "log_loss",
    "mean_absolute_error",
    "momentum",
    "nesterov",
    "one_hot",
    "precision_recall_f1",
    "predict",
    "predict_proba",
    "quadratic",
    "r2_score",
    "regression_report",
    "relu",
    "rmsprop",
    "root_mean_squared_error",
    "save_params",
    "save_state",
    "sgd",
    "sgd_step",
    "shifts",
    "shuffle",
    "sigmoid",
    "smooth_labels",
    "softmax",
    "squared_error",
    "stack",
    "start",
    "step_decay",
    "tanh",
    "top_k_accuracy",
    "train",
    "trajectory",
    "weigh_classes",
]

__version__ = "0.1.0"
