"""From what a user names to the text of a config that runs as it stands."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpt_cli.config import StudyConfig
from hpt_cli.data import BUILTIN
from hpt_cli.errors import InputError

if TYPE_CHECKING:
    from hpt_cli.data.look import ColumnReport, TableReport

SCHEMA_FILE = "hpt.schema.json"
_LABELS = ("label", "target", "class", "y", "outcome", "species")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_ENDINGS = re.compile(r"(\.(csv|tsv|parquet|npz|gz)|-ubyte|[-.]idx[0-9])+$", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """A config that is checked, and not yet written.

    Args:
        path: Where it belongs.
        text: Its content.
        config: The same, read back.
        notes: What was found in the data, in sentences.
        table: What each column is taken for; ``None`` if the data is no table.
    """

    path: Path
    text: str
    config: StudyConfig
    notes: tuple[str, ...]
    table: TableReport | None = None


class TargetMissingError(InputError):
    """A table's label was not named.

    Args:
        source: The file, as the user named it.
        columns: What the columns are taken for.
    """

    def __init__(self, source: str, columns: Sequence[ColumnReport]) -> None:
        super().__init__(source, columns)
        self.source = source
        self.columns = tuple(columns)

    def __str__(self) -> str:
        from hpt_cli.data.messages import listed

        names = listed(column.name for column in self.columns)
        return f"{self.source}: which column is the label? Add --target COLUMN; the columns are {names}"

    @property
    def guess(self) -> str:
        """The column that is called as labels are, or else the last one."""
        names = {column.name.lower(): column.name for column in self.columns}
        return next((names[name] for name in _LABELS if name in names), self.columns[-1].name)


def study_name(source: str) -> str:
    """A study's name from that of a file: ``my people.csv.gz`` gives ``my-people``."""
    letters = unicodedata.normalize("NFKD", Path(source).name).encode("ascii", "ignore").decode()
    name = _NAME.sub("-", _ENDINGS.sub("", letters)).strip("-._")
    return name[:64] or "study"


def data_draft(
    source: str, path: Path, *, target: str | int | None, written_by: str, drop: Sequence[str] = ()
) -> Draft:
    """A config for a built-in set or a file.

    Args:
        source: A built-in set's name, or a path from the working folder.
        path: Where the config belongs; ``data.source`` will be relative to its folder.
        target: The label's column, if the user said which.
        written_by: The command, for the config's heading.
        drop: Columns of a table that the user does not want.

    Raises:
        TargetMissingError: The data is a table, and ``target`` is ``None``.
        DataError: The data cannot be used.
    """
    from hpt_cli.config.load import parse_config
    from hpt_cli.data import load_dataset
    from hpt_cli.proposal.columns import about, check_features, keys
    from hpt_cli.proposal.settings import propose
    from hpt_cli.proposal.text import data_config, minimal_config

    name = study_name(source)
    data: dict[str, object] = {"source": _relative(source, path.parent)}
    if target is not None:
        data["target"] = target
    table = _look(source, target, drop)
    if table is not None:
        check_features(table)
        data |= keys(table)
    settings = parse_config(minimal_config(data).encode(), path).rows()
    dataset = load_dataset(settings, folder=path.parent, seed=0)
    text = data_config(
        dataset,
        propose(dataset),
        name=name,
        schema=SCHEMA_FILE,
        written_by=written_by,
        data=data,
        about=tuple(about(table)) if table else (),
    )
    notes = (*table.label_notes, *dataset.notes) if table else dataset.notes
    return Draft(path, text, parse_config(text.encode(), path), notes, table)


def _look(source: str, target: str | int | None, drop: Sequence[str]) -> TableReport | None:
    """What the columns of a table are taken for; ``None`` of data that is no table."""
    from hpt_cli.data.files import IDX, locate
    from hpt_cli.data.look import look_at

    suffix = ""
    if source not in BUILTIN:
        path, suffix = locate(source, Path())
    if source in BUILTIN or suffix in (IDX, ".npz"):
        if drop:
            raise InputError(f"--drop is for tables, and {source} is none; leave it out")
        return None
    report = look_at(path, target, drop=drop)
    if target is None:
        raise TargetMissingError(source, report.columns)
    return report


def _relative(source: str, folder: Path) -> str:
    """The path of a file as a config in ``folder`` names it."""
    if source in BUILTIN:
        return source
    return Path(os.path.relpath(Path(source).expanduser(), folder)).as_posix()
