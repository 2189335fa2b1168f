"""``hpt refine``: one more round, in a narrower space."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpt_cli.cli import options
from hpt_cli.cli.completing import dimensions
from hpt_cli.errors import StudyInUseError
from hpt_cli.strategies import STRATEGIES

if TYPE_CHECKING:
    from hpt_cli.planning import RefineRequest


@click.command("refine")
@options.study
@click.option("--rounds", type=click.IntRange(1, 100), default=1, show_default=True, help="How many rounds.")
@click.option("--trials", type=click.IntRange(min=1), help="Trials in the new round.  [default: as before]")
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="Who chooses the params.  [default: as before]",
)
@click.option("--repeats", type=click.IntRange(min=1), help="Trainings a trial.  [default: as before]")
@click.option(
    "--hold",
    metavar="DIMENSION",
    multiple=True,
    shell_complete=dimensions,
    help="Leave a dimension as it is, as one that makes trials dear; may be given several times.",
)
@click.option(
    "--to",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the decision as a config of its own, and run nothing.",
)
@click.option("--dry-run", is_flag=True, help="Show the decision only.")
@options.workers
@options.top
@options.as_json
@options.expect
@options.runs_dir
@options.plain
@options.debug
def command(
    study: str | None,
    rounds: int,
    trials: int | None,
    strategy: str | None,
    repeats: int | None,
    hold: tuple[str, ...],
    target: Path | None,
    dry_run: bool,
    workers: int | None,
    top: int,
    as_json: bool,
    expect: str | None,
    runs_dir: Path,
) -> None:
    """Search on where a study's best may be: from coarse to fine.

    Shows from where to where each range moved, and why; then runs the new round.  The best trials are trained
    again first where the noise is not known.  STUDY is a name under the
    runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt refine digits --dry-run
        hpt refine digits --trials 20 --rounds 2
        hpt refine digits --hold hidden_units
        hpt refine digits --to digits_fine.yaml
    """
    from hpt_cli.cli.running import notify, read_expectation, run_and_show
    from hpt_cli.config import StudyConfig
    from hpt_cli.engines import count_workers
    from hpt_cli.errors import InputError
    from hpt_cli.planning import NoRound, RefineRequest, check_refinable, cost_of, preview_refine, trials_left
    from hpt_cli.preparation import reload_data
    from hpt_cli.ranking import suggest
    from hpt_cli.refined_config import write_refined
    from hpt_cli.store import StudyStore
    from hpt_cli.views.console import make_console
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.rounds import show_round
    from hpt_cli.views.standing import handle_of

    store = StudyStore.find(runs_dir, study)
    config = StudyConfig.from_resolved(
        store.study["config"], folder=Path(store.study["folder"]), path=store.folder / "study.json"
    )
    expectation = read_expectation(expect, config)
    for name in hold:
        if name not in config.space.names:
            known = config.space.names
            raise InputError(f"--hold: study {store.name} searches no {name!r}; {suggest(name, known)}")
    request = RefineRequest(rounds, trials, strategy, repeats, tuple(dict.fromkeys(hold)))
    if dry_run or target is not None:
        if holder := store.holder():
            raise StudyInUseError(f"study {store.name} is in use by {holder}; decide when it has ended")
        plan = preview_refine(store, config, request)
        if isinstance(plan, NoRound):
            notify(plan.why)
            return
        if plan.number < len(store.rounds()):
            left = trials_left(store, plan)
            done = f"{plan.trials - left} of its {plan.trials} trials are finished, {left} are left"
            notify(f"round {plan.number} is begun already: {done}")
        workers = count_workers(config.execution, workers)
        cost = cost_of(plan, store.rounds(), store.results(), config, workers)
        show_round(make_console(stderr=as_json), plan, cost)
        if as_json:
            print(to_json({**plan.to_json(), "cost": cost and cost.to_json()}))
        if target is not None:
            write_refined(target, plan, config, store.name)
            notify(f"wrote {target}; run it with: hpt run {shlex.quote(str(target))}")
        else:
            notify(f"to do it: hpt refine {handle_of(store.folder)}{_flags(request)}")
        return
    with store.lock():  # a study that is running is said to be
        begun = not check_refinable(store, config)
    reload_data(store, config)
    run_and_show(
        store,
        config,
        workers=workers,
        top=top,
        as_json=as_json,
        expectation=expectation,
        refine=None if begun else request,
    )


def _flags(request: RefineRequest) -> str:
    """What is asked of a refine, as it is typed."""
    asked = {
        "rounds": request.rounds if request.rounds > 1 else None,
        "trials": request.trials,
        "strategy": request.strategy,
        "repeats": request.repeats,
    }
    held = "".join(f" --hold {shlex.quote(name)}" for name in request.hold)
    return "".join(f" --{option} {value}" for option, value in asked.items() if value is not None) + held
