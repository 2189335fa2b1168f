"""How an epoch is timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from hpt_cli.network import NetworkSettings, Population, TrainingData

SECONDS = 0.15  # of one measurement


def timed(epoch: Callable[[], None], steps: int) -> Callable[[], float]:
    """A measurement of ``epoch``: microseconds a step over a fixed share of a second."""
    epoch()
    started = time.perf_counter()
    epoch()
    repeats = max(1, int(SECONDS / (time.perf_counter() - started)))

    def measure() -> float:
        started = time.perf_counter()
        for _ in range(repeats):
            epoch()
        return (time.perf_counter() - started) / repeats / steps * 1e6

    return measure


def timed_training(
    flat: Mapping[str, Any], data: TrainingData, *, batch: int, trials: int = 1
) -> Callable[[], float]:
    """A measurement of our own training: microseconds a step for each of ``trials`` trained together."""
    settings = NetworkSettings.from_flat(
        {"learning_rate": 1e-3, **flat, "batch_size": batch, "epochs": 1_000_000}
    )
    population = Population([settings] * trials, list(range(trials)), data, metric="validation_loss")
    done = 0

    def epoch() -> None:
        nonlocal done
        done += 1
        population.run(until=done)

    per_task = timed(epoch, -(-len(data.x_train) // batch))
    return lambda: per_task() / trials
