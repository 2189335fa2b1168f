"""Network, space and search for a data set, from its size: so that a first study takes about a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hpt_cli.data import Dataset

SECONDS = 60.0
"""What a first study may take on two cores, about."""
_CORES = 2
_STEPS = 3000  # of the optimizer in a training: small sets need steps, not epochs
_EPOCHS = (3, 5, 10, 15, 20, 30, 40, 60, 80, 100)
_TRIALS = (12, 40)  # least and most
_FEW_ROWS = 200  # validation rows below which one training says little: its accuracy moves by 3 % and more
_SKEWED = 1.5  # times its fair share of the rows: from there on the largest class flatters the accuracy
_DEEPEST = 3

# Measured on one core of 2023: a step costs so many seconds before any arithmetic, of which a small network
# does this much a second.
_SECONDS_A_STEP = 60e-6
_SECONDS_A_LAYER = 50e-6
_FLOPS = 15e9


@dataclass(frozen=True)
class Proposal:
    """What to try first.

    Args:
        metric: The objective's.
        skew: Share of the largest class where it flatters the accuracy; otherwise ``None``.
        batch_size: Rows of a step.
        epochs: The most.
        patience: Epochs without a better one until a training stops.
        units: Least and greatest width that is searched.
        trials: How many.
        repeats: Trainings of each.
        seconds: What the study takes, roughly, on two cores.
    """

    metric: str
    skew: float | None
    batch_size: int
    epochs: int
    patience: int
    units: tuple[int, int]
    trials: int
    repeats: int
    seconds: float


def propose(dataset: Dataset) -> Proposal:
    """Settings for a prepared data set; of its rows only the training part is looked at."""
    rows, features = int(dataset.x_train.shape[0]), int(dataset.x_train[0].size)
    outputs = max(dataset.n_classes, 1)
    skew = None
    metric = "validation_rmse"
    if dataset.task == "classification":
        largest = float(np.bincount(dataset.y_train).max()) / rows
        skew = largest if largest >= _SKEWED / outputs else None
        plain = "validation_loss" if len(dataset.y_validation) < _FEW_ROWS else "validation_accuracy"
        metric = plain if skew is None else "validation_balanced_accuracy"
    batch_size = _power_of_two(rows / 30, 16 if rows >= 32 else 4, 256)
    epochs = max((e for e in _EPOCHS if e <= _STEPS * batch_size / rows), default=_EPOCHS[0])
    widest = 64 if rows < 500 else 128 if rows < 20_000 else 256
    repeats = 3 if len(dataset.y_validation) < _FEW_ROWS else 1

    def seconds_of(trials: int) -> float:
        steps = epochs * math.ceil(rows / batch_size)
        mean = (widest - widest / 8) / math.log(8)  # of draws on a log scale
        sums = features * mean + (_DEEPEST - 1) / 2 * mean**2 + outputs * mean
        own = steps * (_SECONDS_A_STEP + (_DEEPEST + 1) / 2 * _SECONDS_A_LAYER)
        return trials * repeats * (own + 6 * epochs * rows * sums / _FLOPS) / _CORES

    while seconds_of(_TRIALS[0]) > SECONDS and (epochs > _EPOCHS[0] or widest > 64):
        if epochs > _EPOCHS[0] and (epochs >= 10 or widest == 64):
            epochs = max(e for e in _EPOCHS if e < epochs)
        else:
            widest //= 2
    least, most = _TRIALS
    trials = max(least, min(most, int(SECONDS / seconds_of(1)) // 4 * 4))
    return Proposal(
        metric=metric,
        skew=skew,
        batch_size=batch_size,
        epochs=epochs,
        patience=max(epochs // 4, 3),
        units=(widest // 8, widest),
        trials=trials,
        repeats=repeats,
        seconds=seconds_of(trials),
    )


def _power_of_two(value: float, least: int, most: int) -> int:
    return int(min(max(2 ** round(math.log2(value)), least), most))
