"""Small data and settings that the tests of the network share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings, TrainingData


def _data(task: str, n_classes: int, rows: int = 37, columns: int = 5, seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows + 23, columns)).astype(np.float32)
    signal = x @ rng.normal(size=columns) + 0.3 * rng.normal(size=len(x))
    y: Any
    if task == "regression":
        y = ((signal - signal.mean()) / signal.std()).astype(np.float32)
    else:
        ranks = signal.argsort().argsort()
        y = (ranks * n_classes // len(x)).astype(np.int64)
    return TrainingData(task, n_classes, x[:rows], y[:rows], x[rows:], y[rows:], 3.0, 2.5)


@pytest.fixture(scope="session")
def make_data() -> Callable[..., TrainingData]:
    """A factory of data: ``make_data(task, n_classes, rows=37, columns=5)``; linear with noise."""
    return _data


@pytest.fixture(scope="session")
def multiclass() -> TrainingData:
    return _data("classification", 3)


@pytest.fixture(scope="session")
def binary() -> TrainingData:
    return _data("classification", 2)


@pytest.fixture(scope="session")
def regression() -> TrainingData:
    return _data("regression", 0)


@pytest.fixture(scope="session")
def settings() -> Callable[[Mapping[str, Any]], NetworkSettings]:
    """Settings from names and values; short by default, so that a test is quick."""

    def make(flat: Mapping[str, Any]) -> NetworkSettings:
        return NetworkSettings.from_flat({"epochs": 2, "batch_size": 8, "hidden_units": 6} | dict(flat))

    return make
