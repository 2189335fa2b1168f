import json

import pytest
from click.testing import CliRunner

from hpt_cli.cli.app import app

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 2, hidden_units: 4}
space: {learning_rate: {low: 1e-3, high: 1, scale: log}}
search: {strategy: random, trials: 3}
"""


@pytest.fixture
def study(runs, tmp_path):
    config = tmp_path / "iris.yaml"
    config.write_text(CONFIG)
    assert CliRunner().invoke(app, ["run", str(config), "--workers", "1"]).exit_code == 0
    return runs / "iris"


def test_the_same_bits_are_said_in_one_line(study):
    done = CliRunner().invoke(app, ["verify", "--workers", "1"])
    assert (done.exit_code, done.stdout) == (0, "3 trials trained again with the same bits\n")


def test_a_changed_bit_is_named_and_ends_with_1(study):
    path = study / "trials" / "00001.json"
    trial = json.loads(path.read_text())
    trial["repeats"][0]["metrics"]["validation_loss"] += 1e-6
    path.write_text(json.dumps(trial))
    done = CliRunner().invoke(app, ["verify", "1", "--workers", "1"])
    assert done.exit_code == 1
    assert "trial 1 differs: repeats[0].metrics.validation_loss: " in done.stdout
    assert "1 of 1 trial not the same as stored" in done.stderr


def test_json_holds_each_trial(study):
    done = CliRunner().invoke(app, ["verify", "2", "--workers", "1", "--json"])
    (trial,) = json.loads(done.stdout)["trials"]
    assert (trial["number"], trial["same"], trial["difference"]) == (2, True, None)
