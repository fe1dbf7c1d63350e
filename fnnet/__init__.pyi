"""The public names, each listed once: `__init__.py` serves them when they are first used."""

from ._checks import InputError as InputError
from ._random import shuffle as shuffle
from .augmentation import Augmentation as Augmentation, affine as affine
from .augmentation import augmentations as augmentations, elastic as elastic, shifts as shifts
from .datasets.dataset import Batch as Batch, Dataset as Dataset, Splits as Splits
from .datasets.digits import load_digits as load_digits
from .datasets.files import class_names as class_names, load_csv as load_csv, load_npz as load_npz
from .datasets.labels import one_hot as one_hot, smooth_labels as smooth_labels
from .datasets.labels import weigh_classes as weigh_classes
from .datasets.mnist import download_mnist as download_mnist, load_mnist as load_mnist
from .datasets.scaling import Scaling as Scaling, apply_scaling as apply_scaling, min_max as min_max
from .datasets.scaling import standardisation as standardisation
from .datasets.splitting import split as split, subset as subset
from .evaluation.evaluate import confusion_matrix as confusion_matrix, evaluate as evaluate
from .evaluation.evaluate import regression_report as regression_report
from .evaluation.gradient_check import complex_step as complex_step
from .evaluation.metrics import ClassReport as ClassReport, Evaluation as Evaluation
from .evaluation.metrics import RegressionReport as RegressionReport, log_loss as log_loss
from .evaluation.metrics import mean_absolute_error as mean_absolute_error
from .evaluation.metrics import precision_recall_f1 as precision_recall_f1, r2_score as r2_score
from .evaluation.metrics import root_mean_squared_error as root_mean_squared_error
from .evaluation.metrics import top_k_accuracy as top_k_accuracy
from .network.activations import Activation as Activation, gelu as gelu, identity as identity
from .network.activations import leaky_relu as leaky_relu, relu as relu, sigmoid as sigmoid
from .network.activations import softmax as softmax, tanh as tanh
from .network.costs import Cost as Cost, cross_entropy as cross_entropy, huber as huber
from .network.costs import huber_beyond as huber_beyond, log_likelihood as log_likelihood
from .network.costs import quadratic as quadratic, squared_error as squared_error
from .network.functions import Forward as Forward, cost as cost, cost_and_grads as cost_and_grads
from .network.functions import forward as forward, grads as grads, predict as predict
from .network.functions import predict_proba as predict_proba
from .network.initializers import Spread as Spread, init as init
from .network.params import Architecture as Architecture, Params as Params, stack as stack
from .training.config import TrainConfig as TrainConfig
from .training.epoch import DivergenceError as DivergenceError
from .training.loop import start as start, train as train, trajectory as trajectory
from .training.optimizers import Optimizer as Optimizer, adam as adam, adamw as adamw
from .training.optimizers import chain as chain, clip_by_norm as clip_by_norm
from .training.optimizers import clip_by_value as clip_by_value, l1 as l1, l2 as l2
from .training.optimizers import momentum as momentum, nesterov as nesterov, rmsprop as rmsprop
from .training.optimizers import sgd as sgd
from .training.saving import load_params as load_params, load_scaling as load_scaling
from .training.saving import load_state as load_state, save_params as save_params
from .training.saving import save_state as save_state
from .training.schedules import Schedule as Schedule, constant as constant, cosine as cosine
from .training.schedules import exponential as exponential, halving as halving
from .training.schedules import step_decay as step_decay
from .training.sgd import descend as descend, sgd_step as sgd_step
from .training.state import EpochReport as EpochReport, TrainState as TrainState

__version__: str
__all__: list[str]
