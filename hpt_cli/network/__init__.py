"""The NumPy network: a population of K trainings at a time, K = 1 included.

Names and bounds (what a config needs) are there at once; what computes is imported when it is first used, so
that looking at a study's results does not wait for NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hpt_cli.network.metric_names import METRICS, metric_goal, metric_range, metrics_for
from hpt_cli.network.settings import HYPERPARAMETERS, Hyperparameter, NetworkSettings

if TYPE_CHECKING:
    from hpt_cli.network.engine import TrainingData
    from hpt_cli.network.losses import resolve_loss
    from hpt_cli.network.model import predict
    from hpt_cli.network.population import Population, State, TrainingOutcome, check_metric, group_key
    from hpt_cli.network.training import Trainings, group, seconds_at_most, train

__all__ = [
    "HYPERPARAMETERS",
    "METRICS",
    "Hyperparameter",
    "NetworkSettings",
    "Population",
    "State",
    "TrainingData",
    "TrainingOutcome",
    "Trainings",
    "check_metric",
    "group",
    "group_key",
    "metric_goal",
    "metric_range",
    "metrics_for",
    "predict",
    "resolve_loss",
    "seconds_at_most",
    "train",
]

_HOMES = {
    "Population": "population",
    "State": "population",
    "TrainingData": "engine",
    "TrainingOutcome": "population",
    "Trainings": "training",
    "check_metric": "population",
    "group": "training",
    "group_key": "population",
    "predict": "model",
    "resolve_loss": "losses",
    "seconds_at_most": "training",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
