"""From what a user names to the text of a config that runs as it stands."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from hpt_cli.config import StudyConfig
from hpt_cli.data import BUILTIN

SCHEMA_FILE = "hpt.schema.json"
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
    """

    path: Path
    text: str
    config: StudyConfig
    notes: tuple[str, ...]


def study_name(source: str) -> str:
    """A study's name from that of a file: ``my people.csv.gz`` gives ``my-people``."""
    name = _NAME.sub("-", _ENDINGS.sub("", Path(source).name)).strip("-._")
    return name[:64] or "study"


def data_draft(source: str, path: Path, *, target: str | int | None, written_by: str) -> Draft:
    """A config for a built-in set or a file.

    Args:
        source: A built-in set's name, or a path from the working folder.
        path: Where the config belongs; ``data.source`` will be relative to its folder.
        target: The label's column, if the user said which.
        written_by: The command, for the config's heading.

    Raises:
        DataError: The data cannot be used.
    """
    from hpt_cli.config.load import parse_config
    from hpt_cli.data import load_dataset
    from hpt_cli.proposal.settings import propose
    from hpt_cli.proposal.text import data_config, minimal_config

    name = study_name(source)
    data: dict[str, object] = {"source": _relative(source, path.parent)}
    if target is not None:
        data["target"] = target
    settings = parse_config(minimal_config(data).encode(), path).rows()
    dataset = load_dataset(settings, folder=path.parent, seed=0)
    text = data_config(
        dataset, propose(dataset), name=name, schema=SCHEMA_FILE, written_by=written_by, data=data
    )
    return Draft(path, text, parse_config(text.encode(), path), dataset.notes)


def _relative(source: str, folder: Path) -> str:
    """The path of a file as a config in ``folder`` names it."""
    if source in BUILTIN:
        return source
    return Path(os.path.relpath(Path(source).expanduser(), folder)).as_posix()
