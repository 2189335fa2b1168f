"""``hpt verify``: train trials again and compare the bits."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("verify")
@options.trial_number(required=False)
@options.study_option
@options.workers
@options.as_json
@options.runs_dir
@options.debug
def command(
    number: int | None, study: str | None, workers: int | None, as_json: bool, runs_dir: Path
) -> None:
    """Train finished trials again and say whether every bit agrees with what is stored.

    NUMBER is the trial's; left out, all of the study's are trained again.  Nothing is changed.  Exits with 1
    when a bit differs, and says how far, and what differs between the environments.

    \b
    Example:
        hpt verify 17 --study digits
    """
    from dataclasses import asdict

    from hpt_cli.errors import StudyFailedError
    from hpt_cli.preparation import open_config, reload_data, source_change
    from hpt_cli.store import StudyStore
    from hpt_cli.trial import finite
    from hpt_cli.verification import environment_changes, verify_trials
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.text import plural

    store = StudyStore.find(runs_dir, study)
    results = store.results() if number is None else [store.read_trial(number)]
    config = open_config(store)
    reload_data(store, config)
    checks = []
    for check in verify_trials(store, config, results, workers=workers):
        checks.append(check)
        if check.difference is not None and not as_json:
            print(f"trial {check.number} differs: {check.difference}; at most by {check.largest:.3g}")
    changes = environment_changes(store)
    if moved := source_change(store, config):
        changes.append(moved)
    different = sum(check.difference is not None for check in checks)
    if as_json:
        trials = [
            {**asdict(check), "same": check.difference is None, "largest": finite(check.largest)}
            for check in sorted(checks, key=lambda check: check.number)
        ]
        print(to_json({"study": store.name, "trials": trials, "environment": changes}))
    else:
        for change in changes:
            print(f"environment: {change}")
        passed = len(results) - len(checks)
        skipped = f"; {plural(passed, 'trial')} that failed or timed out passed over" if passed else ""
        print(f"{plural(len(checks) - different, 'trial')} trained again with the same bits{skipped}")
        if different and config.own_code is not None:
            print(
                "own code gives the same bits only where it takes every random draw from the seed it is given"
            )
    if different:
        raise StudyFailedError(f"{different} of {plural(len(checks), 'trial')} not the same as stored")
