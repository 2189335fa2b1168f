"""The worked examples of own code run, each where its packages are."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hpt_cli.config import load_config
from hpt_cli.in_flight import StopRequest
from hpt_cli.preparation import prepare_study
from hpt_cli.preview import preview
from hpt_cli.study import run_missing
from hpt_cli.trial import Status

FOLDER = Path(__file__).parents[2] / "configs" / "own"
TRIALS = {"torch": 2, "forest": 1, "function": 4, "shell": 9}
"""How many of each are run here."""


def test_every_example_is_known_here():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == TRIALS.keys()


def python_with_torch():
    """This Python, or the one that HPT_TORCH_PYTHON names, if it can import PyTorch."""
    if importlib.util.find_spec("torch"):
        return sys.executable
    other = os.environ.get("HPT_TORCH_PYTHON")
    if other and subprocess.run([other, "-c", "import torch, sklearn"], check=False).returncode == 0:
        return other
    return None


@pytest.mark.parametrize("name", TRIALS)
def test_it_runs_to_its_end(tmp_path, monkeypatch, name):
    python = Path(sys.executable)
    if name == "torch":
        found = python_with_torch()
        if found is None:
            pytest.skip("needs PyTorch: install it, or name a Python that has it in HPT_TORCH_PYTHON")
        python = Path(found)
    monkeypatch.setenv("PATH", f"{python.parent}{os.pathsep}{os.environ['PATH']}")
    fewer = [] if name == "shell" else [f"search.trials={TRIALS[name]}", "search.repeats=1"]
    config = load_config(FOLDER / f"{name}.yaml", fewer)
    shown = preview(config)
    store = prepare_study(config, runs_dir=tmp_path, fresh=False, notify=lambda sentence: None)
    run_missing(store, config, workers=2, observe=lambda event: None, stop=StopRequest())
    results = store.results()
    assert [(result.status, result.error) for result in results] == [(Status.DONE, None)] * TRIALS[name]
    assert shown.points[0] == results[0].params
    assert store.best_number() is not None
    assert (store.folder / "best" / "params.yaml").read_text()
    assert all(store.log_folder.joinpath(f"{result.number:05d}.log").exists() for result in results)
    epochs = {"torch": 5, "function": 40}.get(name, 0)
    curve = results[0].repeats[0].history.get(config.objective.metric, ())
    assert len(curve) == epochs
