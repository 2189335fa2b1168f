"""Spaces to search and results to tell."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.trial import Origin, Status, Timing, TrialResult


@pytest.fixture
def mixed():
    """Every kind of dimension, a condition and a constraint; a grid takes 3 values of each range."""
    return SearchSpace(
        {
            "learning_rate": Float(1e-4, 1, "log", points=3),
            "momentum": Float(0.5, 0.999, "log1m", points=3, when={"optimizer": ("sgd",)}),
            "units": Int(16, 256, "log", points=3),
            "dropout": Float(0, 0.5, step=0.1),
            "batch_norm": Choice((True, False)),
            "optimizer": Choice(("sgd", "adam")),
        },
        ["units * batch_size <= 8192"],
        {"batch_size": 64},
    )


@pytest.fixture
def small():
    """A finite space, its points unevenly likely."""
    return SearchSpace(
        {
            "units": Int(1, 5, "log"),
            "nesterov": Choice((True, False), when={"optimizer": ("sgd",)}),
            "optimizer": Choice(("sgd", "adam")),
            "dropout": Float(0, 0.2, step=0.1),
        },
        ["units * dropout < 0.5"],
    )


@pytest.fixture
def finished():
    """A factory of results; without an objective the trial failed."""

    def make(number, params, objective=None, *, status=None):
        status = status or (Status.FAILED if objective is None else Status.DONE)
        error = None if status is Status.DONE else "ValueError: no"
        timing = Timing(0.0, 0.0, 0.0)
        return TrialResult(number, 0, params, status, objective, (), error, Origin("test", "plan"), timing)

    return make


@pytest.fixture
def loss():
    """An objective for :func:`mixed`, lowest at a learning rate of 0.01, 100 units, no dropout and adam."""

    def compute(params):
        value = abs(math.log10(params["learning_rate"]) + 2) + abs(params["units"] - 100) / 200
        return value + params["dropout"] + (0.0 if params["optimizer"] == "adam" else params["momentum"])

    return compute


@pytest.fixture
def study(finished):
    """Asks and tells as the loop does, sequentially; returns the results in order."""

    def run(strategy, n_trials, objective, *, parallel):
        results = []
        for number in range(n_trials):
            if number >= parallel:
                strategy.tell(number - parallel, results[number - parallel])
            params = strategy.ask(number)
            if params is None:
                break
            result = finished(number, params, objective(params))
            results.append(replace(result, origin=strategy.origin(number)))
        return results

    return run
