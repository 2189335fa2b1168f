"""What a shell offers at a press of Tab: nothing that takes long to find, and never an error."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, split_arg_string

if TYPE_CHECKING:
    from hpt_cli.store import StudyStore

STUDY_OPTION = "named_study"
"""The parameter of ``--study``, beside the argument ``study``."""

_TEXTS = (".csv", ".tsv")
_LONGEST_LINE = 1_000_000  # signs
_MOST = 200  # more than anybody reads


def studies(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The studies under the runs folder; where none fits, folders."""
    return _names(ctx, incomplete) or [CompletionItem(incomplete, type="dir")]


def configs(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """YAML files that begin so, and those in folders that do; where there are none, any file."""
    folder, slash, begun = incomplete.rpartition("/")
    found: list[str] = []
    with suppress(OSError):
        found = sorted(islice(_yaml_files(Path(folder + slash or "."), begun), _MOST))
    return [CompletionItem(f"{folder}{slash}{name}") for name in found] or [
        CompletionItem(incomplete, type="file")
    ]


def trial_numbers(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The finished trials of the study that is meant, unless there are too many to read."""
    from hpt_cli.errors import HptError
    from hpt_cli.listing import find_study
    from hpt_cli.listing import trial_numbers as numbers_in

    numbers: list[str] = []
    with suppress(HptError, OSError):
        numbers = [str(number) for number in numbers_in(find_study(_runs_dir(ctx), _named(ctx)) / "trials")]
    fitting = [number for number in numbers if number.startswith(incomplete)]
    return [CompletionItem(number) for number in fitting] if len(fitting) <= _MOST else []


def trials_or_studies(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The finished trials of the study that is meant, or another study."""
    return trial_numbers(ctx, parameter, incomplete) + _names(ctx, incomplete)


def dimensions_or_studies(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of what the study that is meant searches, or another study."""
    return dimensions(ctx, parameter, incomplete) + _names(ctx, incomplete)


def dimensions(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of what the study that is meant searches."""
    from hpt_cli.errors import HptError

    names: tuple[str, ...] = ()
    store = _study(ctx)
    if store is not None:
        with suppress(HptError, OSError):
            names = store.rounds()[-1].space.names if store.rounds() else ()
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def config_keys(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``network.epochs=`` for each key of the config that was named before."""
    import yaml

    path = _word_that_ends((".yaml", ".yml"))
    keys: list[str] = []
    with suppress(OSError, ValueError, yaml.YAMLError, RecursionError):
        content = yaml.safe_load(Path(path).read_bytes()) if path else {}
        keys = list(_dotted(content)) if isinstance(content, Mapping) else []
    return [CompletionItem(f"{key}=") for key in keys if key.startswith(incomplete)]


def tables(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The built-in data sets that begin so, and files."""
    from hpt_cli.data import BUILTIN

    built_in = [CompletionItem(name) for name in BUILTIN if name.startswith(incomplete)]
    return [*built_in, CompletionItem(incomplete, type="file")]


def columns(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names in the first line of the table that was named before."""
    path = Path(ctx.params.get("source") or _word_that_ends(_TEXTS) or "")
    names: list[str] = []
    with suppress(OSError, ValueError, csv.Error):
        if path.name.endswith(_TEXTS):
            with path.open(encoding="utf-8-sig", newline="") as file:
                line = file.readline(_LONGEST_LINE)
            separator = max(",;\t|", key=line.count)
            names = next(csv.reader([line], delimiter=separator), [])
    return [CompletionItem(name.strip()) for name in names if name.strip().startswith(incomplete)]


def _word_that_ends(endings: tuple[str, ...]) -> str | None:
    """A word of the line that the shell knows: an option without its value ends Click's own parsing."""
    words = split_arg_string(os.environ.get("COMP_WORDS", ""))
    return next((word for word in words if word.endswith(endings)), None)


def _names(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """The studies under the runs folder, unless one was named already."""
    from hpt_cli.listing import study_names

    if _named(ctx):
        return []
    names: list[str] = []
    with suppress(OSError):
        names = [name for name in study_names(_runs_dir(ctx)) if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names]


def _named(ctx: click.Context) -> str | None:
    """The study that was named, as an option or as an argument."""
    return ctx.params.get(STUDY_OPTION) or ctx.params.get("study")


def _runs_dir(ctx: click.Context) -> Path:
    return Path(ctx.params.get("runs_dir") or "runs")


def _study(ctx: click.Context) -> StudyStore | None:
    from hpt_cli.errors import HptError
    from hpt_cli.store import StudyStore

    with suppress(HptError, OSError):
        return StudyStore.find(_runs_dir(ctx), _named(ctx))
    return None


def _yaml_files(folder: Path, begun: str) -> Iterator[str]:
    for path in folder.iterdir():
        if not path.name.startswith(begun) or (path.name.startswith(".") and not begun.startswith(".")):
            continue
        if path.is_dir():
            yield from (f"{path.name}/{inside.name}" for inside in path.iterdir() if _is_yaml(inside))
        elif _is_yaml(path):
            yield path.name


def _is_yaml(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and path.is_file()


def _dotted(content: Mapping[Any, Any], before: str = "") -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"
