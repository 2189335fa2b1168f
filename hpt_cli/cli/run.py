"""``hpt run``: the whole way from a config to a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpt_cli.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpt_cli.config import StudyConfig


@click.command("run")
@options.config
@options.workers
@click.option("--retry-failed", is_flag=True, help="Run the trials again that failed or timed out.")
@click.option("--fresh", is_flag=True, help="Start over; the old study's folder is renamed, not deleted.")
@options.top
@options.as_json
@options.expect
@options.runs_dir
@options.plain
@options.debug
def command(
    read_config: Callable[[], StudyConfig],
    workers: int | None,
    retry_failed: bool,
    fresh: bool,
    top: int,
    as_json: bool,
    expect: str | None,
    runs_dir: Path,
) -> None:
    """Run the study that CONFIG describes, and show its leaderboard.

    The same command goes on with a study that was stopped, at whatever moment and however; what is finished
    is not run again.

    \b
    Example:
        hpt run configs/digits.yaml
        hpt run configs/digits.yaml --set network.epochs=5 --name quick
        hpt run configs/digits.yaml --expect "validation_accuracy >= 0.95"
    """
    from hpt_cli.cli.running import notify, read_expectation, run_and_show

    config = read_config()
    expectation = read_expectation(expect, config)
    from hpt_cli.engines import start_early

    with start_early(config, workers, runs_dir=runs_dir, fresh=fresh) as crew:
        from hpt_cli.preparation import prepare_study  # takes time, which the workers have to get ready

        store = prepare_study(config, runs_dir=runs_dir, fresh=fresh, notify=notify)
        run_and_show(
            store,
            config,
            workers=workers,
            retry_failed=retry_failed,
            top=top,
            as_json=as_json,
            expectation=expectation,
            crew=crew,
        )
