"""Trained networks scored on the test rows, which no search has seen."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.confirmation import TestMetric
from hpt_cli.network import predict, resolve_loss
from hpt_cli.network.metric_names import metric_kinds, metric_range
from hpt_cli.network.metrics import evaluate
from hpt_cli.noise import LEVEL, sample_spread, t_quantile, wilson

if TYPE_CHECKING:
    from hpt_cli.data import Dataset
    from hpt_cli.network import NetworkSettings

Array = np.ndarray
_Ends = tuple[float, float] | None

RESAMPLES = 1000
"""Of the bootstrap; the ends of an interval then move by some hundredths of its width from seed to seed."""
_NUMBERS = 200_000_000  # outputs that are resampled in all, at most: some seconds
_LEAST_SHARE = 0.9  # of the resamples that have a value, for an interval


def score(
    dataset: Dataset,
    settings: NetworkSettings,
    models: Sequence[bytes],
    *,
    metric: str,
    seed: Sequence[int],
) -> dict[str, TestMetric]:
    """Every metric of some networks, which differ in their training seed alone, on the test rows.

    The objective's metric gets an interval, and the accuracy: where the value would lie for other rows of the
    same kind, with these models.  By Wilson for the accuracy, by a percentile bootstrap over the rows for the
    others (Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13).  Where the split
    kept groups of rows together, groups are drawn again, see :func:`of_groups`.

    Args:
        dataset: Has test rows.
        settings: What the networks were trained by.
        models: ``model.npz`` of each.
        metric: The objective's full name.
        seed: Of the resampling.
    """
    y = dataset.y_test
    outputs = np.stack([_outputs(settings, model, dataset.x_test) for model in models])  # (K, N, M)
    outputs = np.ascontiguousarray(outputs.transpose(2, 0, 1))  # (M, K, N)
    loss = resolve_loss(settings.loss, dataset.task, dataset.n_classes)
    kinds = metric_kinds(dataset.task)
    values = evaluate(kinds, outputs, y, loss=loss, target_std=dataset.target_std)
    judged = metric.partition("_")[2]
    found = {}
    for kind in kinds:
        own = tuple(float(value) for value in values[kind])
        mean, spread = float(np.mean(own)), sample_spread(own) if len(own) > 1 else None
        ends: _Ends = None
        how = None
        if kind in ("accuracy", judged):
            ends, how = _interval(kind, mean, dataset, outputs, loss, np.random.SeedSequence(list(seed)))
        low, high = ends or (None, None)
        found[f"test_{kind}"] = TestMetric(mean, own, spread, low, high, how)
    return found


def _interval(
    kind: str, mean: float, dataset: Dataset, outputs: Array, loss: str, seed: np.random.SeedSequence
) -> tuple[_Ends, str | None]:
    """Ends of a metric's interval, and by what method, or why there is none."""
    n, groups = len(dataset.y_test), dataset.test_groups
    rows = f"{n} rows" + (", if later rows are like them" if dataset.by_time else "")
    if groups is None and kind == "accuracy":
        return wilson(mean * n, n), f"Wilson, {rows}"
    n_groups = 0 if groups is None else len(np.unique(groups))
    if n_groups == 1:
        return None, "no interval: the test rows are a single group"
    resampled = _resampled(kind, dataset, outputs, loss, np.random.default_rng(seed))
    if resampled is None:
        return None, None
    if n_groups:
        return of_groups(kind, mean, float(np.std(resampled)), n_groups, n), f"{n_groups} groups, {rows}"
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return (float(low), float(high)), f"bootstrap, {rows}"


def of_groups(kind: str, mean: float, error: float, groups: int, rows: int) -> tuple[float, float]:
    """Ends of a metric's interval where rows of one group are alike, so that groups count and not rows.

    Student's with one degree of freedom less than there are groups.  An accuracy's is Wilson's for as many
    rows of their own as would have this error; where no row, or every row, was a hit, a group counts as one.

    Args:
        kind: The metric.
        mean: Its value.
        error: Its standard deviation over groups drawn again.
        groups: How many there are, at least two.
        rows: How many there are.

    Source:
        Korn and Graubard, "Confidence Intervals for Proportions with Small Expected Number of Positive Counts
        Estimated from Survey Data", Survey Methodology 24 (1998): the count of rows that are worth as much.
    """
    error *= math.sqrt(groups / (groups - 1))
    t = t_quantile((1 + LEVEL) / 2, groups - 1.0)
    if kind == "accuracy":
        varies = error > 0 and 0 < mean < 1
        worth = min(mean * (1 - mean) / error**2, float(rows)) if varies else float(groups)
        worth *= (t_quantile((1 + LEVEL) / 2, math.inf) / t) ** 2
        return wilson(mean * worth, worth)
    low, high = metric_range(kind)
    return max(mean - t * error, low), min(mean + t * error, high)


def _outputs(settings: NetworkSettings, model: bytes, x: Array) -> Array:
    with np.load(io.BytesIO(model), allow_pickle=False) as arrays:
        return predict(settings, dict(arrays), x)


def _resampled(
    kind: str, dataset: Dataset, outputs: Array, loss: str, rng: np.random.Generator
) -> Array | None:
    """The metric's mean over the models for rows, or whole groups of rows, drawn again.

    ``None`` where too many draws have no value: an area under a curve has none where a class has no row.
    """
    y, groups = dataset.y_test, dataset.test_groups
    blocks = None if groups is None else [np.flatnonzero(groups == code) for code in np.unique(groups)]
    resamples = max(100, min(RESAMPLES, _NUMBERS // outputs.size))
    means = np.empty(resamples)
    for k in range(resamples):
        if blocks is None:
            rows = rng.integers(0, len(y), len(y))
        else:
            rows = np.concatenate([blocks[index] for index in rng.integers(0, len(blocks), len(blocks))])
        drawn = np.ascontiguousarray(outputs[:, :, rows])
        found = evaluate((kind,), drawn, y[rows], loss=loss, target_std=dataset.target_std)
        means[k] = found[kind].mean()
    means = means[np.isfinite(means)]
    return means if len(means) >= _LEAST_SHARE * resamples else None
