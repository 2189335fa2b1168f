"""What can happen to a task besides its own exceptions."""

from __future__ import annotations


class WorkerDiedError(Exception):
    """The task's worker process ended under it, as often as it was tried on a new one."""


class TaskTimeoutError(Exception):
    """The task took longer than it may; its worker was ended."""
