"""What runs on a cluster's worker: a trial in a process of ours beside it, with the study's data at hand."""

from __future__ import annotations

import io
import pickle
import platform
import tarfile
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpt_cli import __version__
from hpt_cli.data import saved_hash
from hpt_cli.errors import EngineError
from hpt_cli.executors.base import Folder, TaskTimeoutError, WorkerDiedError
from hpt_cli.executors.local import LocalExecutor

_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_IDLE = 60.0  # so long a process waits for the next task
_guard = threading.Lock()
_idle: list[tuple[WorkerSettings, LocalExecutor, threading.Timer]] = []


class FolderMissingError(Exception):
    """The worker does not see what the task reads."""


@dataclass(frozen=True)
class WorkerSettings:
    """Of the process that a task runs in.

    Args:
        threads: BLAS threads.
        timeout: Seconds that a task may take, or ``None``.
        retries: How often a task is tried again whose process died.
        version: Of our package.
    """

    threads: int = 1
    timeout: float | None = None
    retries: int = 1
    version: str = __version__


def packed(folder: Folder) -> bytes:
    """Its content."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in sorted(folder.path.iterdir()):
            if not path.name.startswith("."):
                archive.add(path, path.name)
    return content.getvalue()


def _is_here(folder: Folder) -> bool:
    return folder.path.is_dir() if folder.hash is None else saved_hash(folder.path) == folder.hash


def _unpacked(folder: Folder, content: bytes, beside: Path) -> Path:
    """A copy of the folder under ``beside``, made once."""
    copy = beside / f"hpt-{folder.hash}"
    with _guard:
        if saved_hash(copy) != folder.hash:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(copy, filter="data")
    return copy


def describe_host() -> dict[str, str]:
    """Versions that results depend on."""
    import numpy as np

    return {"hpt": __version__, "python": platform.python_version(), "numpy": np.__version__}


def run_task(task: bytes, folder: Folder, settings: WorkerSettings, copy: bytes | None = None) -> bytes:
    """Run a pickled (method of an objective, args, kwargs) in a process beside the cluster's worker.

    Args:
        task: The method and its arguments.
        folder: What it reads.
        settings: Of the process.
        copy: The folder's content, for hosts that do not see it.

    Returns:
        Whether it raised, and its result or exception, pickled.

    Raises:
        FolderMissingError: This host neither sees the folder nor has a copy.
        EngineError: This host has another version of our package.
    """
    from distributed import get_worker

    worker = get_worker()
    if settings.version != __version__:
        raise EngineError(
            f"the worker at {worker.address} has hpt-cli {__version__}, and the study {settings.version}; "
            "install the same everywhere"
        )
    place = None
    if not _is_here(folder):
        if copy is None:
            raise FolderMissingError(
                f"the worker at {worker.address} does not see {folder.path}; own code needs folders that all "
                "hosts share: the config's and the runs folder"
            )
        place = _unpacked(folder, copy, Path(worker.local_directory))
    key = worker.get_current_task()

    def is_wanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is not None and state.state == "executing"

    return _in_a_process(task, place, settings, is_wanted)


def _in_a_process(
    task: bytes, place: Path | None, settings: WorkerSettings, is_wanted: Callable[[], bool]
) -> bytes:
    executor = _take(settings)
    future = executor.submit(call_at, task, place)
    while True:
        try:
            outcome = (False, future.result(timeout=_SECONDS_BETWEEN_LOOKS))
        except NotYetError as error:
            if future.done():  # it is the task's own
                outcome = (True, error)
            elif is_wanted():
                continue
            else:  # the study has left: nobody waits for the result
                executor.shutdown(cancel_futures=True)
                return pickle.dumps((True, EngineError("the study left the cluster")))
        except Exception as error:  # noqa: BLE001 - it belongs to the trial
            outcome = (True, error)
        _give_back(settings, executor)
        return _reply(outcome)


def call_at(task: bytes, place: Path | None) -> Any:
    """Call the pickled method; of an objective whose data was copied to ``place``, if it was."""
    method, args, kwargs = pickle.loads(task)
    if place is not None:
        method = getattr(method.__self__.at(place), method.__name__)
    return method(*args, **kwargs)


def _reply(outcome: tuple[bool, Any]) -> bytes:
    failed, what = outcome
    if failed and not isinstance(what, (TaskTimeoutError, WorkerDiedError)):
        try:
            return pickle.dumps(outcome)
        except Exception:  # noqa: BLE001
            return pickle.dumps((True, RuntimeError(f"{type(what).__name__}: {what}")))
    return pickle.dumps(outcome)


def _take(settings: WorkerSettings) -> LocalExecutor:
    with _guard:
        for position, (of, executor, timer) in enumerate(_idle):
            if of == settings:
                timer.cancel()
                del _idle[position]
                return executor
    return LocalExecutor(1, timeout=settings.timeout, threads=settings.threads, retries=settings.retries)


def _give_back(settings: WorkerSettings, executor: LocalExecutor) -> None:
    timer = threading.Timer(_SECONDS_IDLE, _end, (executor,))
    timer.daemon = True
    with _guard:
        _idle.append((settings, executor, timer))
    timer.start()


def _end(executor: LocalExecutor) -> None:
    """End a process that was idle for long; unless it has just been taken."""
    with _guard:
        kept = [entry for entry in _idle if entry[1] is not executor]
        was_idle = len(kept) < len(_idle)
        _idle[:] = kept
    if was_idle:
        executor.shutdown()


def end_idle() -> None:
    """End the processes that wait for a task, of this process."""
    with _guard:
        idle, _idle[:] = list(_idle), []
    for _, executor, timer in idle:
        timer.cancel()
        executor.shutdown()
