import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import hpt_cli
from hpt_cli.cli.app import app
from hpt_cli.rounds import RoundPlan
from hpt_cli.space import Choice, Float, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

CONFIG = """\
name: iris
data: {source: iris}
objective: {metric: validation_accuracy}
network: {epochs: 2, hidden_units: 4}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  optimizer: [sgd, adam]
search: {strategy: random, trials: 5}
"""


@pytest.fixture
def make_trial():
    """Trial ``number``, done with ``accuracy``; failed where there is none."""

    def make(number, accuracy=None):
        params = {"learning_rate": 0.01 * (number + 1), "optimizer": "adam"}
        spec = TrialSpec(number, 0, params, (1,), Origin("random"))
        timing = Timing(1.7e9, 1.7e9 + 1, 1.0)
        if accuracy is None:
            return TrialResult.failure(spec, Status.FAILED, "ValueError: bad luck", timing)
        metrics = {"validation_accuracy": accuracy, "validation_loss": 1 - accuracy}
        repeat = RepeatResult(1, Status.DONE, accuracy, metrics, {"training_loss": [1.0, 0.5]})
        return TrialResult.from_repeats(spec, [repeat], timing)

    return make


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The runs folder of the tests, where the commands look by themselves."""
    monkeypatch.setenv("HPT_RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def make_study(runs):
    def make(*results, name="digits", planned=5):
        config = {
            "objective": {"metric": "validation_accuracy", "goal": "maximize"},
            "search": {"rounds": [{"strategy": "random", "trials": planned, "repeats": 1}]},
        }
        store = StudyStore.create(runs / name, config_text=b"", study={"config": config, "folder": "."})
        space = SearchSpace({"learning_rate": Float(1e-3, 1.0, "log"), "optimizer": Choice(("sgd", "adam"))})
        store.save_round(RoundPlan(0, 0, space, "random", planned, 1, 4))
        for result in results:
            store.save(result)
        return store

    return make


@pytest.fixture
def config(tmp_path):
    """A config that trains five small networks on iris."""
    path = tmp_path / "iris.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def hpt():
    """The command line in this process."""

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def environment(runs):
    """Of a real process that is to find this package, and the tests' runs folder."""
    return {**os.environ, "PYTHONPATH": str(Path(hpt_cli.__file__).parent.parent), "HPT_RUNS_DIR": str(runs)}


@pytest.fixture
def process(environment):
    """The command line as a process of its own."""

    def run(*arguments, code=None, env=None, **options):
        start = ["-m", "hpt_cli"] if code is None else ["-c", code]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run(
            [sys.executable, *start, *map(str, arguments)],
            env={**environment, **(env or {})},
            timeout=60,
            check=False,
            encoding="utf-8",
            **options,
        )

    return run
