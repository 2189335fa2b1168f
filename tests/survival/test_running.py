"""Commands on a study that another process runs: read as it stands, or refused in words; it goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 5, batch_size: 16}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  batch_norm: [true, false]
search: {strategy: random, trials: 100000, repeats: 2}
"""
READ = {
    "show": ("show", "iris"),
    "best": ("best", "iris"),
    "why": ("why", "--study", "iris"),
    "trial": ("trial", 0, "--study", "iris"),
    "report": ("report", "iris"),
    "list": ("list",),
    "verify": ("verify", 0, "--study", "iris", "--workers", 1),
}
IN_USE = {
    "run": ("run", "iris.yaml"),
    "fresh": ("run", "iris.yaml", "--fresh"),
    "retry": ("run", "iris.yaml", "--retry-failed"),
    "refine": ("refine", "iris"),
    "preview": ("refine", "iris", "--dry-run"),
    "to": ("refine", "iris", "--to", "finer.yaml"),
    "confirm": ("confirm", "iris"),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A folder, and a process that runs its study until it is told to end."""
    folder = tmp_path_factory.mktemp("running")
    (folder / "iris.yaml").write_text(CONFIG)
    command = [sys.executable, "-m", "hpt_cli", "run", "iris.yaml", "--workers", "1"]
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, start_new_session=True)
    end = time.monotonic() + 30
    while process.poll() is None and len(list((folder / "runs" / "iris" / "trials").glob("*.json"))) < 3:
        assert time.monotonic() < end
        time.sleep(0.02)
    yield folder, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("command", READ)
def test_it_is_read_as_it_stands(in_process, running, command):
    folder, process = running
    result = in_process(*READ[command], folder=folder)
    assert result.returncode == 0, result.stderr
    if command in ("show", "best"):
        assert f"is being run by process {process.pid} on" in result.stderr
    elif command == "list":
        assert "\trunning\t" in result.stdout
    elif command == "verify":
        assert "1 trial trained again with the same bits" in result.stdout


@pytest.mark.parametrize("command", IN_USE)
def test_what_would_change_it_or_needs_its_end_is_refused_at_once(in_process, running, command):
    folder, process = running
    before = sorted(path.name for path in folder.iterdir())
    result = in_process(*IN_USE[command], folder=folder)
    assert result.returncode == 3, result.stderr
    assert f"study iris is in use by process {process.pid} on" in result.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_its_model_is_not_there_yet(in_process, running):
    folder, process = running
    result = in_process("predict", "iris.yaml", "--study", "iris", folder=folder)
    assert result.returncode == 2
    assert f"being run by process {process.pid} on" in result.stderr


def test_nothing_of_that_has_disturbed_it(running):
    folder, process = running
    trials = folder / "runs" / "iris" / "trials"
    count = len(list(trials.glob("*.json")))
    end = time.monotonic() + 20
    while len(list(trials.glob("*.json"))) <= count:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert "Traceback" not in (folder / "said.txt").read_text()
    assert all(json.loads(path.read_text())["status"] for path in trials.glob("*.json"))
