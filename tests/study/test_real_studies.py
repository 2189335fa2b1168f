"""Studies of real networks on iris, through everything but the command line."""

import json

import numpy as np
import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import InputError, StudyChangedError
from hpt_cli.in_flight import StopRequest
from hpt_cli.network import NetworkSettings, predict
from hpt_cli.preparation import open_config, prepare_study, reload_data, source_change
from hpt_cli.preview import DRAWS, preview
from hpt_cli.study import run_missing
from hpt_cli.verification import environment_changes, verify_trials

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 8, batch_size: 16}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  hidden_units: {low: 4, high: 32, scale: log}
  batch_norm: [true, false]
search: {strategy: random, trials: 9, repeats: 2}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A config's path, and the runs folder with its finished study."""
    folder = tmp_path_factory.mktemp("finished")
    path = folder / "iris.yaml"
    path.write_text(CONFIG)
    run(path, folder / "runs", workers=2)
    return path, folder / "runs"


def run(path, runs, *overrides, workers=1, fresh=False):
    config = load_config(path, overrides)
    store = prepare_study(config, runs_dir=runs, fresh=fresh, notify=lambda sentence: None)
    run_missing(store, config, workers=workers, observe=lambda event: None, stop=StopRequest())
    return store


def without_time(store):
    return [{**result.to_json(), "timing": None} for result in store.results()]


def test_the_number_of_workers_changes_no_bit(finished, tmp_path):
    path, runs = finished
    assert without_time(run(path, tmp_path, workers=1)) == without_time(run(path, runs))


def test_verify_finds_the_same_bits_and_a_changed_one(finished, tmp_path):
    path, _ = finished
    store = run(path, tmp_path)
    trial = json.loads(store.trial_path(3).read_text())
    trial["repeats"][1]["history"]["training_loss"][2] += 1e-9
    store.trial_path(3).write_text(json.dumps(trial))
    checks = {c.number: c for c in verify_trials(store, open_config(store), store.results(), workers=1)}
    assert sorted(checks) == list(range(9))
    assert [number for number, check in checks.items() if check.difference is not None] == [3]
    assert "repeats[1].history.training_loss[2]" in checks[3].difference
    assert checks[3].largest == pytest.approx(1e-9, rel=1e-3)
    assert environment_changes(store) == []


def test_the_environment_names_the_blas_that_trains(finished):
    path, runs = finished
    assert len(run(path, runs).study["blas"]) == 1


def test_data_that_changed_is_named(tmp_path):
    table = tmp_path / "points.csv"
    rows = [f"{n % 7},{n % 5},{'ab'[n % 2]}" for n in range(60)]
    table.write_text("\n".join(["x,y,label", *rows]) + "\n")
    path = tmp_path / "points.yaml"
    path.write_text(CONFIG.replace("{source: iris}", "{source: points.csv, target: label}"))
    store = run(path, tmp_path / "runs", "search.trials=2")
    assert source_change(store, open_config(store)) is None
    table.write_text("\n".join(["x,y,label", *rows[1:]]) + "\n")
    assert "points.csv has other content" in source_change(store, open_config(store))
    table.unlink()
    assert "can no longer be read" in source_change(store, open_config(store))


def test_the_kept_model_says_what_the_best_trial_said(finished):
    path, runs = finished
    store = run(path, runs)
    config = open_config(store)
    best = store.read_trial(store.best_number())
    with np.load(store.folder / "best" / "model.npz") as arrays:
        weights = dict(arrays)
    x = np.load(store.data_folder / "x_validation.npy")
    y = np.load(store.data_folder / "y_validation.npy")
    settings = NetworkSettings.from_flat({**config.network, **best.params})
    accuracy = (predict(settings, weights, x).argmax(axis=1) == y).mean()
    assert accuracy == pytest.approx(best.repeats[0].metrics["validation_accuracy"])


def test_test_rows_never_reach_the_study(finished):
    path, runs = finished
    store = run(path, runs)
    assert sorted(file.name for file in store.data_folder.iterdir()) == [
        "data.json",
        "recipe.json",
        "x_train.npy",
        "x_validation.npy",
        "y_train.npy",
        "y_validation.npy",
    ]


def test_a_lost_cache_of_the_data_is_made_again(finished, tmp_path):
    path, _ = finished
    store = run(path, tmp_path)
    before = (store.data_folder / "x_train.npy").read_bytes()
    for file in store.data_folder.iterdir():
        file.unlink()
    reload_data(store, open_config(store))
    assert (store.data_folder / "x_train.npy").read_bytes() == before


class TestGoingOn:
    def test_more_trials_extend_the_study(self, finished, tmp_path):
        path, _ = finished
        run(path, tmp_path, "search.trials=4")
        grown = run(path, tmp_path, "search.trials=9")
        assert without_time(grown) == without_time(run(path, tmp_path / "straight"))

    def test_fewer_trials_than_it_has_are_refused_with_the_way_to_go_on(self, finished):
        path, runs = finished
        with pytest.raises(StudyChangedError, match="go on with --trials 9"):
            run(path, runs, "search.trials=5")

    def test_more_rounds_extend_the_study(self, finished, tmp_path):
        path, _ = finished
        run(path, tmp_path)
        store = run(path, tmp_path, "search.rounds=2")
        assert [plan.trials for plan in store.rounds()] == [9, 9]

    def test_execution_may_change(self, finished):
        path, runs = finished
        run(path, runs, "execution.max_failures=3", "execution.workers=2")

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("seed=1", "seed: 0 -> 1"),
            ("search.trials=5", "trials"),
            ("search.strategy=sobol", "strategy"),
            ("network.epochs=9", "network.epochs: 8 -> 9"),
            ("space.hidden_units.high=64", "hidden_units"),
            ("data.split.test=0.3", "split.test"),
        ],
    )
    def test_anything_else_is_refused_with_what_changed_and_the_ways_out(self, finished, override, said):
        path, runs = finished
        with pytest.raises(StudyChangedError, match=r"--name NEW.*--fresh") as caught:
            run(path, runs, override)
        assert said in str(caught.value)

    def test_changed_data_is_refused(self, tmp_path):
        table = tmp_path / "points.csv"
        rows = [f"{n % 7},{n % 5},{'ab'[n % 2]}" for n in range(60)]
        table.write_text("\n".join(["x,y,label", *rows]) + "\n")
        path = tmp_path / "points.yaml"
        path.write_text(CONFIG.replace("{source: iris}", "{source: points.csv, target: label}"))
        run(path, tmp_path / "runs", "search.trials=2")
        table.write_text("\n".join(["x,y,label", *rows[:-1], "9,9,a"]) + "\n")
        with pytest.raises(StudyChangedError, match=r"points\.csv has other content"):
            run(path, tmp_path / "runs", "search.trials=2")

    def test_fresh_keeps_the_old_folder(self, finished, tmp_path):
        path, _ = finished
        run(path, tmp_path, "search.trials=2")
        run(path, tmp_path, "search.trials=3", fresh=True)
        assert sorted(folder.name for folder in tmp_path.iterdir()) == ["iris", "iris-1"]
        assert len(list((tmp_path / "iris-1" / "trials").iterdir())) == 2


def test_a_metric_that_the_data_cannot_give_leaves_no_folder(finished, tmp_path):
    path, _ = finished
    with pytest.raises(InputError, match="rmse"):
        run(path, tmp_path / "runs", "objective.metric=validation_rmse")
    assert not (tmp_path / "runs").exists()


def test_a_loss_that_the_data_cannot_give_leaves_no_folder(finished, tmp_path):
    path, _ = finished
    with pytest.raises(InputError, match="loss"):
        run(path, tmp_path / "runs", "network.loss=binary_cross_entropy")
    assert not (tmp_path / "runs").exists()


def test_a_preview_writes_nothing_and_shows_the_first_choices(finished, tmp_path, monkeypatch):
    path, runs = finished
    monkeypatch.chdir(tmp_path)
    shown = preview(load_config(path))
    assert list(tmp_path.iterdir()) == []
    results = run(path, runs).results()
    assert list(shown.points) == [result.params for result in results[: len(shown.points)]]
    assert shown.seconds_per_trial > 0
    assert shown.draws.legal == DRAWS
