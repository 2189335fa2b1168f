"""What each setting costs, beside the same network with nothing but ReLU and Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.report import interleaved
from benchmarks.train.timing import timed_training
from hpt_cli.network import TrainingData

NETWORKS: tuple[tuple[tuple[int, ...], int], ...] = (((32,), 32), ((64, 64), 64), ((256, 128), 128))
"""Widths and batch size."""

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch norm": {"batch_norm": True},
    "dropout": {"dropout": 0.2},
    "L2": {"l2": 1e-3},
    "class weights": {"class_weight": "balanced"},
    "cosine": {"schedule.kind": "cosine"},
    "sgd": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    "rmsprop": {"optimizer": "rmsprop"},
    "adamw": {"optimizer": "adamw", "weight_decay": 1e-2},
    "leaky_relu": {"activation": "leaky_relu"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "elu": {"activation": "elu"},
    "gelu": {"activation": "gelu"},
    "regression": {},
}


def ours(widths: tuple[int, ...], batch: int, variant: str) -> Callable[[], float]:
    """One trial."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2048, 64)).astype(np.float32)
    if variant == "regression":
        y = rng.normal(size=2048).astype(np.float32)
        data = TrainingData("regression", 0, x, y, x[:64], y[:64])
    else:
        labels = rng.integers(10, size=2048)
        data = TrainingData("classification", 10, x, labels, x[:64], labels[:64])
    flat = {"hidden_units": list(widths), "optimizer": "adam", **VARIANTS[variant]}
    return timed_training(flat, data, batch=batch)


def measure_settings(rounds: int) -> list[dict[str, Any]]:
    """The table of settings: times the plain network's step."""
    columns = [f"{'-'.join(map(str, widths))}, B{batch}" for widths, batch in NETWORKS]
    measured = [
        interleaved({variant: ours(widths, batch, variant) for variant in VARIANTS}, rounds)
        for widths, batch in NETWORKS
    ]
    print(f"\n{'times the plain step':24}" + "".join(f"{column:>16}" for column in columns))
    rows = []
    for variant in VARIANTS:
        ratios = [times[variant] / times["plain"] for times in measured]
        print(f"{variant:24}" + "".join(f"{ratio:>16.2f}" for ratio in ratios))
        rows.append({"name": variant, "class": "settings", **dict(zip(columns, ratios, strict=True))})
    return rows
