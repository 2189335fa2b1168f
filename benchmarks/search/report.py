"""What kept results say: median regret, mean rank, wins, and what a suggestion costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

BUDGETS = (10, 25, 50, 100, 200)
DRAWS = 1000
"""Of the bootstrap, over (problem, seed) pairs."""


def regret(run: dict[str, Any], n: int) -> float:
    """Of the trial that looked best among the first ``n``: 0 is the optimum, 1 a median random point."""
    seen = [np.inf if value is None else value for value in run.get("seen", run["truth"])[:n]]
    chosen = run["truth"][int(np.argmin(seen))]
    if chosen is None:
        return 2.0  # every trial failed
    return max(0.0, float((chosen - run["optimum"]) / (run["median"] - run["optimum"])))


def report(folder: Path, names: Sequence[str]) -> None:
    """Print a table a budget, over the searches that all the named searchers have, and one of costs."""
    kept = sorted(path.stem for path in folder.glob("*.json"))
    names = [name for name in names if name in kept] if names else kept
    found = {
        name: {
            (run["problem"], run["seed"]): run for run in json.loads((folder / f"{name}.json").read_text())
        }
        for name in names
    }
    for n in BUDGETS:
        able = [name for name in names if any(run["budget"] >= n for run in found[name].values())]
        if able:
            _table(n, {name: found[name] for name in able})
    print("\nms a suggestion (ask + tell), median of trials 40-50, 90-100, 180-200")
    for name in names:
        costs = []
        for low, high in ((40, 50), (90, 100), (180, 200)):
            spent = [cost for run in found[name].values() for cost in run["ms"][low:high]]
            costs.append(f"{np.median(spent):8.1f}" if spent else "       -")
        print(f"  {name:24}", *costs)


def _table(n: int, found: dict[str, dict[tuple[str, int], dict[str, Any]]]) -> None:
    common = sorted(
        set.intersection(
            *({pair for pair, run in runs.items() if run["budget"] >= n} for runs in found.values())
        )
    )
    if not common:
        return
    regrets = np.array([[regret(runs[pair], n) for pair in common] for runs in found.values()])  # (S, P)
    kinds = np.array([next(iter(found.values()))[pair]["kind"] for pair in common])
    ranks = _ranks(regrets)
    rng = np.random.default_rng(0)
    picks = rng.integers(len(common), size=(DRAWS, len(common)))
    shown = sorted(set(kinds))
    print(f"\nafter {n} trials, {len(common)} searches: median regret, mean rank [95 %], wins of the first")
    print(f"  {'':24} regret  rank            " + "".join(f"{kind:>15}" for kind in shown) + "   won against")
    for index, name in enumerate(found):
        low, high = np.percentile(ranks[index, picks].mean(axis=1), [2.5, 97.5])
        by_kind = "".join(
            f"  {np.median(regrets[index, kinds == kind]):.4f} / {ranks[index, kinds == kind].mean():4.2f}"
            for kind in shown
        )
        won = (regrets[0] < regrets[index]).mean() + 0.5 * (regrets[0] == regrets[index]).mean()
        wins = (regrets[0] < regrets[index]) + 0.5 * (regrets[0] == regrets[index])
        worst, best = np.percentile(wins[picks].mean(axis=1), [2.5, 97.5])
        against = "" if index == 0 else f"   {100 * won:3.0f} % [{100 * worst:.0f}, {100 * best:.0f}]"
        median = np.median(regrets[index])
        print(
            f"  {name:24} {median:.4f}  {ranks[index].mean():.2f} [{low:.2f}, {high:.2f}]{by_kind}{against}"
        )


def _ranks(regrets: np.ndarray) -> np.ndarray:
    """The rank of each searcher (rows) on each search (columns), from 1; ties share."""
    below = (regrets[None] < regrets[:, None]).sum(axis=1)
    level = (regrets[None] == regrets[:, None]).sum(axis=1)
    return below + (level + 1) / 2
