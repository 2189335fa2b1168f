"""``python -m benchmarks.search.walltime``: what ``parallel`` costs in quality and saves in time.

Trials of made-up length, log-uniform over a factor of ten, are laid over kept results: with ``parallel: k``
trial n starts when a worker is free and all trials up to n - k are finished.
"""

from __future__ import annotations

import argparse
import heapq
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.report import regret

FACTOR = 10.0
"""The longest trial, in lengths of the shortest."""
WORKERS = {4: (2, 4), 8: (4, 8), 12: (8,), 16: (8, 16)}
"""How many work on each ``parallel``."""


def finish_times(seconds: np.ndarray, parallel: int, workers: int) -> np.ndarray:
    """When each trial is finished, (N,), in the unit of ``seconds`` (N,)."""
    free = [0.0] * workers
    finished = np.zeros(len(seconds))
    for n, length in enumerate(seconds):
        known = finished[: max(0, n - parallel + 1)].max(initial=0.0)
        finished[n] = max(heapq.heappop(free), known) + length
        heapq.heappush(free, float(finished[n]))
    return finished


def time_to(run: dict[str, Any], target: float, parallel: int, workers: int) -> float:
    """When the best seen so far first has a regret of ``target``; infinite if it never has."""
    rng = np.random.default_rng([run["seed"], 7])
    finished = finish_times(FACTOR ** rng.random(len(run["truth"])), parallel, workers)
    reached = (n for n in range(1, len(finished) + 1) if regret(run, n) <= target)
    first = next(reached, None)
    return np.inf if first is None else float(finished[first - 1])


def main() -> None:
    """Compare each kept ``hpt-k...`` with ``hpt``, at the regret that ``hpt`` has after 50 trials."""
    parser = argparse.ArgumentParser(prog="benchmarks.search.walltime", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent.parent / "results" / "search")
    folder = parser.parse_args().folder
    runs = {
        path.stem: {(run["problem"], run["seed"]): run for run in json.loads(path.read_text())}
        for path in folder.glob("hpt*.json")
    }
    for k, of_workers in WORKERS.items():
        for workers in of_workers:
            common = sorted(runs["hpt"].keys() & runs[f"hpt-k{k}"].keys())
            ratios = []
            for pair in common:
                alone, batch = runs["hpt"][pair], runs[f"hpt-k{k}"][pair]
                target = regret(alone, 50)
                ratios.append(time_to(batch, target, k, workers) / time_to(alone, target, 1, 1))
            shown = np.percentile(ratios, [25, 50, 75], method="higher")
            print(f"parallel {k:2}, {workers:2} workers: time to a regret, against 1:", end=" ")
            print("quarter {:.2f}, median {:.2f}, three quarters {:.2f}".format(*shown))


if __name__ == "__main__":
    main()
