"""The real command, killed with SIGKILL, resumed, and compared with a study that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

CONFIG = """\
name: iris
data: {{source: iris}}
network: {{epochs: 20, batch_size: 16}}
space:
  learning_rate: {{low: 1e-3, high: 1, scale: log, points: 3}}
  hidden_units: {{low: 4, high: 32, scale: log, points: 3}}
  batch_norm: [true, false]
search: {{strategy: {strategy}, trials: {trials}, repeats: 2}}
"""


def command(config, runs, *options):
    return [sys.executable, "-m", "hpt_cli", "run", str(config), "--runs-dir", str(runs), *options]


def comparable(folder):
    """The rounds and trials of a study, without the clock."""
    trials = {}
    for path in sorted((folder / "trials").iterdir()):
        trial = json.loads(path.read_text())
        del trial["timing"]
        trials[path.name] = trial
    rounds = {path.name: path.read_text() for path in sorted((folder / "rounds").iterdir())}
    return trials, rounds


def write_config(folder, strategy, trials):
    config = folder / "iris.yaml"
    config.write_text(CONFIG.format(strategy=strategy, trials=trials))
    return config


@pytest.mark.parametrize(("strategy", "trials"), [("grid", 18), ("bayes", 14)])
def test_killed_at_random_instants_it_ends_as_if_it_never_was(tmp_path, in_process, strategy, trials):
    config = write_config(tmp_path, strategy, trials)
    left_alone = in_process("run", config, "--runs-dir", tmp_path / "alone", "--workers", "1")
    assert left_alone.returncode == 0, left_alone.stderr
    chance = random.Random(1)
    trials_folder = tmp_path / "killed" / "iris" / "trials"
    for wanted in (1, trials // 3, trials // 2):  # kills land between trials as well as inside one
        process = subprocess.Popen(
            command(config, tmp_path / "killed", "--workers", "2"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(list(trials_folder.glob("*.json"))) < wanted:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finished = in_process("run", config, "--runs-dir", tmp_path / "killed", "--workers", "2")
    assert finished.returncode == 0, finished.stderr
    assert comparable(tmp_path / "killed" / "iris") == comparable(tmp_path / "alone" / "iris")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_study_with_its_status_and_keeps_what_is_finished(tmp_path, number, status):
    config = write_config(tmp_path, "random", 5000)
    trials_folder = tmp_path / "runs" / "iris" / "trials"
    with subprocess.Popen(
        command(config, tmp_path / "runs", "--workers", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not list(trials_folder.glob("*.json")):
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, number)
        _, messages = process.communicate(timeout=30)
    assert process.returncode == status, messages
    assert "Traceback" not in messages
    assert "finished and kept" in messages
    finished = list(trials_folder.glob("*.json"))
    assert finished
    assert all(json.loads(path.read_text())["status"] == "done" for path in finished)
