"""The arguments and options that commands share, each named once."""

from __future__ import annotations

import functools
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from hpt_cli.cli import completing

if TYPE_CHECKING:
    from hpt_cli.config import StudyConfig

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEBUG = "hpt_cli.debug"
"""Where Click's context keeps whether ``--debug`` was given."""

WORDS = "hpt_cli.words"
"""Where it keeps what was typed behind the command's name: a message can put it in order."""

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
        if not _is_whole(value):
            self.fail(_not_a_number(value), param, ctx)
        return int(super().convert(value, param, ctx))


class _TrialOrStudy(_TrialNumber):
    """A trial's number where it may be left out: what is no number is the study."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or the text as it is."""
        return super().convert(value, param, ctx) if _is_whole(value) else value


def _is_whole(text: Any) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _not_a_number(value: str) -> str:
    ctx = click.get_current_context()
    typed = next((word for word in ctx.meta.get(WORDS, ()) if word.isdecimal()), "0")
    order = f"the number comes before the study: hpt {ctx.info_name} {typed} {shlex.quote(value)}"
    return f"{value!r} is not a trial's number (they count from 0); {order}"


trial_number = click.argument("number", type=_TrialNumber(), shell_complete=completing.trial_numbers)
trial_or_study = click.argument(
    "number", type=_TrialOrStudy(), required=False, shell_complete=completing.trials_or_studies
)


_study_argument = click.argument(
    "study", metavar="[STUDY]", required=False, shell_complete=completing.studies
)
_study_option = click.option(
    "-s",
    "--study",
    completing.STUDY_OPTION,
    metavar="STUDY",
    help="STUDY as an option: a name under the runs folder, or a study's folder; left out, the newest.",
    shell_complete=completing.studies,
)


def study(command: _Command) -> _Command:
    """The study of a command: its last argument or ``--study``, whichever one likes to type."""

    @functools.wraps(command)
    def with_study(*args: Any, study: str | None, **others: Any) -> Any:
        again = others.pop(completing.STUDY_OPTION)
        number = others.get("number")
        if isinstance(number, str):  # it stands where a number may be left out
            if study is not None or again is not None:
                raise click.UsageError(_not_a_number(number))
            study, others["number"] = number, None
        if study is not None and again is not None and study != again:
            raise click.UsageError(f"two studies are named, {study!r} and --study {again!r}; write one")
        return command(*args, study=again if study is None else study, **others)

    return _study_argument(_study_option(cast("_Command", with_study)))


_config = click.argument(
    "config_path", metavar="CONFIG", type=click.Path(path_type=Path), shell_complete=completing.configs
)
_name = click.option("--name", help="The study's name.  [default: the config's, or its file's]")
_trials = click.option("--trials", type=int, help="Trials in each round, instead of the config's.")
_seed = click.option("--seed", type=int, help="Root of every draw, instead of the config's.")
_overrides = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=completing.config_keys,
    help="Change one key of the config: search.trials=5.  Can be given again.",
)


def config(command: _Command) -> _Command:
    """CONFIG, and the options that change keys of it; the command gets ``read_config``, which reads both."""

    @functools.wraps(command)
    def with_config(
        *args: Any,
        config_path: Path,
        name: str | None,
        trials: int | None,
        seed: int | None,
        overrides: tuple[str, ...],
        **others: Any,
    ) -> Any:
        def read_config() -> StudyConfig:
            from hpt_cli.config import load_config

            return load_config(config_path, overrides, _short_overrides(name, trials, seed))

        return command(*args, read_config=read_config, **others)

    decorated = with_config
    for decorate in (_overrides, _seed, _trials, _name, _config):  # the last is the first in the help
        decorated = decorate(decorated)
    return cast("_Command", decorated)


def _short_overrides(name: str | None, trials: int | None, seed: int | None) -> dict[str, str]:
    """What the options that are shorter ways to write a ``--set`` stand for, by option."""
    overrides = {
        "--name": None if name is None else f"name={json.dumps(name)}",
        "--trials": None if trials is None else f"search.trials={trials}",
        "--seed": None if seed is None else f"seed={seed}",
    }
    return {option: override for option, override in overrides.items() if override is not None}


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
