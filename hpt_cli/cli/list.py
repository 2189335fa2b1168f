"""``hpt list``: the studies there are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("list")
@options.as_json
@options.runs_dir
@options.plain
@options.debug
def command(as_json: bool, runs_dir: Path) -> None:
    """List the studies, the newest first: running, finished, stopped or how they ended, and the best trial.

    \b
    Example:
        hpt list
    """
    from hpt_cli.views.studies import list_studies, show_studies, studies_json

    studies = list_studies(runs_dir)
    if as_json:
        from hpt_cli.views.machine import to_json

        print(to_json(studies_json(studies)))
    elif studies:
        from hpt_cli.views.console import make_console

        show_studies(make_console(), studies)
    else:
        print(f"no study in {runs_dir} yet; make one with: hpt run CONFIG", file=sys.stderr)
