import json

CONFIG = """\
name: iris
data: {source: iris}
objective: {metric: validation_loss}
network: {epochs: 2, hidden_units: 4}
space: {learning_rate: {low: 1e-3, high: 1, scale: log}}
search: {strategy: bayes, trials: 7}
execution: {workers: 1}
"""


def test_it_tells_the_best_seen_from_the_one_that_the_model_believes_in(tmp_path, runs, hpt):
    path = tmp_path / "iris.yaml"
    path.write_text(CONFIG)
    assert hpt("run", path).exit_code == 0
    told = json.loads(hpt("best", "--json").stdout)
    trials = [json.loads(file.read_text()) for file in sorted((runs / "iris" / "trials").glob("*.json"))]
    assert told["seen"] == told["number"] == min(trials, key=lambda trial: trial["objective"])["number"]
    assert told["believed"] in range(7)
    assert told["confirmed"] is None
    lines = hpt("best").stdout.splitlines()
    assert f"best believed\ttrial {told['believed']}, by the model" in lines
    assert "confirmed\tnone yet: hpt confirm" in lines


def test_without_a_model_nothing_is_believed(make_study, make_trial, hpt):
    make_study(make_trial(0, 0.5), make_trial(1, 0.9))
    told = json.loads(hpt("best", "--json").stdout)
    assert (told["seen"], told["believed"], told["confirmed"]) == (1, None, None)
    assert "believed" not in hpt("best").stdout


def test_what_is_believed_best_is_what_a_confirmation_begins_with(tmp_path, runs, hpt):
    path = tmp_path / "iris.yaml"
    path.write_text(CONFIG)
    assert hpt("run", path).exit_code == 0
    believed = json.loads(hpt("best", "--json").stdout)["believed"]
    assert hpt("confirm", "--top", 2, "--repeats", 2).exit_code == 0
    record = json.loads((runs / "iris" / "confirm" / "000.json").read_text())
    assert record["plan"]["trials"][0] == believed
