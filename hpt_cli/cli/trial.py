"""``hpt trial``: one trial."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("trial")
@options.trial_number
@options.study
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(number: int, study: str | None, as_json: bool, runs_dir: Path) -> None:
    """Show all that is known of one trial: params, metrics, error.

    NUMBER is the trial's; trials count from 0.

    \b
    Example:
        hpt trial 17
        hpt trial 17 digits
    """
    from hpt_cli.store import StudyStore
    from hpt_cli.views.standing import row_of, standing_of

    store = StudyStore.find(runs_dir, study)
    result = store.read_trial(number)
    if as_json:
        from hpt_cli.views.machine import to_json

        print(to_json({"study": store.name, **result.to_json()}))
        return
    from hpt_cli.views.console import make_console
    from hpt_cli.views.trial import show_trial

    standing = standing_of(store)
    show_trial(make_console(), standing, row_of(standing, result))
