"""``hpt verify``: train trials again and compare the bits."""

from __future__ import annotations

from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("verify")
@click.argument("number", type=click.IntRange(min=0), required=False)
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
    from hpt_cli.errors import StudyFailedError
    from hpt_cli.preparation import open_config, reload_data
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
            click.echo(f"trial {check.number} differs: {check.difference}; at most by {check.largest:.3g}")
    checks.sort(key=lambda check: check.number)
    changes = environment_changes(store)
    different = [check for check in checks if check.difference is not None]
    if as_json:
        click.echo(
            to_json(
                {
                    "study": store.name,
                    "trials": [
                        {
                            "number": check.number,
                            "same": check.difference is None,
                            "difference": check.difference,
                            "largest": finite(check.largest),
                        }
                        for check in checks
                    ],
                    "environment": changes,
                }
            )
        )
    else:
        for change in changes:
            click.echo(f"environment: {change}")
        passed = len(results) - len(checks)
        skipped = f"; {plural(passed, 'trial')} that failed or timed out passed over" if passed else ""
        click.echo(
            f"{plural(len(checks) - len(different), 'trial')} trained again with the same bits{skipped}"
        )
    if different:
        raise StudyFailedError(f"{len(different)} of {plural(len(checks), 'trial')} not the same as stored")
