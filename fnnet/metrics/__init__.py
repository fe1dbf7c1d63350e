"""Figures of merit, as pure functions of arrays: what a network gave, and what it should have.

Leading axes are networks of a stack. All is added up in float64 and in one order, so that the
figure of a stack's member is the lone network's, to the bit.
"""

from typing import TYPE_CHECKING

from fnnet.rooms import served

if TYPE_CHECKING:  # the same names, for those who read the types
    from fnnet.metrics.classes import ClassReport as ClassReport
    from fnnet.metrics.classes import log_loss as log_loss
    from fnnet.metrics.classes import precision_recall_f1 as precision_recall_f1
    from fnnet.metrics.classes import top_k_accuracy as top_k_accuracy
    from fnnet.metrics.regression import RegressionReport as RegressionReport
    from fnnet.metrics.regression import mean_absolute_error as mean_absolute_error
    from fnnet.metrics.regression import r2_score as r2_score
    from fnnet.metrics.regression import root_mean_squared_error as root_mean_squared_error

_ROOMS = {
    "classes": "ClassReport log_loss precision_recall_f1 top_k_accuracy",
    "regression": "RegressionReport mean_absolute_error r2_score root_mean_squared_error",
}

__all__: list[str]
if not TYPE_CHECKING:  # who reads the types would take any name for one of these
    __getattr__, __dir__, __all__ = served(__name__, _ROOMS)
