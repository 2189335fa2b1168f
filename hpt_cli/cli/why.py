"""``hpt why``: what each round did to a dimension, and by what evidence."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from hpt_cli.cli import options
from hpt_cli.cli.completing import dimensions_or_studies


@click.command("why")
@click.argument("dimension", required=False, shell_complete=dimensions_or_studies)
@options.study
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(dimension: str | None, study: str | None, as_json: bool, runs_dir: Path) -> None:
    """Say what each round did to a dimension, and why.

    DIMENSION is a name under the config's space; left out, it is all of them.  A study's name
    alone is the study.

    \b
    Example:
        hpt why digits
        hpt why learning_rate digits
    """
    from hpt_cli.errors import InputError, StudyNotFoundError
    from hpt_cli.ranking import suggest
    from hpt_cli.store import StudyStore
    from hpt_cli.views.console import make_console
    from hpt_cli.views.machine import to_json
    from hpt_cli.views.rounds import history_of, show_history

    store = None
    if study is None and dimension is not None:
        with suppress(StudyNotFoundError):
            store, dimension = StudyStore.find(runs_dir, dimension), None
    store = store or StudyStore.find(runs_dir, study)
    plans = store.rounds()
    known = plans[0].space.names if plans else ()
    if dimension is not None and dimension not in known:
        raise InputError(f"study {store.name} searches no {dimension!r}; {suggest(dimension, known)}")
    names = known if dimension is None else (dimension,)
    if as_json:
        print(to_json({name: history_of(plans, name) for name in names}))
    else:
        show_history(make_console(), store.name, plans, names)
