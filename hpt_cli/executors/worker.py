"""The worker process: reads tasks from its pipe until the pipe ends."""

from __future__ import annotations

import os
import pickle
import queue
import threading
from multiprocessing.connection import Connection
from typing import Any


def main(descriptor: int) -> None:
    """Run tasks from the pipe ``descriptor``; never returns."""
    pipe: Connection[Any, Any] = Connection(descriptor)
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pipe, tasks), daemon=True).start()
    while True:
        reply = _run(tasks.get())
        try:
            pipe.send_bytes(reply)
        except OSError:  # the parent is gone
            os._exit(1)


def _read(pipe: Connection[Any, Any], tasks: queue.SimpleQueue[bytes]) -> None:
    """Take tasks in while one is being worked at, so that the parent's end is noticed at once."""
    while True:
        try:
            tasks.put(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)  # at once, whatever the main thread is doing: nobody waits for it any more


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
