"""Figures of merit, as pure functions of arrays: what a network gave, and what it should have.

Leading axes are networks of a stack. All is added up in float64 and in one order, so that the
figure of a stack's member is the lone network's, to the bit.
"""

from fnnet.metrics.classes import ClassReport, log_loss, precision_recall_f1, top_k_accuracy
from fnnet.metrics.regression import (
    RegressionReport,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

__all__ = [
    "ClassReport",
    "RegressionReport",
    "log_loss",
    "mean_absolute_error",
    "precision_recall_f1",
    "r2_score",
    "root_mean_squared_error",
    "top_k_accuracy",
]
