"""Studies of own code as a person runs them: real commands, kills, timeouts, every view."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFIG = """\
name: own
command: [{python}, train.py, "{{args}}", "{{seed}}"]
objective: {{metric: loss, goal: minimize}}
space:
  rate: {{low: 0.001, high: 1, scale: log}}
  units: {{type: int, low: 1, high: 64}}
search: {{strategy: random, trials: 4, repeats: 2}}
"""
TRAIN = """\
import json, os, sys, time
rate, units, seed = float(sys.argv[2]), int(sys.argv[4]), int(sys.argv[5])
with open("pids.txt", "a") as file:
    file.write(f"{os.getpid()} ")
time.sleep(float(os.environ.get("PAUSE", "0")))
for epoch in range(1, 4):
    print(json.dumps({"epoch": epoch, "loss": abs(rate - 0.1) + units / 1000 + seed / 1e12 + 1 / epoch}))
"""


@pytest.fixture
def own(tmp_path, runs):
    """A config of a command in a folder of its own."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    path = folder / "own.yaml"
    path.write_text(CONFIG.format(python=sys.executable))
    return path


@pytest.fixture
def records(runs):
    """What a study's trials say, without their timing."""

    def read(name="own"):
        trials = [json.loads(path.read_text()) for path in sorted((runs / name / "trials").glob("*.json"))]
        return [{key: value for key, value in trial.items() if key != "timing"} for trial in trials]

    return read


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def runs_still(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_results_depend_on_config_and_seed_alone(hpt, own, records):
    for name, workers in (("one", 1), ("three", 3)):
        assert hpt("run", own, "--name", name, "--workers", workers).exit_code == 0
    assert records("one") == records("three")
    trial = records("one")[0]
    assert [len(repeat["history"]["loss"]) for repeat in trial["repeats"]] == [3, 3]
    assert trial["repeats"][0]["objective"] != trial["repeats"][1]["objective"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes under /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_study_that_was_ended_leaves_no_process_and_goes_on(environment, hpt, own, records, number):
    hpt("run", own, "--name", "straight")
    pids = own.parent / "pids.txt"
    pids.unlink()
    command = [sys.executable, "-m", "hpt_cli", "run", str(own), "--workers", "2"]
    slow = {**environment, "PAUSE": "60"}
    running = subprocess.Popen(command, env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) >= 2)
    running.send_signal(number)
    _, said = running.communicate(timeout=20)
    assert running.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert b"Traceback" not in said
    wait_for(lambda: not any(map(runs_still, pids.read_text().split())), 5.0)
    assert records() == []
    assert hpt("run", own).exit_code == 0
    assert records() == records("straight")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes under /proc")
def test_a_killed_worker_takes_its_command_along_and_the_study_ends_well(environment, own, records):
    marked = {**environment, "PAUSE": "1"}
    command = [sys.executable, "-m", "hpt_cli", "run", str(own), "--workers", "1", "--set", "search.trials=2"]
    running = subprocess.Popen(command, env=marked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pids = own.parent / "pids.txt"
    wait_for(lambda: pids.exists() and pids.read_text().endswith(" "))
    first = pids.read_text().split()[0]
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    workers = {
        child for task in children.parents[1].iterdir() for child in (task / "children").read_text().split()
    }
    for worker in workers:
        os.kill(int(worker), signal.SIGKILL)
    wait_for(lambda: not runs_still(first), 5.0)
    assert running.wait(timeout=30) == 0
    assert [trial["status"] for trial in records()] == ["done", "done"]


def test_a_timeout_is_the_trials_own(process, own, records, runs):
    env = {"PAUSE": "60"}
    more = ("--set", "execution.trial_timeout=0.5", "--set", "search.trials=2", "--set", "search.repeats=1")
    result = process("run", own, *more, env=env)
    assert result.returncode == 1
    assert "no trial succeeded" in result.stderr or "trials failed" in result.stderr
    assert [trial["status"] for trial in records()] == ["timeout", "timeout"]
    assert records()[0]["error"] == "took longer than 0.5 s and was ended"
    assert "trial 0, seed" in (runs / "own" / "trials" / "00000.log").read_text()


def test_a_script_that_fails_says_why_once_and_in_one_line(process, own, records):
    (own.parent / "train.py").write_text("print('so far'); raise ValueError('no\\nluck')")
    result = process("run", own, "--set", "execution.max_failures=2", "--workers", "1")
    assert result.returncode == 1
    assert "trial 0, failed: exit status 1: luck" in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert "\\n" not in result.stderr
    assert "so far" in records()[0]["error"]


def test_of_trials_that_share_a_task_only_the_one_that_hangs_times_out(hpt, own, records):
    (own.parent / "calls.py").write_text(
        "import time\ndef call(x):\n    if x == 30:\n        time.sleep(60)\n    return x\n"
    )
    path = own.with_name("calls.yaml")
    path.write_text(
        "function: calls:call\nobjective: {metric: loss, goal: minimize}\n"
        f"space: {{x: {list(range(40))}}}\nsearch: {{strategy: grid}}\nexecution: {{trial_timeout: 1s}}\n"
    )
    result = hpt("run", path, "--workers", 1)
    assert result.exit_code == 0, result.stderr
    assert [trial["status"] for trial in records("calls")] == ["done"] * 30 + ["timeout"] + ["done"] * 9


def test_a_worker_that_dies_under_verify_is_said_in_a_sentence(hpt, own, monkeypatch):
    (own.parent / "dies.py").write_text(
        "import os\ndef call(x):\n    if os.getenv('DIE'):\n        os.kill(os.getpid(), 9)\n    return x\n"
    )
    path = own.with_name("dies.yaml")
    path.write_text(
        "function: dies:call\nobjective: {metric: loss, goal: minimize}\n"
        "space: {x: [1, 2]}\nsearch: {strategy: grid}\n"
    )
    assert hpt("run", path, "--workers", 1).exit_code == 0
    monkeypatch.setenv("DIE", "1")
    result = hpt("verify", "--study", "dies", "--workers", 1)
    assert result.exit_code == 1
    assert "did not come to its end: its worker process was killed by signal 9" in result.stderr


def test_a_script_that_cannot_start_ends_the_study_with_its_first_trials(hpt, own, records):
    whole = (own.parent / "train.py").read_text()
    (own.parent / "train.py").write_text("import tork")
    for workers in (1, 2):
        name = ("run", own, "--name", f"with{workers}", "--trials", 12, "--workers", workers)
        stopped = hpt(*name)
        assert stopped.exit_code == 1
        assert "stopped: the first 3 trials failed for the same reason" in stopped.stderr
        assert stopped.stderr.count("No module named 'tork'") == 1
        assert "--retry-failed" in stopped.stderr
        assert 3 <= len(records(f"with{workers}")) <= 2 + 2 * workers  # others may be on their way
    assert "No module named 'tork'" in hpt(*name).stderr  # as long as nothing is mended
    assert len(records("with2")) <= 6
    (own.parent / "train.py").write_text(whole)
    assert hpt(*name, "--retry-failed").exit_code == 0
    assert [trial["status"] for trial in records("with2")] == ["done"] * 12


def test_the_same_command_goes_on_and_another_is_refused(hpt, own, records):
    assert hpt("run", own).exit_code == 0
    assert "nothing was run" in hpt("run", own).stderr
    longer = hpt("run", own, "--trials", 6)
    assert (longer.exit_code, len(records())) == (0, 6)
    refused = hpt("run", own, "--trials", 6, "--set", "command=echo {args}")
    assert refused.exit_code == 2
    assert "command: [" in refused.stderr


def test_every_view_reads_it(hpt, own, runs):
    plan = hpt("plan", own)
    assert plan.exit_code == 0
    assert "train.py --rate 0." in plan.stdout
    assert not runs.exists()
    assert json.loads(hpt("plan", own, "--json").stdout)["seconds_per_trial"] is None
    assert hpt("run", own).exit_code == 0
    assert "maximize" not in hpt("show", "own").stdout
    assert json.loads(hpt("show", "own", "--json").stdout)["metric"] == "loss"
    assert "--rate=" in hpt("best", "own", "--args").stdout
    assert "repeats\t2" in hpt("trial", 0, "--study", "own").stdout
    assert "own" in hpt("list").stdout
    verified = hpt("verify", "--study", "own")
    assert (verified.exit_code, verified.stdout) == (0, "4 trials trained again with the same bits\n")
    shown = hpt("refine", "own", "--dry-run", "--trials", 4)
    assert "round 1" in shown.stdout
    assert "to do it: hpt refine " in shown.stderr
    assert shown.stderr.rstrip().endswith(" --trials 4")
    assert "tunes code of your own" in hpt("predict", own, "--study", "own").stderr
    best = runs / "own" / "best"
    assert sorted(path.name for path in best.iterdir()) == ["command.txt", "params.yaml", "trial.json"]
    assert "train.py --rate" in (best / "command.txt").read_text()


def test_code_that_is_not_deterministic_is_found_out(hpt, own):
    (own.parent / "train.py").write_text("import time; print(time.time())")
    assert hpt("run", own).exit_code == 0
    verified = hpt("verify", 0, "--study", "own")
    assert verified.exit_code == 1
    assert "own code gives the same bits only where" in verified.stdout


def test_an_expectation_may_name_its_metrics(hpt, own):
    assert hpt("run", own, "--expect", "loss <= 10").exit_code == 0
    assert hpt("run", own, "--expect", "objective <= 0").exit_code == 1
    unknown = hpt("run", own, "--expect", "accuracy >= 1")
    assert unknown.exit_code == 2
    assert "has no metric 'accuracy'" in unknown.stderr


def test_a_function_reads_as_well(hpt, own, runs, records):
    (own.parent / "code.py").write_text(
        "import sys\ndef fit(rate, units, seed):\n"
        "    print('fitting')\n    for e in range(3): yield {'loss': rate + units / (e + 1) + seed / 1e12}\n"
    )
    (own.parent / "hpt_fit.py").write_text((own.parent / "code.py").read_text())
    text = own.read_text()
    own.write_text("function: hpt_fit:fit\n" + text.partition("train.py")[2].partition("\n")[2])
    for name, workers in (("one", 1), ("two", 2)):
        assert hpt("run", own, "--name", name, "--workers", workers).exit_code == 0
    assert records("one") == records("two")
    assert "fitting" in (runs / "one" / "trials" / "00000.log").read_text()
    assert hpt("verify", "--study", "one").exit_code == 0
    assert "hpt_fit:fit" in hpt("plan", own).stdout


class TestLogs:
    def test_it_is_printed_byte_for_byte_to_a_pipe(self, hpt, process, own, runs):
        (own.parent / "train.py").write_text("print('\\x1b[31mred'); print(1)")
        hpt("run", own, "--trials", "1", "--set", "search.repeats=1")
        shown = process("logs", "0", "--study", "own")
        assert shown.stdout.endswith("\x1b[31mred\n1\n")
        assert shown.stdout == (runs / "own" / "trials" / "00000.log").read_text()

    def test_a_log_that_is_not_there_is_told_with_those_that_are(self, hpt, own, make_study):
        hpt("run", own, "--trials", 2)
        missing = hpt("logs", 7, "--study", "own")
        assert missing.exit_code == 2
        assert "trial 7 of own has no log; there are logs of 2 trials, 0 to 1" in missing.stderr
        make_study()
        assert "only own code writes logs" in hpt("logs", 0, "--study", "digits").stderr

    def test_following_ends_with_the_trial(self, environment, process, own, runs):
        slow = {**environment, "PAUSE": "0.5"}
        command = [sys.executable, "-m", "hpt_cli", "run", str(own), "--workers", "1", "--trials", "1"]
        running = subprocess.Popen(command, env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: (runs / "own" / "trials" / "00000.log").exists())
            shown = process("logs", "0", "-f", "--study", "own")
        finally:
            assert running.wait(timeout=30) == 0
        assert shown.stdout.count('"epoch": 3') == 2
