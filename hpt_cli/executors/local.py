"""Persistent worker processes on this machine.

Each worker is a fresh interpreter, so that BLAS reads its thread count before NumPy is loaded, with one
pipe.  The pipe is also its lifeline: when the parent ends, however it ends, the worker reads end-of-file and
leaves.  That works where a parent-death signal does not (fork servers, other systems), and leaves no orphan
after SIGKILL.

Workers stand in process groups of their own: a Ctrl-C in the terminal reaches the parent alone.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Pipe, wait
from typing import Any, ParamSpec, Self, TypeVar

from hpt_cli.executors.base import TaskTimeoutError, WorkerDiedError

P = ParamSpec("P")
T = TypeVar("T")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the BLAS builds in use read their thread count from, once, when they are loaded."""

_START = "import sys; sys.path[:] = {path!r}; from hpt_cli.executors.worker import main; main({arguments})"
_SECONDS_TO_LEAVE = 2.0


@dataclass
class _Task:
    future: Future[Any]
    message: bytes  # the pickled (function, args, kwargs)


class LocalExecutor(Executor):
    """``workers`` processes that take tasks one at a time, in the order of submission.

    A worker that dies under a task is replaced and the task tried again; if it takes its last worker down as
    well, its future raises :class:`WorkerDiedError`.  Other tasks are not touched.

    Args:
        workers: Processes, at least 1; they are started when first needed.
        timeout: Seconds that a task may take; then its worker is ended and the future raises
            :class:`TaskTimeoutError`.
        threads: BLAS threads of each worker.
        retries: How often a task is tried again whose worker died.
        crew: Workers that were started early, with as many threads; they are taken first.
    """

    def __init__(
        self,
        workers: int,
        *,
        timeout: float | None = None,
        threads: int = 1,
        retries: int = 1,
        crew: Crew | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"at least 1 worker is needed, got {workers}")
        self._timeout = timeout
        self._threads = threads
        self._retries = retries
        self._crew = crew
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closed = False
        self._workers: set[_Worker] = set()
        self._guard = threading.Lock()
        self._keepers = [
            threading.Thread(target=self._keep_worker, name=f"hpt-worker-{n}", daemon=True)
            for n in range(workers)
        ]
        for keeper in self._keepers:
            keeper.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue ``fn``; it, its arguments and its result must pickle."""
        if self._closed:
            raise RuntimeError("the executor is shut down")
        future: Future[T] = Future()
        self._tasks.put(_Task(future, pickle.dumps((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: after their tasks, or, with ``cancel_futures``, at once."""
        self._closed = True
        if cancel_futures:
            while True:
                try:
                    task = self._tasks.get_nowait()
                except queue.Empty:
                    break
                if task is not None and task.future.cancel():
                    task.future.set_running_or_notify_cancel()  # tells those who wait
            with self._guard:
                for worker in self._workers:
                    worker.kill()
        for _ in self._keepers:
            self._tasks.put(None)
        if wait:
            for keeper in self._keepers:
                keeper.join()

    def _keep_worker(self) -> None:
        """One thread a worker: takes tasks, hands them over, and replaces the worker when it has died."""
        worker: _Worker | None = None
        try:
            while (task := self._tasks.get()) is not None:
                if task.future.set_running_or_notify_cancel():
                    worker = self._run(task, worker)
        finally:
            if worker is not None:
                self._leave(worker)

    def _run(self, task: _Task, worker: _Worker | None) -> _Worker | None:
        """Settle the task's future; the worker for the next one, if it is still of use."""
        deaths = 0
        while True:
            try:
                if worker is None:
                    worker = self._start_worker()
                failed, outcome = worker.call(task.message, self._timeout)
            except (EOFError, OSError) as error:
                how = f"could not be started: {error}"
                if worker is not None:
                    worker.bury()
                    self._leave(worker)
                    how = worker.last_words()
                    worker = None
                deaths += 1
                if deaths > self._retries or self._closed:
                    task.future.set_exception(WorkerDiedError(f"its worker process {how}{_times(deaths)}"))
                    return None
            except Exception as error:  # noqa: BLE001 - timed out, or a reply that does not unpickle
                if worker is not None:
                    self._leave(worker)
                task.future.set_exception(error)
                return None
            else:
                if failed:
                    task.future.set_exception(outcome)
                else:
                    task.future.set_result(outcome)
                return worker

    def _start_worker(self) -> _Worker:
        worker = (self._crew and self._crew.take()) or _Worker(self._threads)
        with self._guard:
            self._workers.add(worker)
        if self._closed:
            worker.kill()
        return worker

    def _leave(self, worker: _Worker) -> None:
        with self._guard:
            self._workers.discard(worker)
        worker.close()


def _times(deaths: int) -> str:
    return f", the last of {deaths} times" if deaths > 1 else ""


class Crew:
    """Worker processes that are started before there is work, so that they get ready meanwhile.

    As a context it ends those that no executor has taken.

    Args:
        workers: How many, at least 0.
        threads: BLAS threads of each.
        modules: What they import at once.
    """

    def __init__(self, workers: int, *, threads: int = 1, modules: Sequence[str] = ()) -> None:
        self._waiting: list[_Worker] = []
        with suppress(OSError):  # whoever needs a worker that cannot be started says so
            for _ in range(workers):
                self._waiting.append(_Worker(threads, modules))

    def take(self) -> _Worker | None:
        """A worker that is alive, or ``None`` if there is none left; safe from any thread."""
        while self._waiting:
            with suppress(IndexError):  # another thread was faster
                worker = self._waiting.pop()
                if worker.alive():
                    return worker
                worker.close()
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while (worker := self.take()) is not None:
            worker.kill()
            worker.close()


class _Worker:
    """One worker process and our end of its pipe."""

    def __init__(self, threads: int, modules: Sequence[str] = ()) -> None:
        self._pipe, theirs = Pipe()
        start = _START.format(path=sys.path, arguments=f"{theirs.fileno()}, {list(modules)!r}")
        environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", start],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # what a trial prints must not get into our own output
                pass_fds=(theirs.fileno(),),
                env=environment,
                process_group=0,
            )
        except OSError:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # the worker's is the only other end, so that its death is our end-of-file
        self._end = _descriptor_of_end(self._process.pid)

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def call(self, message: bytes, timeout: float | None) -> tuple[bool, Any]:
        """Hand a task over and wait: whether it raised, and its result or exception.

        Raises:
            EOFError, OSError: The worker died.
            TaskTimeoutError: It took too long; the worker is no longer of use.
        """
        self._pipe.send_bytes(message)
        # a process that a task has forked may hold the pipe open after the worker's death: both are watched
        if not wait([self._pipe] if self._end is None else [self._pipe, self._end], timeout):
            self.kill()
            raise TaskTimeoutError(f"took longer than {timeout:g} s and was ended")
        if not self._pipe.poll(0):
            raise EOFError
        failed, outcome = pickle.loads(self._pipe.recv_bytes())
        return bool(failed), outcome

    def last_words(self) -> str:
        """How the closed worker's process ended, for a message."""
        status = self._process.wait()
        if status < 0:
            memory = " (out of memory?)" if -status == signal.SIGKILL else ""
            return f"was killed by signal {-status}, {signal.strsignal(-status)}{memory}"
        return f"ended with exit status {status}"

    def kill(self) -> None:
        """End the process, and what it may have started, now."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def bury(self) -> None:
        """End what a dead process has left in its group; one that has only closed its pipe is ended, too."""
        deadline = time.monotonic() + _SECONDS_TO_LEAVE
        dead = os.WEXITED | os.WNOHANG | os.WNOWAIT  # not collected yet, so that its id is nobody else's
        while os.waitid(os.P_PID, self._process.pid, dead) is None and time.monotonic() < deadline:
            time.sleep(0.005)
        self.kill()

    def close(self) -> None:
        """Let the process go (it reads end-of-file), and see to it that it does."""
        self._pipe.close()
        try:
            self._process.wait(_SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        if self._end is not None:
            os.close(self._end)


def _descriptor_of_end(pid: int) -> int | None:
    """What is readable when the process has ended; ``None`` where the system has nothing of the kind."""
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel before 5.3
            return os.pidfd_open(pid)
    return None
