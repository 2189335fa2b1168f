"""``hpt refine``: one more round, in a narrower space."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options
from hpt_cli.strategies import STRATEGIES


@click.command("refine")
@options.study_argument
@click.option("--trials", type=click.IntRange(min=1), help="Trials in the new round.  [default: as before]")
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="Who chooses the params.  [default: as before]",
)
@click.option("--repeats", type=click.IntRange(min=1), help="Trainings a trial.  [default: as before]")
@click.option("--dry-run", is_flag=True, help="Show the decision only.")
@options.workers
@options.top
@options.as_json
@options.expect
@options.runs_dir
@options.debug
def command(
    study: str | None,
    trials: int | None,
    strategy: str | None,
    repeats: int | None,
    dry_run: bool,
    workers: int | None,
    top: int,
    as_json: bool,
    expect: str | None,
    runs_dir: Path,
) -> None:
    """Search on in a narrower space around a study's best trials.

    Shows from where to where each range moved, and why; then runs the new round.  STUDY is a name under the
    runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt refine digits --dry-run
        hpt refine digits --trials 20
    """
    from hpt_cli.cli.running import read_expectation, run_and_show
    from hpt_cli.config import StudyConfig
    from hpt_cli.planning import refine_study
    from hpt_cli.preparation import reload_data
    from hpt_cli.store import StudyStore
    from hpt_cli.views.console import make_console
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.rounds import show_round

    store = StudyStore.find(runs_dir, study)
    config = StudyConfig.from_resolved(
        store.study["config"], folder=Path(store.study["folder"]), path=store.folder / "study.json"
    )
    expectation = read_expectation(expect, config)
    if not dry_run:
        reload_data(store, config)
    plan = refine_study(store, config, trials=trials, strategy=strategy, repeats=repeats, dry_run=dry_run)
    show_round(make_console(stderr=as_json), plan)
    if not dry_run:
        run_and_show(
            store,
            config,
            workers=workers,
            top=top,
            as_json=as_json,
            expectation=expectation,
            extra={"round": plan.to_json()},
        )
    elif as_json:
        print(to_json(plan.to_json()))
