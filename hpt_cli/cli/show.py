"""``hpt show``: the leaderboard of a study."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hpt_cli.cli import options


@click.command("show")
@options.study
@options.top
@click.option(
    "--sort",
    "by",
    metavar="COLUMN",
    default="objective",
    show_default=True,
    help="A column of the table, a param or a metric.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "md"]),
    default="table",
    show_default=True,
    help="json and csv hold every number, and all rows unless --top is given.",
)
@options.as_json
@options.expect
@options.runs_dir
@options.plain
@options.debug
@click.pass_context
def command(
    ctx: click.Context,
    study: str | None,
    top: int,
    by: str,
    form: str,
    as_json: bool,
    expect: str | None,
    runs_dir: Path,
) -> None:
    """Rank a study's finished trials, best first.

    STUDY is a name under the runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt show digits --top 3
        hpt show digits --sort learning_rate --format csv > digits.csv
        hpt show digits --expect "validation_accuracy >= 0.95"
    """
    from hpt_cli.cli.running import warn
    from hpt_cli.expectation import check_expectation, parse_expectation
    from hpt_cli.ranking import sort_rows
    from hpt_cli.store import StudyStore
    from hpt_cli.views.standing import standing_of

    if (
        as_json
        and ctx.get_parameter_source("form") is not click.core.ParameterSource.DEFAULT
        and form != "json"
    ):
        raise click.UsageError(f"--json or --format {form}, not both")
    expectation = parse_expectation(expect) if expect else None
    store = StudyStore.find(runs_dir, study)
    standing = standing_of(store)
    warn(store, standing)
    rows = sort_rows(standing.board, by)
    form = "json" if as_json else form
    top_given = ctx.get_parameter_source("top") is not click.core.ParameterSource.DEFAULT
    if form in ("table", "md") or top_given:
        rows = rows[:top]
    if form == "table":
        from hpt_cli.views.console import make_console
        from hpt_cli.views.leaderboard import show

        show(make_console(), standing, rows, by)
    elif form == "md":
        from hpt_cli.views.console import make_console, plus_minus
        from hpt_cli.views.leaderboard import markdown

        print(markdown(standing, rows, plus_minus(make_console()), by))
    else:
        from hpt_cli.views.machine import csv_lines, json_lines

        lines = json_lines(standing, rows) if form == "json" else csv_lines(standing.board, rows)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    if expectation is not None:
        check_expectation(expectation, standing.board.best)
