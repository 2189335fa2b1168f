"""Studies of convolutional networks on digits, through everything but the command line."""

import numpy as np
import pytest

from hpt_cli.config import load_config
from hpt_cli.data import open_training_data
from hpt_cli.errors import ConfigError
from hpt_cli.in_flight import StopRequest
from hpt_cli.network import NetworkSettings, predict
from hpt_cli.objectives.network import NetworkObjective
from hpt_cli.preparation import open_config, prepare_study
from hpt_cli.study import run_missing
from hpt_cli.verification import verify_trials

CONFIG = """\
data: {source: digits}
objective: {metric: validation_accuracy}
network:
  layers: [{conv: 4}, {pool: max}, {conv: 6, batch_norm: true}, {pool: average}, {dense: 16}]
  epochs: 2
space:
  learning_rate: {low: 3e-3, high: 3e-2, scale: log}
  dropout: [0, 0.2]
search: {strategy: random, trials: 4, repeats: 2}
"""


def run(path, runs, *overrides, workers=1):
    store = prepare_study(
        load_config(path, overrides), runs_dir=runs, fresh=False, notify=lambda sentence: None
    )
    run_missing(
        store, load_config(path, overrides), workers=workers, observe=lambda event: None, stop=StopRequest()
    )
    return store


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A config's path and its finished study."""
    folder = tmp_path_factory.mktemp("images")
    path = folder / "images.yaml"
    path.write_text(CONFIG)
    return path, run(path, folder / "runs")


def test_the_number_of_workers_changes_no_bit(study, tmp_path):
    path, store = study
    other = run(path, tmp_path, workers=2)
    for ours, theirs in zip(store.results(), other.results(), strict=True):
        assert {**ours.to_json(), "timing": None} == {**theirs.to_json(), "timing": None}


def test_it_learns_and_its_bits_can_be_had_again(study):
    _, store = study
    results = store.results()
    assert max(result.objective for result in results) > 0.6  # chance is 0.1
    checks = verify_trials(store, open_config(store), results[:1], workers=1)
    assert [check.difference for check in checks] == [None]


def test_the_saved_model_predicts_what_was_measured(study, tmp_path):
    _, store = study
    config, trial = open_config(store), store.results()[0]
    objective = NetworkObjective(store.data_folder, config.network, config.objective.metric)
    (tmp_path / "model.npz").write_bytes(objective.model(trial)["model.npz"])
    data = open_training_data(store.data_folder)
    settings = NetworkSettings.from_flat({**config.network, **trial.params})
    with np.load(tmp_path / "model.npz", allow_pickle=False) as model:
        outputs = predict(settings, model, data.x_validation)
    accuracy = (outputs.argmax(axis=1) == data.y_validation).mean()
    assert accuracy == trial.repeats[0].metrics["validation_accuracy"]


def test_images_of_another_size_are_refused_before_anything_is_made(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(CONFIG.replace("{pool: average}", "{pool: average, size: 5}"))
    with pytest.raises(ConfigError, match=r"small.yaml:4: network.layers\[3\].size: 5 x 5 pixels do not fit"):
        run(path, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
