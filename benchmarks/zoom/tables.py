"""``python -m benchmarks.zoom.tables``: coarse to fine on tables of real trainings of networks.

Two rounds of Sobol points, the second where the decision looks, against random search and a grid by hand;
96 trainings each, those that measure the noise and that confirm counted.  What is seen is one training of a
cell, what counts is the mean of its five.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.search.problems import Problem, table
from benchmarks.zoom.functions import Function
from benchmarks.zoom.players import Run, random, rule
from hpt_cli.space import Choice, Params

BUDGET = 96
SETS = ("australian", "blood_transfusion", "car", "credit_g")
GRID: Mapping[str, tuple[float, ...]] = {
    "alpha": (1e-6, 1e-3),
    "batch_size": (32, 128),
    "depth": (1, 2, 3),
    "learning_rate_init": (1e-4, 1e-3, 1e-2, 1e-1),
    "width": (64, 512),
}
"""What a person may write down: 96 combinations."""


class TableFunction(Function):
    """A table as a function of the benchmark: regret in errors, and a training to see."""

    def __init__(self, problem: Problem) -> None:
        bounded = {
            name: replace(dimension, hard_low=dimension.low, hard_high=dimension.high)
            for name, dimension in problem.space.dimensions.items()
            if not isinstance(dimension, Choice)
        }
        space = problem.space.replace(bounded)  # the table ends there
        super().__init__(space, (), np.array([]), lambda places: places[:, 0])
        object.__setattr__(self, "problem", problem)

    problem: Problem

    def of(self, params: Mapping[str, object]) -> float:
        """How much greater the error is than the least of the table, the mean of five trainings."""
        truth = self.problem.truth(params)
        assert truth is not None
        return truth - self.problem.optimum

    def seen(self, params: Mapping[str, object], noise: float, rng: np.random.Generator) -> float:
        """The error of one of the five."""
        del noise
        assert self.problem.observed is not None
        return self.problem.observed(params, rng)


def grid(function: Function, seed: int) -> float:
    """The regret of the cell of the grid whose one training was the best."""
    run = Run(function, 0.0, seed)
    points: list[Params] = [
        {
            name: int(value) if name in ("batch_size", "depth", "width") else value
            for name, value in cell.items()
        }
        for cell in (dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values()))
    ]
    return function.of(min(points, key=run.train))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.zoom.tables", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    arguments = parser.parse_args()
    threadpool_limits(1)
    for name in arguments.sets:
        function = TableFunction(table(name, as_floats=True, one_seed=True))
        seeds = range(arguments.seeds)
        found = {
            "two rounds": [rule(function, 1.0, seed, BUDGET, rounds=2)[0] for seed in seeds],
            "random": [random(function, 1.0, seed, BUDGET)[0] for seed in seeds],
            "grid": [grid(function, seed) for seed in seeds],
        }
        said = (
            f"{player} {np.mean(of):.4f} +- {np.std(of, ddof=1) / math.sqrt(len(of)):.4f}"
            for player, of in found.items()
        )
        print(f"{name:18} {'   '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
