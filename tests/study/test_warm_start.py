"""Earlier studies as a warm start."""

import json
import shutil

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError, DamagedStudyError, InputError
from hpt_cli.in_flight import StopRequest
from hpt_cli.preparation import prepare_study
from hpt_cli.preview import preview
from hpt_cli.study import run_missing

OLD = """\
name: old
data: {source: iris}
network: {epochs: 6, batch_norm: true}
space:
  learning_rate: {low: 1e-4, high: 10, scale: log}
  hidden_units: {low: 4, high: 64, scale: log}
  optimizer: [sgd, adam]
search: {strategy: sobol, trials: 24}
"""
NEW = """\
name: new
data: {source: iris}
network: {epochs: 6, optimizer: adam}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  hidden_units: {low: 4, high: 64, scale: log}
  batch_norm: [true, false]
search: {strategy: bayes, trials: 5, parallel: 1, warm_start: [runs/old]}
"""


def prepared(folder, text, name, notes):
    path = folder / f"{name}.yaml"
    path.write_text(text)
    config = load_config(path)
    return prepare_study(config, runs_dir=folder / "runs", fresh=False, notify=notes.append), config


def run(folder, text, name):
    notes = []
    store, config = prepared(folder, text, name, notes)
    run_missing(store, config, workers=1, observe=lambda event: None, stop=StopRequest())
    return store, [note for note in notes if "warm_start" in note]


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    store, _ = run(folder, OLD, "old")
    return store


@pytest.fixture
def folder(old, tmp_path):
    shutil.copytree(old.folder, tmp_path / "runs" / "old")
    return tmp_path


def fits(result):
    return result.params["optimizer"] == "adam" and 1e-3 <= result.params["learning_rate"] <= 1


def test_trials_that_fit_are_copied_and_counted(old, folder):
    store, (note,) = run(folder, NEW, "new")
    told = json.loads((store.folder / "warm_start.json").read_text())["trials"]
    expected = [result for result in old.results() if fits(result)]
    assert 5 < len(expected) < 20
    assert [trial["objective"] for trial in told] == [result.objective for result in expected]
    assert told[0]["params"] == {
        "learning_rate": expected[0].params["learning_rate"],
        "hidden_units": expected[0].params["hidden_units"],
        "batch_norm": True,  # fixed then, searched now
    }
    assert f"{len(expected)} of 24 trials of runs/old fit the space and are told" in note


def test_the_first_trial_is_the_models_choice_and_another_than_without(folder):
    warm, _ = run(folder, NEW, "new")
    cold, _ = run(folder, NEW.replace(", warm_start: [runs/old]", "").replace("new", "cold"), "cold")
    assert warm.results()[0].origin.kind == "model"
    assert cold.results()[0].origin.kind == "start"
    assert warm.results()[0].params != cold.results()[0].params


def test_the_old_folder_is_not_needed_any_more(folder):
    straight, _ = run(folder, NEW, "new")
    again, config = prepared(folder, NEW.replace("name: new", "name: again"), "again", [])
    shutil.rmtree(folder / "runs" / "old")
    run_missing(again, config, workers=1, observe=lambda event: None, stop=StopRequest())
    assert [result.params for result in again.results()] == [result.params for result in straight.results()]
    run(folder, NEW.replace("trials: 5", "trials: 6"), "new")  # goes on


def test_a_changed_copy_is_refused(folder):
    store, config = prepared(folder, NEW, "new", [])
    path = store.folder / "warm_start.json"
    told = json.loads(path.read_text())
    told["trials"][0]["objective"] = 0.0
    path.write_text(json.dumps(told))
    with pytest.raises(DamagedStudyError, match="not the trials that the study was made with"):
        run_missing(store, config, workers=1, observe=lambda event: None, stop=StopRequest())


def test_another_metric_a_missing_study_and_a_deaf_strategy_are_refused_in_words(folder):
    with pytest.raises(InputError, match="old was to minimize validation_loss, and this study is to max"):
        prepared(folder, NEW + "objective: {metric: validation_accuracy}\n", "new", [])
    with pytest.raises(InputError, match=r"search.warm_start: runs/none is no study's folder; looked at"):
        prepared(folder, NEW.replace("runs/old", "runs/none"), "new", [])
    assert not (folder / "runs" / "new").exists()
    with pytest.raises(ConfigError, match="warm_start: has no effect: sobol does not learn from results"):
        prepared(folder, NEW.replace("bayes", "sobol"), "new", [])


def test_what_differs_is_said_in_a_plan_too(folder):
    path = folder / "new.yaml"
    path.write_text(NEW.replace("epochs: 6", "epochs: 9"))
    notes = [note for note in preview(load_config(path)).notes if "warm_start" in note]
    assert notes[0].endswith("fit the space and are told; it had another epochs")
