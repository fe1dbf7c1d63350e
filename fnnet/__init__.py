"""A multi-layer perceptron of pure functions over frozen records, on NumPy."""

from fnnet.activations import Activation, sigmoid
from fnnet.checks import InputError
from fnnet.costs import Cost, cross_entropy, quadratic
from fnnet.datasets import Batch, Dataset, Splits, download_mnist, load_digits, load_mnist, one_hot
from fnnet.evaluation import Evaluation, confusion_matrix, evaluate
from fnnet.network import Forward, cost, forward, grads
from fnnet.optimizers import sgd_step
from fnnet.params import Architecture, Params, init, stack
from fnnet.prediction import predict
from fnnet.storage import load_params, load_state, save_params, save_state
from fnnet.streams import shuffle
from fnnet.training import DivergenceError, TrainConfig, TrainState, start, train, trajectory

__all__ = [
    "Activation",
    "Architecture",
    "Batch",
    "Cost",
    "Dataset",
    "DivergenceError",
    "Evaluation",
    "Forward",
    "InputError",
    "Params",
    "Splits",
    "TrainConfig",
    "TrainState",
    "confusion_matrix",
    "cost",
    "cross_entropy",
    "download_mnist",
    "evaluate",
    "forward",
    "grads",
    "init",
    "load_digits",
    "load_mnist",
    "load_params",
    "load_state",
    "one_hot",
    "predict",
    "quadratic",
    "save_params",
    "save_state",
    "sgd_step",
    "shuffle",
    "sigmoid",
    "stack",
    "start",
    "train",
    "trajectory",
]

__version__ = "0.1.0"
