"""Studies on a real Dask scheduler and real workers of it, through the command line."""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hpt_cli.data import DataSettings, SplitSettings, load_dataset
from hpt_cli.executors import Folder
from hpt_cli.objectives.network import NetworkObjective
from hpt_cli.trial import Origin, TrialSpec

pytest.importorskip("distributed", reason="needs Dask: pip install 'hpt-cli[dask]'")

from hpt_cli.executors.carried import WorkerSettings, packed
from hpt_cli.executors.dask import DaskExecutor

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 5, hidden_units: 8}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  batch_norm: [true, false]
search: {strategy: random, trials: 12}
"""

SLOW = """\
name: slow
function: slow:objective
objective: {metric: value, goal: minimize}
space: {x: {low: 0, high: 1, type: float}}
search: {strategy: random, trials: 12}
"""

SLOW_CODE = """\
import time

def objective(x):
    time.sleep(0.2)
    return (x - 0.3) ** 2
"""

COMMAND = """\
name: script
command: "{python} script.py {x} {seed} {params.json} {results.json}"
objective: {metric: value, goal: minimize}
space: {x: {low: 0, high: 1, type: float}}
search: {strategy: random, trials: 12}
"""

SCRIPT = """\
import json, sys, time
time.sleep(0.2)
x, seed, params, results = sys.argv[1:]
print("x is", x)
value = json.load(open(params))["x"] + float(x) + int(seed) / 2**32
json.dump([{"epoch": 1, "value": 2 * value}, {"epoch": 2, "value": value}], open(results, "w"))
"""

PRUNED = """\
name: pruned
data: {source: iris}
network: {epochs: 27, hidden_units: 64, batch_size: 2}
space:
  learning_rate: {low: 1e-4, high: 1, scale: log}
  dropout: {low: 0, high: 0.5}
search: {strategy: random, trials: 14, repeats: 2, prune: {method: successive_halving}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder, processes):
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder, self._processes = folder, processes
        self.scheduler = self._start("dask_scheduler", "--host", self.address, "--no-dashboard")

    def add_worker(self):
        space = self._folder / f"worker{time.monotonic_ns()}"
        space.mkdir()
        options = ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(space))
        return self._start("dask_worker", self.address, *options)

    def _start(self, command, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command}", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        self._processes.callback(end, process)
        return process


def end(process):
    process.kill()
    process.wait()


@pytest.fixture
def cluster(tmp_path):
    with ExitStack() as processes:
        yield Cluster(tmp_path, processes)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A cluster of one worker for tests after which both are there as before."""
    with ExitStack() as processes:
        cluster = Cluster(tmp_path_factory.mktemp("cluster"), processes)
        cluster.worker = cluster.add_worker()
        yield cluster


@pytest.fixture(scope="module")
def locally(in_process, tmp_path_factory):
    """The trials of a study by local workers."""
    folder = tmp_path_factory.mktemp("locally")
    write_configs(folder)

    @functools.cache
    def run(name):
        done = in_process("run", f"{name}.yaml", "--runs-dir", "local", folder=folder)
        assert done.returncode == 0, done.stderr
        return trials(folder / "local" / name)

    return run


def write_configs(folder):
    (folder / "iris.yaml").write_text(CONFIG)
    (folder / "slow.yaml").write_text(SLOW)
    (folder / "slow.py").write_text(SLOW_CODE)
    (folder / "script.yaml").write_text(COMMAND)
    (folder / "script.py").write_text(SCRIPT)
    (folder / "pruned.yaml").write_text(PRUNED)


@pytest.fixture
def start(tmp_path):
    """Start ``hpt run`` on a config."""
    write_configs(tmp_path)

    def start(name, runs, *options):
        return subprocess.Popen(
            [sys.executable, "-m", "hpt_cli", "run", f"{name}.yaml", "--runs-dir", runs, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )

    return start


@pytest.fixture
def run(start):
    def run(*arguments):
        with start(*arguments) as process:
            output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    return run


def dask(address=None):
    options = ("--set", "execution.engine=dask")
    return options if address is None else (*options, "--set", f"execution.address={address}")


def trials(folder):
    """The finished trials without the clock."""
    files = sorted((folder / "trials").glob("*.json"))
    return {path.name: {**json.loads(path.read_text()), "timing": None} for path in files}


def wait_for_trials(folder, count):
    deadline = time.monotonic() + 30
    while len(list((folder / "trials").glob("*.json"))) < count:
        assert time.monotonic() < deadline, "no trial comes"
        time.sleep(0.02)


def children(pid):
    """Processes that a process has started, from whichever of its threads."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def is_gone(pid):
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not Path(f"/proc/{pid}").exists()


def test_a_cluster_on_this_machine_gives_the_same_bits_as_local_workers(run, in_process, tmp_path):
    assert in_process("run", "iris.yaml", "--runs-dir", "local", folder=tmp_path).returncode == 0
    status, output, errors = run("iris", "dask", "--workers", "2", *dask())
    assert status == 0, errors
    assert "12 trials; 2 workers" in output
    assert trials(tmp_path / "local" / "iris") == trials(tmp_path / "dask" / "iris")


@pytest.mark.parametrize("name", ["slow", "script", "pruned"])
def test_a_worker_is_killed_and_another_joins_and_nothing_is_lost(cluster, start, locally, tmp_path, name):
    """A function, a command, and trainings that stop at rungs and go on, perhaps elsewhere."""
    first = cluster.add_worker()
    with start(name, "dask", *dask(cluster.address)) as study:
        wait_for_trials(tmp_path / "dask" / name, 2)
        cluster.add_worker()
        wait_for_trials(tmp_path / "dask" / name, 5)
        (busy,) = children(first.pid)
        first.kill()
        _, errors = study.communicate(timeout=60)
    assert study.returncode == 0, errors
    assert "Traceback" not in errors
    assert trials(tmp_path / "dask" / name) == locally(name)
    if name == "script":
        assert "x is 0." in (tmp_path / "dask" / name / "trials" / "00011.log").read_text()
    if name == "pruned":
        assert {trial["status"] for trial in locally(name).values()} == {"done", "pruned"}
    assert is_gone(busy)


def test_a_scheduler_that_goes_away_stops_the_study_in_words_and_it_goes_on(
    cluster, start, run, locally, tmp_path
):
    cluster.add_worker()
    with start("slow", "runs", *dask(cluster.address)) as study:
        wait_for_trials(tmp_path / "runs" / "slow", 3)
        killed = time.monotonic()
        cluster.scheduler.kill()
        _, errors = study.communicate(timeout=60)
    assert time.monotonic() - killed < 10
    assert study.returncode == 1
    assert f"hpt: the scheduler at {cluster.address} is gone; finished trials are kept" in errors
    assert "Traceback" not in errors
    kept = trials(tmp_path / "runs" / "slow")
    assert {trial["status"] for trial in kept.values()} == {"done"}
    assert run("slow", "runs", "--workers", "2")[0] == 0
    assert trials(tmp_path / "runs" / "slow") == locally("slow")


def test_no_scheduler_is_said_in_one_line(run):
    status, _, errors = run("iris", "runs", *dask("tcp://127.0.0.1:9"))
    assert status == 1
    assert "no scheduler answers at tcp://127.0.0.1:9" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_however_it_ends_no_trial_goes_on_for_nobody(shared, start, tmp_path, number, status):
    (tmp_path / "slow.py").write_text(SLOW_CODE.replace("0.2", "0.2 if x < 0.7 else 300"))
    worker = shared.worker
    with start("slow", "runs", *dask(shared.address)) as study:
        deadline = time.monotonic() + 30
        while not children(worker.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1.0)
        (busy,) = children(worker.pid)
        os.kill(study.pid, number)
        _, errors = study.communicate(timeout=30)
    assert study.returncode == status, errors
    assert "Traceback" not in errors
    assert is_gone(busy)
    assert worker.poll() is None


def test_data_that_a_worker_does_not_see_is_brought_to_it(shared, tmp_path, monkeypatch):
    """A worker on another host, played by a path that is nowhere and a copy that the study can read."""
    dataset = load_dataset(DataSettings("iris", split=SplitSettings()), folder=tmp_path, seed=0)
    here, there = tmp_path / "here", tmp_path / "nowhere"
    dataset.save(here)
    specs = (TrialSpec(0, 0, {"learning_rate": 0.1}, (7,), Origin("random")),)
    expected = NetworkObjective(here, {"epochs": 2}, "validation_loss").evaluate(specs)
    monkeypatch.setattr("hpt_cli.executors.dask.packed", lambda folder: packed(Folder(here, folder.hash)))
    executor = DaskExecutor(
        shared.address,
        workers=None,
        settings=WorkerSettings(),
        folder=Folder(there, dataset.hash),
        say=lambda sentence: None,
    )
    try:
        objective = NetworkObjective(there, {"epochs": 2}, "validation_loss")
        found = [executor.submit(objective.evaluate, specs).result(timeout=30) for _ in range(2)]
    finally:
        executor.shutdown(cancel_futures=True)
    assert [result[0].repeats for result in found] == [expected[0].repeats] * 2


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("execution.address=tcp://host:1", "execution.address: has no effect"),
        ("execution.engine=ray", "dask"),
    ],
)
def test_what_does_not_go_together_is_refused(in_process, tmp_path, setting, words):
    write_configs(tmp_path)
    refused = in_process("run", "iris.yaml", "--set", setting, folder=tmp_path)
    assert refused.returncode == 2
    assert words in refused.stderr
