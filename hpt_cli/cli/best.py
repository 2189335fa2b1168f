"""``hpt best``: the best trial's params, to be read or used."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options
from hpt_cli.errors import HptError


@click.command("best")
@options.study
@click.option("--yaml", "as_yaml", is_flag=True, help="Lines for the network of a config.")
@click.option("--json", "as_json", is_flag=True, help="Params, objective and metrics as JSON.")
@click.option("--args", "as_args", is_flag=True, help="One line of --name=value, for a command.")
@options.runs_dir
@options.plain
@options.debug
def command(study: str | None, as_yaml: bool, as_json: bool, as_args: bool, runs_dir: Path) -> None:
    """Print the best trial's params.

    The best is the confirmed trial, or, before hpt confirm, the one with the best mean.  Beside it: the best
    seen, which of many trials is the luckiest, and the one that a model of all trials believes best.

    STUDY is a name under the runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt best digits
        hpt best digits --yaml > best.yaml
        python train.py $(hpt best digits --args)
    """
    from hpt_cli.cli.running import warn
    from hpt_cli.store import StudyStore
    from hpt_cli.views import best as view
    from hpt_cli.views.standing import standing_of

    if as_yaml + as_json + as_args > 1:
        raise click.UsageError("one of --yaml, --json and --args, not several at once")
    store = StudyStore.find(runs_dir, study)
    standing = standing_of(store)
    warn(store, standing)
    best = standing.board.best
    if best is None:
        raise HptError(f"study {standing.name} has no trial that is done; see: hpt show {standing.handle}")
    if as_yaml:
        print(view.as_yaml(best.result.params), end="")
    elif as_args:
        print(view.as_args(best.result.params))
    else:
        from hpt_cli.views.console import FAINT, make_console, pairs, write_lines
        from hpt_cli.views.leaderboard import show_best
        from hpt_cli.views.machine import to_json

        plans, believed = store.rounds(), None
        if plans and plans[-1].strategy == "bayes":  # whose users wait for a model anyway
            from hpt_cli.planning import best_believed
            from hpt_cli.preparation import open_config

            believed = best_believed(plans, store.results(), open_config(store), store.reruns())
        bests = view.bests_of(standing, best, believed)
        console = make_console()
        if as_json:
            print(to_json(view.best_json(standing, bests)))
        elif console.is_terminal:
            show_best(console, standing)
            console.print()
            console.print(pairs(bests.said(), indent=""), style=FAINT)
        else:
            write_lines(console, view.plain_best(standing, bests))
