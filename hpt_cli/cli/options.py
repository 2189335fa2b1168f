"""The arguments and options that commands share, each named once."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hpt_cli.cli import completing

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEBUG = "hpt_cli.debug"
"""Where Click's context keeps whether ``--debug`` was given."""

_MOST_WORKERS_A_CORE = 4


def _remember_debug(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[DEBUG] = True


def _be_plain(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from hpt_cli.views.console import PLAIN_VARIABLE

        before = os.environ.get(PLAIN_VARIABLE)
        os.environ[PLAIN_VARIABLE] = "1"
        if before is None:
            ctx.call_on_close(lambda: os.environ.pop(PLAIN_VARIABLE, None))


def _check_workers(_ctx: click.Context, _parameter: click.Parameter, value: int | None) -> int | None:
    if value is None:
        return None
    from hpt_cli.environment import usable_cores

    most = _MOST_WORKERS_A_CORE * usable_cores()
    if not 1 <= value <= most:
        a_core = f"{_MOST_WORKERS_A_CORE} for each usable core"
        raise click.BadParameter(f"must be from 1 to {most} ({a_core}), found {value}")
    return value


class _TrialNumber(click.IntRange):
    """A trial's number; who gives a study's name instead is told where that belongs."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        try:
            int(value)
        except ValueError:
            belongs = f"name a study with --study {shlex.quote(value)}"
            self.fail(f"{value!r} is not a trial's number (they count from 0); {belongs}", param, ctx)
        return int(super().convert(value, param, ctx))


def trial_number(*, required: bool) -> Callable[[_Command], _Command]:
    """The argument of a command that looks at one trial."""
    return click.argument(
        "number", type=_TrialNumber(), required=required, shell_complete=completing.trial_numbers
    )


config = click.argument(
    "config_path", metavar="CONFIG", type=click.Path(path_type=Path), shell_complete=completing.configs
)
study_argument = click.argument("study", metavar="[STUDY]", required=False, shell_complete=completing.studies)
study_option = click.option(
    "--study",
    metavar="STUDY",
    help="Name under the runs folder, or a study's folder.",
    shell_complete=completing.studies,
)
runs_dir = click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HPT_RUNS_DIR",
    default=Path("runs"),
    show_default=True,
    show_envvar=True,
    help="Where studies are kept.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, messages on stderr.")
top = click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Rows to show.")
expect = click.option(
    "--expect",
    metavar="EXPECTATION",
    help='Exit with 1 unless the best trial meets it: "validation_accuracy >= 0.95".',
)
workers = click.option(
    "--workers",
    type=int,
    callback=_check_workers,
    help="Processes that train; changes no result.  [default: the config's, or one for each usable core]",
)
name = click.option("--name", help="The study's name.  [default: the config's, or its file's]")
trials = click.option("--trials", type=int, help="Trials in each round, instead of the config's.")
seed = click.option("--seed", type=int, help="Root of every draw, instead of the config's.")
overrides = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=completing.config_keys,
    help="Change one key of the config: search.trials=5.  Can be given again.",
)
plain = click.option(
    "--plain",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_be_plain,
    help="Plain lines as in a pipe: for screen readers and logs.  HPT_PLAIN=1 does so for good.",
)
debug = click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember_debug,
    help="Show the traceback of an error.",
)


def short_overrides(
    *, name: str | None = None, trials: int | None = None, seed: int | None = None
) -> dict[str, str]:
    """What the options that are shorter ways to write a ``--set`` stand for, by option."""
    overrides = {
        "--name": None if name is None else f"name={json.dumps(name)}",
        "--trials": None if trials is None else f"search.trials={trials}",
        "--seed": None if seed is None else f"seed={seed}",
    }
    return {option: override for option, override in overrides.items() if override is not None}
