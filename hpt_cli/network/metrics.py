"""What a training is judged by.

Values agree with scikit-learn's functions of the same names; the loss is the plain mean of the rows' losses,
without L2 and class weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hpt_cli.network.arrays import Array, row_sums
from hpt_cli.network.losses import LOSSES_BY_NAME


def evaluate(
    kinds: tuple[str, ...], outputs: Array, y: Array, *, loss: str, target_std: float = 1.0
) -> dict[str, Array]:
    """The metrics ``kinds`` of K networks, each (K,) in float64.

    Args:
        outputs: (M, K, N), contiguous: logits, or standardized targets.
        y: True classes or standardized targets (N,).
        loss: A resolved loss.
        target_std: The standardized target's unit: rmse and mae are multiplied by it.
    """
    values: dict[str, Array] = {}
    n = len(y)
    if "loss" in kinds:
        values["loss"] = row_sums(LOSSES_BY_NAME[loss].evaluate(outputs, y)) / n
    if loss == "mse":
        residuals = outputs[0].astype(np.float64) - y  # (K, N)
        for kind in kinds:
            if kind != "loss":
                values[kind] = np.array([_REGRESSION_METRICS[kind](row, y) for row in residuals])
                values[kind] *= 1.0 if kind == "r2" else target_std
        return values
    if "accuracy" in kinds or "balanced_accuracy" in kinds or "f1_macro" in kinds:
        predicted = predicted_classes(outputs)
        n_classes = max(len(outputs), 2)
        for kind in kinds:
            if kind in _CLASS_METRICS:
                values[kind] = np.array([_CLASS_METRICS[kind](row, y, n_classes) for row in predicted])
    if "auc" in kinds:
        values["auc"] = np.array([auc(outputs[:, k], y) for k in range(outputs.shape[1])])
    return values


def predicted_classes(outputs: Array) -> Array:
    """The likeliest class (K, N) by outputs (M, K, N); the first of equals."""
    classes: Array = outputs[0] > 0 if len(outputs) == 1 else np.argmax(outputs, axis=0)
    return classes.astype(np.int64)


def accuracy(predicted: Array, y: Array, n_classes: int) -> float:  # noqa: ARG001
    """The share of rows whose class is right."""
    return int(np.count_nonzero(predicted == y)) / len(y)


def confusion(predicted: Array, y: Array, n_classes: int) -> Array:
    """Counts (C, C): rows are true classes, columns predicted ones."""
    pairs = np.bincount(y * n_classes + predicted, minlength=n_classes * n_classes)
    return pairs.reshape(n_classes, n_classes)


def balanced_accuracy(predicted: Array, y: Array, n_classes: int) -> float:
    """The mean over the classes present in ``y`` of the share of their rows that are found."""
    counts = confusion(predicted, y, n_classes)
    rows = counts.sum(axis=1)
    present = rows > 0
    return float((np.diag(counts)[present] / rows[present]).mean())


def f1_macro(predicted: Array, y: Array, n_classes: int) -> float:
    """The mean over the classes present in ``y`` or predicted of 2 hits / (rows + predictions)."""
    counts = confusion(predicted, y, n_classes)
    both = counts.sum(axis=1) + counts.sum(axis=0)
    present = both > 0
    return float((2 * np.diag(counts)[present] / both[present]).mean())


def auc(outputs: Array, y: Array) -> float:
    """Area under the ROC curve of one network's outputs (M, N); for more than 2 classes one against the rest,
    mean.

    NaN if a class has no row, or all of them, as in scikit-learn.
    """
    logits = outputs.astype(np.float64)
    if len(logits) == 1:
        return _binary_auc(logits[0], y == 1)
    p = np.exp(logits - logits.max(axis=0))
    p /= p.sum(axis=0)
    if len(p) == 2:
        return _binary_auc(p[1], y == 1)
    return float(np.mean([_binary_auc(p[c], y == c) for c in range(len(p))]))


def _binary_auc(score: Array, positive: Array) -> float:
    """The share of (positive, negative) pairs that the score orders rightly; a tie counts half."""
    n_positive = int(np.count_nonzero(positive))
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative or not np.isfinite(score).all():
        return float("nan")
    positives, negatives = np.sort(score[positive]), np.sort(score[~positive])
    below = negatives.searchsorted(positives, "left").sum()
    below_or_equal = negatives.searchsorted(positives, "right").sum()
    return int(below + below_or_equal) / (2 * n_positive * n_negative)


def rmse(residual: Array, y: Array) -> float:  # noqa: ARG001
    """Root of the mean squared residual."""
    return float(np.sqrt(np.mean(residual * residual)))


def mae(residual: Array, y: Array) -> float:  # noqa: ARG001
    """Mean absolute residual."""
    return float(np.mean(np.abs(residual)))


def r2(residual: Array, y: Array) -> float:
    """1 minus the residuals' share of the targets' variance; constant targets: 1 if met exactly, else 0.

    NaN for a single row, as in scikit-learn.
    """
    if len(y) < 2:
        return float("nan")
    target = y.astype(np.float64)
    total = float(np.sum((target - target.mean()) ** 2))
    rest = float(np.sum(residual * residual))
    if total == 0:
        return 1.0 if rest == 0 else 0.0
    return 1 - rest / total


_CLASS_METRICS: Mapping[str, Callable[[Array, Array, int], float]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1_macro": f1_macro,
}
_REGRESSION_METRICS: Mapping[str, Callable[[Array, Array], float]] = {"rmse": rmse, "mae": mae, "r2": r2}
