"""Which executor a study's trials run in, and how many of them at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from hpt_cli.config import ExecutionSettings
from hpt_cli.environment import usable_cores
from hpt_cli.executors import LocalExecutor


def count_workers(settings: ExecutionSettings, asked: int | None = None) -> int:
    """How many trials run at the same time.

    Args:
        settings: The config's.
        asked: The command line's number, which goes first.
    """
    return asked or settings.workers or max(usable_cores() // settings.threads_per_worker, 1)


@contextmanager
def local_workers(settings: ExecutionSettings, workers: int, grace: float) -> Iterator[Executor]:
    """Worker processes on this machine; however the block ends, they end with it.

    Args:
        settings: The config's.
        workers: How many.
        grace: Seconds beyond a trial's timeout before its worker is ended.
    """
    executor = LocalExecutor(
        workers,
        timeout=None if settings.trial_timeout is None else settings.trial_timeout + grace,
        threads=settings.threads_per_worker,
        retries=settings.retries,
    )
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
