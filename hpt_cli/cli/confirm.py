"""``hpt confirm``: the contenders on new seeds, and the chosen one on the test rows."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("confirm")
@options.study
@click.option("--top", type=click.IntRange(min=1), help="Train so many of them.  [default: the contenders]")
@click.option("--repeats", type=click.IntRange(min=2), help="New seeds for each.  [default: 5]")
@options.workers
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(
    study: str | None,
    top: int | None,
    repeats: int | None,
    workers: int | None,
    as_json: bool,
    runs_dir: Path,
) -> None:
    """Train a study's contenders on new seeds, choose one by these alone, and score it on the test rows.

    The contenders are the trials that cannot be told from the best; at most 10 are trained, those that a
    model of all trials believes best: the best seen are the luckiest.  Where no trial was repeated, the
    best 5 of all.  The chosen one is trained on further seeds, which had no part in the choice, and judged by
    those.  Test rows are looked at here and nowhere else.  What was stopped goes on with the same command.

    STUDY is a name under the runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt confirm digits
        hpt confirm digits --top 3 --repeats 10
    """
    from hpt_cli.cli.running import notify, watched
    from hpt_cli.confirming import confirm_study
    from hpt_cli.preparation import open_config
    from hpt_cli.store import StudyStore
    from hpt_cli.views.confirmed import confirmation_json, show_confirmation
    from hpt_cli.views.console import make_console
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.standing import standing_of

    store = StudyStore.find(runs_dir, study)
    config = open_config(store)
    with watched(store, as_json=as_json) as (view, stop):
        record, ran = confirm_study(
            store, config, top=top, repeats=repeats, workers=workers, observe=view.observe, stop=stop
        )
    standing = standing_of(store)
    if not ran:
        again = "another --top or --repeats confirms again"
        notify(f"study {store.name} was confirmed already; nothing was run ({again})")
    if as_json:
        print(to_json(confirmation_json(standing, record)))
    else:
        print()
        show_confirmation(make_console(), standing, record)
