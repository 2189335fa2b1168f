"""Columns that a config names and its table lacks, told together with what else is wrong with the config."""

from __future__ import annotations

from pathlib import Path

from hpt_cli.config.messages import shown
from hpt_cli.config.yaml_loader import Document
from hpt_cli.data.settings import BUILTIN, DataSettings
from hpt_cli.errors import DataError


def check_columns(settings: DataSettings, folder: Path, document: Document) -> None:
    """Add a problem for each column that is not there.

    Of a config without problems the table is read anyhow, and the same is told then; to read it twice would
    take long.

    Args:
        settings: The config's ``data`` part.
        folder: The config's.
        document: Takes the problems.
    """
    if settings.source in BUILTIN:
        return
    from hpt_cli.data.files import IDX, locate
    from hpt_cli.data.frames import absent_columns
    from hpt_cli.data.tables import near_column, open_table

    try:
        path, suffix = locate(settings.source, folder)
        if suffix in (IDX, ".npz"):
            return
        source = open_table(path, suffix, header=settings.header).source
    except DataError:
        return  # told when the data is read: a broken file is no mistake of the config
    for wanted, key in absent_columns(source, settings):
        place = tuple(key.split("."))
        document.refuse(place, f"there is no column {shown(wanted)}", near_column(source, wanted).strip())
