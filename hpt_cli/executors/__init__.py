"""Where trials run: each engine is a :class:`concurrent.futures.Executor`.

A task is a picklable function and its arguments.  What an engine may raise through a future, besides the
function's own exception, is listed here; the loop turns both into a trial's status.
"""

from __future__ import annotations

from hpt_cli.executors.base import Folder, TaskTimeoutError, WorkerDiedError
from hpt_cli.executors.local import Crew, LocalExecutor
from hpt_cli.executors.serial import SerialExecutor

__all__ = ["Crew", "Folder", "LocalExecutor", "SerialExecutor", "TaskTimeoutError", "WorkerDiedError"]
