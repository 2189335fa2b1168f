"""Names of what a training is judged by: ``validation_`` or ``training_`` and one of :data:`METRICS`.

Apart from the metrics themselves, so that checking a config does not import NumPy.
"""

from __future__ import annotations

import math
from typing import Literal

METRICS = ("loss", "accuracy", "balanced_accuracy", "f1_macro", "auc", "rmse", "mae", "r2")
PARTS = ("validation_", "training_")

_CLASSIFICATION = ("loss", "accuracy", "balanced_accuracy", "f1_macro", "auc")
_REGRESSION = ("loss", "rmse", "mae", "r2")
_MINIMIZED = ("loss", "rmse", "mae")


def split_name(name: str) -> tuple[str, str]:
    """A metric's part (``validation`` or ``training``) and kind.

    Raises:
        ValueError: There is no such metric.
    """
    part, _, kind = name.partition("_")
    if f"{part}_" not in PARTS or kind not in METRICS:
        raise ValueError(
            f"metric: there is no {name!r}; write validation_ or training_ and one of {', '.join(METRICS)}"
        )
    return part, kind


def metric_goal(name: str) -> Literal["minimize", "maximize"]:
    """Whether less or more of the metric (with its part's prefix) is better."""
    return "minimize" if split_name(name)[1] in _MINIMIZED else "maximize"


def metric_range(name: str) -> tuple[float, float]:
    """Between which values a metric, with or without its part's prefix, lies: a loss is never below 0.

    Raises:
        ValueError: There is no such metric.
    """
    kind = name if name in METRICS else split_name(name)[1]
    if kind in _MINIMIZED:
        return 0.0, math.inf
    return (-math.inf if kind == "r2" else 0.0), 1.0


def metric_kinds(task: str) -> tuple[str, ...]:
    """The metrics, without prefixes, that are defined for the task."""
    return _REGRESSION if task == "regression" else _CLASSIFICATION


def metrics_for(task: str, n_classes: int) -> tuple[str, ...]:  # noqa: ARG001
    """Full names of the metrics that are defined for the task; the same for any number of classes."""
    return tuple(part + kind for part in PARTS for kind in metric_kinds(task))
