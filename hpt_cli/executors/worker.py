"""The worker process: reads tasks from its pipe until the pipe ends."""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, NoReturn


def main(descriptor: int, modules: Sequence[str] = ()) -> None:
    """Import ``modules``, then run tasks from the pipe ``descriptor``; never returns."""
    os.set_inheritable(descriptor, False)  # what a task starts must not hold the pipe open after us
    pipe: Connection[Any, Any] = Connection(descriptor)
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pipe, tasks), daemon=True).start()
    for module in modules:
        importlib.import_module(module)
    while True:
        reply = _run(tasks.get())
        try:
            pipe.send_bytes(reply)
        except OSError:  # the parent is gone
            _leave()


def _read(pipe: Connection[Any, Any], tasks: queue.SimpleQueue[bytes]) -> None:
    """Take tasks in while one is being worked at, so that the parent's end is noticed at once."""
    while True:
        try:
            tasks.put(pipe.recv_bytes())
        except (EOFError, OSError):
            _leave()  # at once, whatever the main thread is doing: nobody waits for it any more


def _leave() -> NoReturn:
    """End this process and what its tasks have started: a worker leads a process group of its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _run(message: bytes) -> bytes:
    """The pickled reply to a task: whether it raised, and its result or exception."""
    try:
        function, args, kwargs = pickle.loads(message)
        reply = (False, function(*args, **kwargs))
        return pickle.dumps(reply)
    except Exception as error:  # noqa: BLE001 - it travels to the future's owner
        try:
            content = pickle.dumps((True, error))
            pickle.loads(content)  # some exceptions pickle but do not come back
        except Exception:  # noqa: BLE001
            content = pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))
        return content
