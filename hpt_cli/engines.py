"""Which executor a study's trials run in, and how many of them at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from hpt_cli.config import ExecutionSettings, StudyConfig
from hpt_cli.environment import usable_cores
from hpt_cli.evaluation import worker_modules
from hpt_cli.executors import Crew, Folder, LocalExecutor


def count_workers(settings: ExecutionSettings, asked: int | None = None) -> int:
    """How many trials run at the same time.

    Args:
        settings: The config's.
        asked: The command line's number, which goes first.
    """
    return asked or settings.workers or max(usable_cores() // settings.threads_per_worker, 1)


def start_early(config: StudyConfig, asked: int | None, *, runs_dir: Path, fresh: bool) -> Crew:
    """Start the workers of a new study, which get ready while its data is prepared; none of another.

    Args:
        config: The study's.
        asked: How many, by the command line, which goes first.
        runs_dir: Where studies are kept.
        fresh: The study is a new one even if its folder is there.
    """
    settings, count = config.execution, 0
    if settings.engine == "local" and (fresh or not os.path.lexists(runs_dir / config.name)):
        count = min(count_workers(settings, asked), config.search.rounds[0].trials)
    return Crew(count, threads=settings.threads_per_worker, modules=worker_modules(config))


@contextmanager
def open_engine(
    settings: ExecutionSettings,
    asked: int | None,
    folder: Folder,
    grace: float,
    say: Callable[[str], None],
    crew: Crew | None = None,
) -> Iterator[tuple[Executor, int]]:
    """Where trials run, and how many of them at the same time; however the block ends, what it started ends.

    Args:
        settings: The config's.
        asked: How many, by the command line, which goes first.
        folder: What trials read where they run.
        grace: Seconds beyond a trial's timeout before its worker is ended.
        say: Is told what a person should know, in sentences, from any thread.
        crew: Workers of this machine that were started early.

    Raises:
        EngineError: The cluster does not answer, or cannot run trials.
    """
    executor: Executor
    timeout = None if settings.trial_timeout is None else settings.trial_timeout + grace
    if settings.engine == "local":
        workers = count_workers(settings, asked)
        executor = LocalExecutor(
            workers,
            timeout=timeout,
            threads=settings.threads_per_worker,
            retries=settings.retries,
            crew=crew,
        )
    else:
        from hpt_cli.executors.carried import WorkerSettings
        from hpt_cli.executors.dask import DaskExecutor

        executor = DaskExecutor(
            settings.address,
            workers=count_workers(settings, asked) if settings.address is None else asked or settings.workers,
            settings=WorkerSettings(settings.threads_per_worker, timeout, settings.retries),
            folder=folder,
            say=say,
        )
        workers = max(executor.workers, 1)
    try:
        yield executor, workers
    finally:
        executor.shutdown(cancel_futures=True)
