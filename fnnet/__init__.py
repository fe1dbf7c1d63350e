"""A multi-layer perceptron of pure functions over frozen records, on NumPy.

A public name is imported when it is first used (PEP 562): a program pays for what it needs.
"""

from typing import TYPE_CHECKING

from fnnet.rooms import served

if TYPE_CHECKING:  # the same names, for those who read the types
    from fnnet.activations import Activation as Activation
    from fnnet.activations import gelu as gelu
    from fnnet.activations import identity as identity
    from fnnet.activations import leaky_relu as leaky_relu
    from fnnet.activations import relu as relu
    from fnnet.activations import sigmoid as sigmoid
    from fnnet.activations import softmax as softmax
    from fnnet.activations import tanh as tanh
    from fnnet.augmentation import Augmentation as Augmentation
    from fnnet.augmentation import affine as affine
    from fnnet.augmentation import augmentations as augmentations
    from fnnet.augmentation import elastic as elastic
    from fnnet.augmentation import shifts as shifts
    from fnnet.checks import InputError as InputError
    from fnnet.config import TrainConfig as TrainConfig
    from fnnet.costs import Cost as Cost
    from fnnet.costs import cross_entropy as cross_entropy
    from fnnet.costs import huber as huber
    from fnnet.costs import huber_beyond as huber_beyond
    from fnnet.costs import log_likelihood as log_likelihood
    from fnnet.costs import quadratic as quadratic
    from fnnet.costs import squared_error as squared_error
    from fnnet.datasets import Batch as Batch
    from fnnet.datasets import Dataset as Dataset
    from fnnet.datasets import Scaling as Scaling
    from fnnet.datasets import Splits as Splits
    from fnnet.datasets import apply_scaling as apply_scaling
    from fnnet.datasets import class_names as class_names
    from fnnet.datasets import download_mnist as download_mnist
    from fnnet.datasets import load_csv as load_csv
    from fnnet.datasets import load_digits as load_digits
    from fnnet.datasets import load_mnist as load_mnist
    from fnnet.datasets import load_npz as load_npz
    from fnnet.datasets import min_max as min_max
    from fnnet.datasets import one_hot as one_hot
    from fnnet.datasets import smooth_labels as smooth_labels
    from fnnet.datasets import split as split
    from fnnet.datasets import standardisation as standardisation
    from fnnet.datasets import weigh_classes as weigh_classes
    from fnnet.divergence import DivergenceError as DivergenceError
    from fnnet.evaluation import Evaluation as Evaluation
    from fnnet.evaluation import confusion_matrix as confusion_matrix
    from fnnet.evaluation import evaluate as evaluate
    from fnnet.evaluation import regression_report as regression_report
    from fnnet.initial import Spread as Spread
    from fnnet.initial import init as init
    from fnnet.metrics import ClassReport as ClassReport
    from fnnet.metrics import RegressionReport as RegressionReport
    from fnnet.metrics import log_loss as log_loss
    from fnnet.metrics import mean_absolute_error as mean_absolute_error
    from fnnet.metrics import precision_recall_f1 as precision_recall_f1
    from fnnet.metrics import r2_score as r2_score
    from fnnet.metrics import root_mean_squared_error as root_mean_squared_error
    from fnnet.metrics import top_k_accuracy as top_k_accuracy
    from fnnet.network import Forward as Forward
    from fnnet.network import cost as cost
    from fnnet.network import cost_and_grads as cost_and_grads
    from fnnet.network import forward as forward
    from fnnet.network import grads as grads
    from fnnet.optimizers import Optimizer as Optimizer
    from fnnet.optimizers import chain as chain
    from fnnet.optimizers import descend as descend
    from fnnet.optimizers import sgd as sgd
    from fnnet.optimizers import sgd_step as sgd_step
    from fnnet.params import Architecture as Architecture
    from fnnet.params import Params as Params
    from fnnet.params import stack as stack
    from fnnet.prediction import predict as predict
    from fnnet.prediction import predict_proba as predict_proba
    from fnnet.schedules import Schedule as Schedule
    from fnnet.schedules import constant as constant
    from fnnet.schedules import cosine as cosine
    from fnnet.schedules import exponential as exponential
    from fnnet.schedules import halving as halving
    from fnnet.schedules import step_decay as step_decay
    from fnnet.state import EpochReport as EpochReport
    from fnnet.state import TrainState as TrainState
    from fnnet.storage import load_params as load_params
    from fnnet.storage import load_scaling as load_scaling
    from fnnet.storage import load_state as load_state
    from fnnet.storage import save_params as save_params
    from fnnet.storage import save_state as save_state
    from fnnet.streams import shuffle as shuffle
    from fnnet.training import start as start
    from fnnet.training import train as train
    from fnnet.training import trajectory as trajectory
    from fnnet.updates import adam as adam
    from fnnet.updates import adamw as adamw
    from fnnet.updates import clip_by_norm as clip_by_norm
    from fnnet.updates import clip_by_value as clip_by_value
    from fnnet.updates import l1 as l1
    from fnnet.updates import l2 as l2
    from fnnet.updates import momentum as momentum
    from fnnet.updates import nesterov as nesterov
    from fnnet.updates import rmsprop as rmsprop

_ROOMS = {
    "activations": "Activation gelu identity leaky_relu relu sigmoid softmax tanh",
    "augmentation": "Augmentation affine augmentations elastic shifts",
    "checks": "InputError",
    "config": "TrainConfig",
    "costs": "Cost cross_entropy huber huber_beyond log_likelihood quadratic squared_error",
    "datasets": (
        "Batch Dataset Scaling Splits apply_scaling class_names download_mnist load_csv "
        "load_digits load_mnist load_npz min_max one_hot smooth_labels split standardisation "
        "weigh_classes"
    ),
    "divergence": "DivergenceError",
    "evaluation": "Evaluation confusion_matrix evaluate regression_report",
    "initial": "Spread init",
    "metrics": (
        "ClassReport RegressionReport log_loss mean_absolute_error precision_recall_f1 "
        "r2_score root_mean_squared_error top_k_accuracy"
    ),
    "network": "Forward cost cost_and_grads forward grads",
    "optimizers": "Optimizer chain descend sgd sgd_step",
    "params": "Architecture Params stack",
    "prediction": "predict predict_proba",
    "schedules": "Schedule constant cosine exponential halving step_decay",
    "state": "EpochReport TrainState",
    "storage": "load_params load_scaling load_state save_params save_state",
    "streams": "shuffle",
    "training": "start train trajectory",
    "updates": "adam adamw clip_by_norm clip_by_value l1 l2 momentum nesterov rmsprop",
}
"""The public names, by the room that each of them is in."""

__all__: list[str]
if not TYPE_CHECKING:  # who reads the types would take any name for one of these
    __getattr__, __dir__, __all__ = served(__name__, _ROOMS)

__version__ = "0.1.0"
