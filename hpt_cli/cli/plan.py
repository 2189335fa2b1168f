"""``hpt plan``: what a config would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hpt_cli.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpt_cli.config import StudyConfig


@click.command("plan")
@options.config
@options.workers
@options.as_json
@options.plain
@options.debug
def command(
    read_config: Callable[[], StudyConfig],
    workers: int | None,
    as_json: bool,
) -> None:
    """Check CONFIG and its data, and show what a run would do.

    The space, the number of trials, the first of them, how draws fall on each scale (of a grid, its values),
    and how long it may take, from training a few points for one epoch.  Runs no trial and writes nothing.

    \b
    Example:
        hpt plan configs/digits.yaml
        hpt plan configs/digits.yaml --set search.strategy=grid
    """
    from hpt_cli.engines import count_workers
    from hpt_cli.preview import preview

    config = read_config()
    plan = preview(config)
    workers = count_workers(config.execution, workers)
    if as_json:
        from hpt_cli.views.machine import to_json
        from hpt_cli.views.plan import plan_json

        print(to_json(plan_json(plan, workers=workers)))
    else:
        from hpt_cli.views.console import make_console
        from hpt_cli.views.plan import show_plan

        show_plan(make_console(), plan, workers=workers)
