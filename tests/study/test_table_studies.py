"""Studies of messy tables, from the config to the predictions of the best model."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from hpt_cli import load_model
from hpt_cli.cli.app import app
from hpt_cli.config import load_config
from hpt_cli.errors import InputError
from hpt_cli.preparation import read_data
from hpt_cli.trial import TrialResult

REST = """
network: {{epochs: 20, batch_size: 16, hidden_units: 8{network}}}
space: {{learning_rate: [0.01, 0.03]}}
search: {{strategy: random, trials: 2}}
"""


@pytest.fixture
def lopsided(tmp_path):
    """400 rows, 8 % of them ``rare``, which a number tells roughly; the config's path by its network."""
    rng = np.random.default_rng(2)
    y = rng.random(400) < 0.08
    x = rng.normal(size=400) + 1.5 * y
    rows = "".join(f"{a:.4f},{'rare' if b else 'common'}\n" for a, b in zip(x, y, strict=True))
    (tmp_path / "t.csv").write_text("a,kind\n" + rows)

    def write(metric="validation_balanced_accuracy", network="", data=""):
        path = tmp_path / "lopsided.yaml"
        head = f"data: {{source: t.csv, target: kind{data}}}\nobjective: {{metric: {metric}}}"
        path.write_text(head + REST.format(network=network))
        return path

    return write


def best_of(tmp_path, path, runs):
    """Run the command; the best trial as its file says it."""
    line = ["run", str(path), "--runs-dir", str(tmp_path / runs), "--workers", "1"]
    done = CliRunner().invoke(app, line, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    folder = tmp_path / runs / path.stem
    number = json.loads((folder / "best" / "trial.json").read_text())["number"]
    trial = json.loads((folder / "trials" / f"{number:05}.json").read_text())
    return TrialResult.from_json(trial), folder


def test_balanced_class_weights_find_the_rare_class(lopsided, tmp_path):
    plain, _ = best_of(tmp_path, lopsided(), "plain")
    balanced, folder = best_of(tmp_path, lopsided(network=", class_weight: balanced"), "balanced")
    assert plain.objective is not None
    assert balanced.objective is not None
    # without weights nearly every row is called common: balanced accuracy is about 0.5
    assert balanced.objective > plain.objective + 0.1
    frame = np.linspace(-3, 4, 50)
    import pandas as pd

    said = load_model(folder).predict(pd.DataFrame({"a": frame}))
    assert said[0] == "common"
    assert said[-1] == "rare"


def test_an_area_under_the_curve_without_a_class_is_refused_by_the_classs_name(lopsided, tmp_path):
    rows = "".join(f"{n}.5,{'once' if n == 5 else 'ab'[n % 2]}\n" for n in range(40))
    (tmp_path / "t.csv").write_text("a,kind\n" + rows)
    with pytest.raises(
        InputError, match="needs rows of every class, and the validation part has none of 'once'"
    ):
        read_data(load_config(lopsided("validation_auc", data=", split: {seed: 1}")))


def test_settings_that_do_something_else_are_told_with_the_data(lopsided):
    dataset = read_data(load_config(lopsided(network=", patience: 30")))
    assert dataset is not None
    assert any("patience 30 ends no training" in note for note in dataset.notes)
