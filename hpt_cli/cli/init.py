"""``hpt init``: a first config."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpt_cli.cli import completing, options
from hpt_cli.cli.output import STDOUT, check_place
from hpt_cli.errors import CannotWriteError, InputError

if TYPE_CHECKING:
    from hpt_cli.proposal import Draft, TargetMissingError


@click.command("init")
@click.argument("source", metavar="[DATA]", required=False, shell_complete=completing.tables)
@click.option(
    "--target",
    metavar="COLUMN",
    help="The label's column by name; -1 is the last.",
    shell_complete=completing.columns,
)
@click.option(
    "--drop",
    metavar="COLUMN",
    multiple=True,
    help="A column to leave out; more than once for more.",
    shell_complete=completing.columns,
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The config to write; - is stdout.  [default: DATA's name and .yaml]",
)
@click.option("--command", "own", metavar="TEXT", help="Tune a program of your own, in place of DATA.")
@click.option("--force", is_flag=True, help="Write over a config that is there.")
@options.as_json
@options.debug
def command(
    source: str | None,
    target: str | None,
    drop: tuple[str, ...],
    output: str | None,
    own: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a commented config for DATA that runs as it stands.

    DATA is a built-in set (digits, wine, breast_cancer, iris, diabetes) or a file: .csv, .tsv (.gz too),
    .parquet, .npz, or MNIST's.

    Metric, network and space are proposed from its size, so that a first study takes about a minute.  What is
    missing is asked for in a terminal, and told elsewhere.  Beside the config goes hpt.schema.json, by which
    editors complete and check it.

    With --command, the space is proposed from the options that a Python script reads by argparse; the script
    is not run.

    \b
    Example:
        hpt init digits
        hpt init people.csv --target income
        hpt init --command "python train.py"
    """
    if own is None:
        draft = _data_draft(source, target, drop, output, force=force)
    elif source is not None or target is not None or drop:
        raise InputError(
            "--command tunes a program that has data of its own: leave out DATA, --target, --drop"
        )
    else:
        from hpt_cli.proposal import command_draft, command_name

        typed = shlex.join(["hpt", "init", "--command", own])
        draft = command_draft(own, _place(command_name(own), output, force=force), written_by=typed)
    if output == STDOUT:
        print(draft.text, end="")
        return
    written = _write(draft, force=force)
    if as_json:
        from hpt_cli.views.draft import columns_json
        from hpt_cli.views.machine import to_json

        shown: dict[str, object] = {"written": [str(file) for file in written], "notes": list(draft.notes)}
        if draft.table is not None:
            shown["columns"] = columns_json(draft.table)
        print(to_json({**shown, "config": draft.config.resolved()}))
        return
    from hpt_cli.views.console import make_console
    from hpt_cli.views.draft import show_draft

    show_draft(make_console(), draft, written)


def _data_draft(
    source: str | None, target: str | None, drop: Sequence[str], output: str | None, *, force: bool
) -> Draft:
    """A config for data; what is missing is asked for."""
    from hpt_cli.proposal import TargetMissingError, data_draft, study_name

    if source is None:
        source = _asked_source()
    path = _place(study_name(source), output, force=force)
    for _ in range(2):
        typed = _typed(source, target, drop)
        try:
            return data_draft(source, path, target=_column(target), written_by=typed, drop=drop)
        except TargetMissingError as missing:
            target = _asked_target(missing)
    raise ValueError("a target was given and missed")


def _is_terminal() -> bool:
    """Whether there is a person to ask: the question is read and seen in a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked_source() -> str:
    from hpt_cli.data import BUILTIN

    if not _is_terminal():
        raise InputError(
            f"which data? Name a file, such as `hpt init people.csv --target income`, or a built-in set: "
            f"{', '.join(BUILTIN)}"
        )
    return str(click.prompt(f"Data: a file, or {', '.join(BUILTIN)}", err=True)).strip()


def _asked_target(missing: TargetMissingError) -> str:
    """The label's column, chosen by the user from what there is.

    Raises:
        TargetMissingError: There is nobody to ask.
    """
    if not _is_terminal():
        raise missing
    from hpt_cli.views.console import make_console
    from hpt_cli.views.draft import show_columns

    show_columns(make_console(stderr=True), missing.columns)
    names = [column.name for column in missing.columns]

    def known(answer: str) -> str:
        if answer.strip() not in (*names, "-1"):
            raise click.BadParameter(f"there is no column {answer.strip()!r}")
        return answer.strip()

    return str(click.prompt("Which column is the label?", default=missing.guess, value_proc=known, err=True))


def _column(target: str | None) -> str | int | None:
    return -1 if target == "-1" else target


def _place(name: str, output: str | None, *, force: bool) -> Path:
    """Where the config of a study of this name belongs.

    Raises:
        InputError: There is something already, no ordinary file, or no such folder.
    """
    if output == STDOUT:
        return Path(f"{name}.yaml")
    path = Path(output or f"{name}.yaml")
    check_place(path, f"{name}.yaml")
    if path.exists() and not force:
        raise InputError(f"{path}: is there already; --force writes over it, --output NAME.yaml beside it")
    return path


def _typed(source: str, target: str | None, drop: Sequence[str]) -> str:
    words = ["hpt", "init", source, *(["--target", target] if target is not None else [])]
    return shlex.join([*words, *(word for name in drop for word in ("--drop", name))])


def _write(draft: Draft, *, force: bool) -> list[Path]:
    """Write the config, and the schema where there is none."""
    from hpt_cli.config.describe import schema_text
    from hpt_cli.files import publish
    from hpt_cli.proposal import SCHEMA_FILE

    schema = draft.path.parent / SCHEMA_FILE
    try:
        publish(draft.path, draft.text.encode())
        if schema.exists() and not force:
            return [draft.path]
        publish(schema, schema_text().encode())
    except OSError as error:
        raise CannotWriteError(f"{error.filename or draft.path}: {error.strerror or error}") from error
    return [draft.path, schema]
