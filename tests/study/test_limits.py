"""Studies that end before their last trial, and go on: through the command line, with real workers."""

import json

import pytest

CONFIG = """\
name: iris
data: {source: iris}
objective: {metric: validation_accuracy}
network: {epochs: 3, hidden_units: 4}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  dropout: {low: 0, high: 0.5}
search: {strategy: STRATEGY, trials: 24, parallel: 3, target: 0.85}
"""


@pytest.fixture
def hpt(tmp_path, in_process):
    config = tmp_path / "iris.yaml"
    config.write_text(CONFIG.replace("STRATEGY", "random"))

    def run(*options, runs="runs", command="run"):
        subject = str(config) if command == "run" else "iris"
        return in_process(command, subject, "--runs-dir", tmp_path / runs, *options)

    return run


def trials(folder):
    """The trials without the clock, and how the study ended."""
    found = {}
    for path in sorted((folder / "trials").glob("*.json")):
        found[path.name] = {**json.loads(path.read_text()), "timing": None}
    return found, json.loads((folder / "study.json").read_text())["ended"]


@pytest.mark.parametrize("strategy", ["random", "bayes"])
def test_a_target_ends_the_same_study_for_any_number_of_workers(hpt, tmp_path, strategy):
    studies = []
    for workers in ("1", "3"):
        result = hpt("--workers", workers, "--set", f"search.strategy={strategy}", runs=workers)
        assert result.returncode == 0, result.stderr
        studies.append(trials(tmp_path / workers / "iris"))
    assert studies[0] == studies[1]
    found, ended = studies[0]
    first = min(
        trial["number"] for trial in found.values() if trial["objective"] and trial["objective"] >= 0.85
    )
    assert ended == {"reason": "target", "trial": first}
    assert len(found) == first + 3 < 24  # those that may be open when it is reached
    assert f"trial {first} reached the target, 0.85" in result.stdout


def test_without_its_target_a_study_goes_on_to_what_it_would_have_been(hpt, tmp_path):
    assert hpt("--set", "search.target=null", runs="straight").returncode == 0
    assert hpt().returncode == 0
    ended = hpt("--retry-failed")
    assert ended.returncode == 0
    assert "was ended already; nothing was run" in ended.stderr
    assert hpt("--set", "search.target=null").returncode == 0
    straight, grown = trials(tmp_path / "straight" / "iris"), trials(tmp_path / "runs" / "iris")
    assert straight == grown
    assert straight[1] == {"reason": "finished"}


def test_a_budget_ends_a_study_and_is_not_given_again(hpt, tmp_path):
    long = ("--set", "search.target=null", "--set", "search.trials=3000", "--workers", "1")
    result = hpt(*long, "--set", "search.budget=1s")
    assert result.returncode == 0, result.stderr
    found, ended = trials(tmp_path / "runs" / "iris")
    assert 0 < len(found) < 3000
    assert ended["reason"] == "budget"
    assert 1.0 <= ended["seconds"] < 20.0
    assert "by its budget of 1 s; the same command goes on with --set search.budget=2s" in result.stdout
    again = hpt(*long, "--set", "search.budget=1s")
    assert again.returncode == 0
    assert "nothing was run" in again.stderr
    assert trials(tmp_path / "runs" / "iris") == (found, ended)
    assert "by its budget of 1 s" in hpt(command="show").stdout
    more = hpt(*long, "--set", f"search.budget={ended['seconds'] + 0.5}s")
    assert more.returncode == 0, more.stderr
    assert trials(tmp_path / "runs" / "iris")[0].keys() > found.keys()


def test_failures_end_a_study_and_can_be_tried_again(hpt, tmp_path):
    fails = ("--set", "search.target=null", "--set", "execution.trial_timeout=0.001s", "--workers", "1")
    result = hpt(*fails, "--set", "execution.max_failures=2")
    assert result.returncode == 1
    assert "--retry-failed" in result.stderr
    assert "Traceback" not in result.stderr
    found, ended = trials(tmp_path / "runs" / "iris")
    assert ended == {"reason": "failures"}
    assert {trial["status"] for trial in found.values()} == {"timeout"}
    assert "--retry-failed" in hpt(command="show").stdout
    mended = hpt("--set", "search.target=null", "--retry-failed", "--workers", "1")
    assert mended.returncode == 0, mended.stderr
    assert hpt("--set", "search.target=null", runs="straight").returncode == 0
    assert trials(tmp_path / "runs" / "iris") == trials(tmp_path / "straight" / "iris")
    kept = sorted(path.name for path in (tmp_path / "runs" / "iris" / "trials").glob("*.failed"))
    assert kept == [f"{name}.failed" for name in sorted(found)]


def test_threads_of_a_worker_belong_to_the_study(hpt):
    assert hpt().returncode == 0
    result = hpt("--set", "execution.threads_per_worker=2", "--set", "execution.retries=3")
    assert result.returncode == 2
    assert "execution.threads_per_worker: 1 -> 2" in result.stderr
    assert "retries" not in result.stderr
