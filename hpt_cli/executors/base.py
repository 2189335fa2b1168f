"""What tasks read, and what can happen to one besides its own exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class WorkerDiedError(Exception):
    """The task's worker process ended under it, as often as it was tried on a new one."""


class TaskTimeoutError(Exception):
    """The task took longer than it may; its worker was ended."""


@dataclass(frozen=True)
class Folder:
    """What tasks read, by a path that hosts may share.

    Args:
        path: On the study's host.
        hash: Of the prepared data in it, of which a copy does as well; ``None`` for own code, which needs the
            folder itself.
    """

    path: Path
    hash: str | None
