"""``hpt verify``: train trials again and compare the bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpt_cli.cli import options

if TYPE_CHECKING:
    from hpt_cli.verification import Check


@click.command("verify")
@options.trial_or_study
@options.study
@options.workers
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(
    number: int | None, study: str | None, workers: int | None, as_json: bool, runs_dir: Path
) -> None:
    """Train finished trials again and say whether every bit agrees with what is stored.

    NUMBER is the trial's; left out, all of the study's are trained again, and so are their reruns, and its
    files are checked.  A study's name alone is the study.  Nothing is changed.  Exits with 1 when a bit
    differs or a file is damaged, and says how far, and what differs between the environments.

    \b
    Example:
        hpt verify 17
        hpt verify digits
    """
    from dataclasses import asdict

    from hpt_cli.errors import StudyFailedError
    from hpt_cli.preparation import open_config, reload_data, source_change
    from hpt_cli.store import StudyStore
    from hpt_cli.trial import finite
    from hpt_cli.verification import environment_changes, file_problems, verify_trials
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.text import plural

    store = StudyStore.find(runs_dir, study)
    results = store.results() if number is None else [store.read_trial(number)]
    numbers = {result.number for result in results}
    reruns = [rerun for rerun in store.reruns() if rerun.trial in numbers]
    problems = file_problems(store) if number is None else []
    config = open_config(store)
    reload_data(store, config)
    checks = []
    for check in verify_trials(store, config, results, reruns, workers=workers):
        checks.append(check)
        if check.difference is not None and not as_json:
            of = "" if check.rerun is None else f", rerun {check.rerun},"
            print(f"trial {check.number}{of} differs: {check.difference}; at most by {check.largest:.3g}")
    changes = environment_changes(store)
    if moved := source_change(store, config):
        changes.append(moved)
    different = sum(check.difference is not None for check in checks)
    if as_json:
        trials = [
            {**asdict(check), "same": check.difference is None, "largest": finite(check.largest)}
            for check in sorted(checks, key=_order)
        ]
        print(to_json({"study": store.name, "trials": trials, "environment": changes, "files": problems}))
    else:
        for problem in problems:
            print(f"damaged: {problem}")
        for change in changes:
            print(f"environment: {change}")
        passed = len(results) + len(reruns) - len(checks)
        skipped = f"; {passed} that failed or timed out passed over" if passed else ""
        same = [check for check in checks if check.difference is None]
        again = sum(check.rerun is not None for check in same)
        trained = plural(len(same) - again, "trial") + (f" and {plural(again, 'rerun')}" if again else "")
        print(f"{trained} trained again with the same bits{skipped}")
        if different and config.own_code is not None:
            print(
                "own code gives the same bits only where it takes every random draw from the seed it is given"
            )
    if problems:
        raise StudyFailedError(f"{plural(len(problems), 'file')} of the study damaged")
    if different:
        raise StudyFailedError(f"{different} of {plural(len(checks), 'trial')} not the same as stored")


def _order(check: Check) -> tuple[int, int]:
    """By trial, its own repeats before its reruns."""
    return check.number, -1 if check.rerun is None else check.rerun
