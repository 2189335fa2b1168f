"""The rules for ``data``: what goes together, and whether there is anything where its paths lead."""

from __future__ import annotations

from pathlib import Path

from hpt_cli.config import models
from hpt_cli.config.messages import listed, shown
from hpt_cli.config.source_rules import check_source
from hpt_cli.config.yaml_loader import Document
from hpt_cli.data.settings import BUILTIN, DataSettings, SplitSettings

_TABLE_KEYS = ("drop", "features", "categorical", "na_values")
_ROLES = ("column", "group", "time")


def read_data(data: models.Data, folder: Path, document: Document) -> DataSettings:
    """The data's settings, as far as they can stand beside each other."""
    check_source(data.source, folder, document)
    split = _read_split(data, folder, document)
    _check_lists(data, document)
    if data.source in BUILTIN:
        for key in _TABLE_KEYS:
            if getattr(data, key):
                document.refuse(
                    ("data", key), f"is for tables, and {data.source} is a built-in set", "remove it"
                )
    return DataSettings(
        source=data.source,
        target=data.target,
        task=data.task,
        scale=data.scale,
        split=split,
        drop=tuple(data.drop),
        features=None if data.features is None else tuple(data.features),
        categorical=tuple(data.categorical),
        header=data.header,
        decimal=data.decimal,
        na_values=tuple(data.na_values),
        max_levels=data.max_levels,
        unlabeled=data.unlabeled,
    )


def _read_split(data: models.Data, folder: Path, document: Document) -> SplitSettings:
    split = data.split
    before = len(document.problems)
    paths = {part: path for part in ("validation", "test") if isinstance(path := getattr(split, part), str)}
    shares = [part for part in (split.validation, split.test) if not isinstance(part, str)]
    if sum(shares) >= 1:
        what = (
            f"validation and test leave nothing to train on: {split.validation} + {split.test} is not below 1"
        )
        document.refuse(("data", "split"), what, "write split: {validation: 0.2, test: 0.2}")
    roles = [key for key in _ROLES if getattr(split, key) is not None]
    if len(roles) > 1:
        what = f"{listed(roles)} exclude each other: one of them makes the split"
        document.refuse(("data", "split"), what, f"remove {listed(roles[1:])}")
    for part, path in paths.items():
        check_source(path, folder, document, ("data", "split", part))
        if roles and roles[0] != "group":
            what = f"is a file of its own, and {roles[0]} says the part of every row, found {shown(path)}"
            document.refuse(("data", "split", part), what, "remove one of them")
    if data.source in BUILTIN and (roles or paths):
        key = [*roles, *paths][0]
        document.refuse(
            ("data", "split", key), f"is for tables, and {data.source} is a built-in set", "remove it"
        )
    if len(document.problems) > before:
        return SplitSettings()
    return SplitSettings(**split.model_dump())


def _check_lists(data: models.Data, document: Document) -> None:
    """No column is left out and used, or the label and a feature."""
    for key in ("drop", "features", "categorical"):
        names = getattr(data, key) or []
        if data.target is not None and data.target in names:
            document.refuse(
                ("data", key), f"names the target {shown(data.target)}", "take it out of the list"
            )
    for key in ("features", "categorical"):
        both = [name for name in getattr(data, key) or [] if name in data.drop]
        if both:
            what = f"names {listed(map(str, both))}, which drop leaves out"
            document.refuse(("data", key), what, "take it out of one of the lists")
