"""Trained networks scored on the test rows, which no search has seen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.confirmation import TestMetric
from hpt_cli.network import predict, resolve_loss
from hpt_cli.network.metric_names import metric_kinds
from hpt_cli.network.metrics import evaluate
from hpt_cli.noise import LEVEL, sample_spread, wilson

if TYPE_CHECKING:
    from hpt_cli.data import Dataset
    from hpt_cli.network import NetworkSettings

Array = np.ndarray

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
    others (Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13).

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
        ends: tuple[float, float] | None = None
        how = None
        if kind == "accuracy":
            ends, how = wilson(mean * len(y), len(y)), f"Wilson, {len(y)} rows"
        elif kind == judged:
            ends = _bootstrap(kind, outputs, y, loss, dataset.target_std, np.random.SeedSequence(list(seed)))
            how = f"bootstrap, {len(y)} rows" if ends else None
        low, high = ends or (None, None)
        found[f"test_{kind}"] = TestMetric(mean, own, spread, low, high, how)
    return found


def _outputs(settings: NetworkSettings, model: bytes, x: Array) -> Array:
    with np.load(io.BytesIO(model), allow_pickle=False) as arrays:
        return predict(settings, dict(arrays), x)


def _bootstrap(
    kind: str, outputs: Array, y: Array, loss: str, target_std: float, seed: np.random.SeedSequence
) -> tuple[float, float] | None:
    """Ends of the metric's mean over the models, for rows drawn again; ``None`` where too many have no value.

    (An area under a curve has none where a class has no row.)
    """
    rng = np.random.default_rng(seed)
    resamples = max(100, min(RESAMPLES, _NUMBERS // outputs.size))
    means = np.empty(resamples)
    for k in range(resamples):
        rows = rng.integers(0, len(y), len(y))
        drawn = np.ascontiguousarray(outputs[:, :, rows])
        means[k] = evaluate((kind,), drawn, y[rows], loss=loss, target_std=target_std)[kind].mean()
    means = means[np.isfinite(means)]
    if len(means) < _LEAST_SHARE * resamples:
        return None
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
