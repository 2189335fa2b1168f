"""Workers of a Dask cluster: a thin executor over :class:`distributed.Client`.

A task is a method of an objective.  The cluster's worker does not run it itself but in a worker process of
ours beside it, the same as on one machine: so it can be ended by its timeout, a crash costs nobody else, BLAS
has the same threads and a result the same bits.  What travels is bytes; what comes back as an exception is
therefore the cluster's doing.

Nothing here is imported unless the engine is asked for; :mod:`distributed` is an extra.
"""

from __future__ import annotations

import logging
import pickle
import queue
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from hpt_cli.errors import EngineError
from hpt_cli.executors.base import Folder, WorkerDiedError
from hpt_cli.executors.carried import (
    FolderMissingError,
    WorkerSettings,
    describe_host,
    end_idle,
    packed,
    run_task,
)

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS_TO_CONNECT = 4.0
_SECONDS_TO_CLOSE = 2.0
_SECONDS_BETWEEN_LOOKS = 0.25


class DaskExecutor(Executor):
    """Hands tasks to a Dask cluster, as many at a time as it has threads.

    Args:
        address: Of a running scheduler, ``tcp://host:8786``; ``None`` for a cluster in this process, whose
            tasks run in processes on this machine.
        workers: How many tasks run at the same time: at most, on a running scheduler; ``None`` for as many as
            its workers have threads, those that join later among them.
        settings: Of the processes that tasks run in.
        folder: What the tasks read.
        say: Is told, from another thread, what a person should know, in sentences.

    Raises:
        EngineError: No scheduler answers, or its workers cannot run our tasks.
    """

    def __init__(
        self,
        address: str | None,
        *,
        workers: int | None,
        settings: WorkerSettings,
        folder: Folder,
        say: Callable[[str], None],
    ) -> None:
        _quiet()
        self._address = address
        self._most = workers
        self._settings = settings
        self._folder = folder
        self._say = say
        self._guard = threading.RLock()
        self._waiting: queue.SimpleQueue[tuple[Future[Any], bytes]] = queue.SimpleQueue()
        self._out: dict[Any, Future[Any]] = {}  # by the cluster's future
        self._copy: Any = None  # the folder's content on the cluster, once somebody has asked for it
        self._lost: EngineError | None = None
        self._closed = threading.Event()
        self._cluster, self._client = _connect(address, workers or 1)
        try:
            self.workers = self._count()
            self._check_workers()
        except BaseException:
            self._close()
            raise
        self._watcher = threading.Thread(target=self._watch, name="hpt-dask", daemon=True)
        self._watcher.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue ``fn``, a method of an objective."""
        if self._closed.is_set():
            raise RuntimeError("the executor is shut down")
        future: Future[T] = Future()
        self._waiting.put((future, pickle.dumps((fn, args, kwargs))))
        self._hand_over()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster: after the tasks, or, with ``cancel_futures``, at once."""
        if wait and not cancel_futures:
            while self._out and self._lost is None:
                time.sleep(_SECONDS_BETWEEN_LOOKS / 5)
        self._closed.set()
        with suppress(queue.Empty):
            while True:
                future, _ = self._waiting.get_nowait()
                if future.cancel():
                    future.set_running_or_notify_cancel()
        with self._guard:
            out, self._out = dict(self._out), {}
        self._close(list(out))
        for future in out.values():
            future.set_exception(EngineError("the study left the cluster"))
        self._watcher.join()

    def _hand_over(self) -> None:
        """Give the cluster what it has room for."""
        while self._lost is None and not self._closed.is_set():
            with self._guard:
                if len(self._out) >= self.workers:
                    return
                try:
                    future, task = self._waiting.get_nowait()
                except queue.Empty:
                    return
                if future.set_running_or_notify_cancel():
                    self._send(future, task)
        if self._lost is not None:
            self._fail(self._lost)

    def _send(self, future: Future[Any], task: bytes) -> None:
        sent = self._client.submit(
            run_task,
            task,
            self._folder,
            self._settings,
            copy=self._copy,
            key=f"hpt-{uuid.uuid4().hex}",
            pure=False,
        )
        self._out[sent] = future
        sent.add_done_callback(lambda done: self._settle(done, task))

    def _settle(self, sent: Any, task: bytes) -> None:
        """Give a task's future what came of it; the next task takes its place."""
        with self._guard:
            future = self._out.pop(sent, None)
        if future is None:  # we have left
            return
        try:
            failed, outcome = pickle.loads(sent.result())
        except FolderMissingError as missing:
            if self._folder.hash is not None:
                with self._guard:
                    self._copy = self._copy or self._client.scatter(packed(self._folder), hash=False)
                    self._send(future, task)
                return
            failed, outcome = True, EngineError(str(missing))
        except BaseException as error:  # noqa: BLE001 - a callback's exceptions would go nowhere
            failed, outcome = True, self._meaning(error)
        if failed:
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        self._hand_over()

    def _meaning(self, error: BaseException) -> Exception:
        """What an exception that is the cluster's own means to a trial or to the study."""
        from distributed import KilledWorker

        if isinstance(error, EngineError):
            return error
        if isinstance(error, KilledWorker):
            worker = getattr(error.last_worker, "address", "a worker")
            return WorkerDiedError(f"the cluster's workers ended under it, the last at {worker}")
        if type(error).__name__ in ("CancelledError", "FutureCancelledError", "FuturesCancelledError"):
            self._lose()
            return self._lost or EngineError(str(error))
        return EngineError(f"the cluster could not run a trial: {type(error).__name__}: {error}")

    def _watch(self) -> None:
        """Notice that the scheduler is gone, that workers came or went, and that there is none."""
        is_empty = False
        while not self._closed.wait(_SECONDS_BETWEEN_LOOKS):
            if self._client.status != "running":
                self._lose()
                return
            try:
                self.workers = self._count()
            except Exception:  # noqa: BLE001 - the scheduler is leaving: the next look says so
                continue
            if is_empty != (self.workers == 0):
                is_empty = not is_empty
                if is_empty:
                    self._say(f"no worker is connected to {self._place}: trials wait until one is")
            self._hand_over()

    @property
    def _place(self) -> str:
        return self._address or "the local cluster"

    def _count(self) -> int:
        threads = sum(int(count) for count in self._client.nthreads().values())
        return threads if self._most is None else min(threads, self._most)

    def _lose(self) -> None:
        if self._closed.is_set():
            return
        self._lost = self._lost or EngineError(
            f"the scheduler at {self._place} is gone; finished trials are kept, and the same command goes on "
            "when it is back"
        )
        self._fail(self._lost)

    def _fail(self, error: EngineError) -> None:
        """Everything that is out or waits ends so."""
        with self._guard:
            futures = list(self._out.values())
            self._out.clear()
            with suppress(queue.Empty):
                while True:
                    future, _ = self._waiting.get_nowait()
                    if future.set_running_or_notify_cancel():
                        futures.append(future)
        for future in futures:
            future.set_exception(error)

    def _check_workers(self) -> None:
        """See that the workers that are there have our code; say where bits may differ."""
        here = describe_host()
        try:
            hosts = self._client.run(describe_host)
        except Exception as error:
            raise EngineError(
                f"the workers of {self._place} cannot run trials ({type(error).__name__}: {error}); install "
                f"hpt-cli {here['hpt']} there, in the environment that `dask worker` is started in"
            ) from error
        for worker, there in hosts.items():
            if there["hpt"] != here["hpt"]:
                raise EngineError(
                    f"the worker at {worker} has hpt-cli {there['hpt']}, and this is {here['hpt']}; "
                    "install the same everywhere"
                )
            differing = [name for name in here if here[name] != there[name]]
            if differing:
                versions = ", ".join(f"{name} {there[name]} instead of {here[name]}" for name in differing)
                self._say(f"the worker at {worker} has {versions}: the last bits of results may differ")

    def _close(self, out: list[Any] | None = None) -> None:
        with suppress(Exception):
            if out and self._client.status == "running":
                self._client.cancel(out, force=True)
        for part in (self._client, self._cluster):
            with suppress(Exception):  # a scheduler that is gone does not answer
                if part is not None:
                    part.close(timeout=_SECONDS_TO_CLOSE)
        end_idle()


def _connect(address: str | None, threads: int) -> tuple[Any, Any]:
    """The cluster, if it is our own, and the client."""
    import distributed

    client, local_cluster = (getattr(distributed, name) for name in ("Client", "LocalCluster"))  # untyped
    cluster = None
    if address is None:
        cluster = local_cluster(
            n_workers=1,
            threads_per_worker=threads,
            processes=False,  # the tasks have processes of their own
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
    try:
        return cluster, client(cluster or address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"execution.address: no scheduler answers at {address} ({type(error).__name__}: {error}); "
            "start one with: dask scheduler"
        ) from error


def _quiet() -> None:
    """Dask's own messages would get between ours; what matters is said by us."""
    import distributed  # noqa: F401 - it sets the levels when it is imported, of some children, too

    for name in ("distributed", "tornado", "asyncio"):
        children = [known for known in logging.root.manager.loggerDict if known.startswith(f"{name}.")]
        for logger in (name, *children):
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
