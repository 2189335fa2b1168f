"""What every benchmark shares: the machine it ran on, interleaved rounds, where results are kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "scipy", "scikit-learn", "scikit-optimize", "torch", "optuna")


def machine() -> dict[str, Any]:
    """Processor, cores, versions."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(":")[2].strip() if names else processor
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"processor": processor, "cores": os.cpu_count(), "versions": versions}


def interleaved(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of ``rounds`` measurements of each, taken in turn, so that a noisy moment hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(run())
    return {name: statistics.median(values) for name, values in taken.items()}


def keep(name: str, rows: list[dict[str, Any]]) -> Path:
    """Write a run's rows with machine and date; the file's path."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{name}-{now:%Y%m%d-%H%M%S}.json"
    document = {"benchmark": name, "date": f"{now:%Y-%m-%d}", "machine": machine(), "rows": rows}
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path
