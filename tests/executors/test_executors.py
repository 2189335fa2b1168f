import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import pytest

from hpt_cli.executors import LocalExecutor, SerialExecutor, TaskTimeoutError, WorkerDiedError


def pid(_=None):
    return os.getpid()


def fail():
    raise ValueError("no good")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(7)


def die_once(marker):
    if not Path(marker).exists():
        Path(marker).touch()
        die()
    return "second time"


class UnpicklableError(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def raise_unpicklable():
    raise UnpicklableError("only", "half comes back")


@pytest.fixture
def local():
    with LocalExecutor(2) as executor:
        yield executor


class TestEveryExecutor:
    @pytest.fixture(params=[SerialExecutor, lambda: LocalExecutor(2)], ids=["serial", "local"])
    def executor(self, request):
        with request.param() as executor:
            yield executor

    def test_returns_what_the_function_returns(self, executor):
        assert [executor.submit(pow, n, 2).result() for n in range(5)] == [0, 1, 4, 9, 16]

    def test_raises_what_the_function_raises(self, executor):
        with pytest.raises(ValueError, match="no good"):
            executor.submit(fail).result()

    def test_goes_on_after_an_exception(self, executor):
        executor.submit(fail).exception()
        assert executor.submit(pow, 2, 3).result() == 8


class TestLocalExecutor:
    def test_its_processes_are_others_and_stay(self, local):
        pids = {local.submit(pid).result() for _ in range(6)}
        assert os.getpid() not in pids
        assert len(pids) <= 2

    def test_a_worker_has_one_blas_thread(self, local):
        assert local.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"

    def test_a_killed_worker_costs_nothing_if_the_task_is_not_to_blame(self, local, tmp_path):
        assert local.submit(die_once, str(tmp_path / "died")).result() == "second time"

    def test_a_task_that_kills_its_worker_twice_is_given_up_and_the_others_are_not(self, local):
        bad = local.submit(die)
        good = [local.submit(pow, n, 2) for n in range(4)]
        with pytest.raises(WorkerDiedError, match=r"killed by signal 9, Killed"):
            bad.result()
        assert [future.result() for future in good] == [0, 1, 4, 9]

    def test_says_how_a_worker_ended(self, local):
        with pytest.raises(WorkerDiedError, match="exit status 7"):
            local.submit(leave).result()

    def test_an_exception_that_does_not_pickle_still_says_what_it_was(self, local):
        with pytest.raises(RuntimeError, match="UnpicklableError: only"):
            local.submit(raise_unpicklable).result()

    def test_a_task_that_takes_too_long_is_ended(self):
        with LocalExecutor(1, timeout=0.5) as executor:
            slow = executor.submit(time.sleep, 60)
            with pytest.raises(TaskTimeoutError, match=r"longer than 0\.5 s"):
                slow.result(timeout=20)
            assert executor.submit(pow, 2, 2).result() == 4

    def test_shutting_down_at_once_ends_running_tasks(self):
        executor = LocalExecutor(1)
        worker = executor.submit(pid).result()
        futures = [executor.submit(time.sleep, 60) for _ in range(3)]
        while not futures[0].running():
            time.sleep(0.01)
        started = time.monotonic()
        executor.shutdown(cancel_futures=True)
        assert time.monotonic() - started < 20
        assert wait(futures, timeout=0).not_done == set()
        assert not Path(f"/proc/{worker}").exists()

    def test_refuses_work_after_shutdown(self):
        executor = LocalExecutor(1)
        executor.shutdown()
        with pytest.raises(RuntimeError):
            executor.submit(pid)

    def test_no_worker_outlives_a_killed_parent(self):
        script = (
            "import time, os\n"
            "from hpt_cli.executors import LocalExecutor\n"
            "e = LocalExecutor(2)\n"
            "pids = {e.submit(os.getpid).result() for _ in range(8)}\n"
            "busy = [e.submit(time.sleep, 300) for _ in range(2)]\n"
            "print(*pids, flush=True)\n"
            "time.sleep(300)\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        pids = parent.stdout.readline().split()
        assert pids
        parent.kill()
        parent.wait()
        parent.stdout.close()
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _leave_children(folder, fork):
    """A task that leaves a child behind, which holds the worker's pipe open if it is a fork; then hangs."""
    child = os.fork() if fork else subprocess.Popen(["sleep", "300"]).pid
    if not child:
        time.sleep(300)
    (folder / "pids.tmp").write_text(f"{os.getpid()} {child}")
    (folder / "pids.tmp").rename(folder / "pids")
    time.sleep(300)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes under /proc")
@pytest.mark.parametrize("fork", [False, True])
def test_a_killed_worker_takes_along_what_its_task_had_started(tmp_path, fork):
    executor = LocalExecutor(1, retries=0)
    try:
        future = executor.submit(_leave_children, tmp_path, fork)
        end = time.monotonic() + 20
        while not (tmp_path / "pids").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        worker, child = map(int, (tmp_path / "pids").read_text().split())
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(WorkerDiedError, match="killed by signal 9"):
            future.result(timeout=10)
        stat = Path(f"/proc/{child}/stat")
        while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        executor.shutdown(cancel_futures=True)
