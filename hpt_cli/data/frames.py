"""From a table's cells to features and labels: which columns are used, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.data.columns import Reading, judge, read
from hpt_cli.data.leaks import leak
from hpt_cli.data.look import FREE_SHARE, levels_alike, looks_like_id
from hpt_cli.data.messages import Source, listed, shown
from hpt_cli.data.raw import TEST, TRAIN, VALIDATION, Array, Category, Field, Numbers, Raw
from hpt_cli.data.settings import DataSettings
from hpt_cli.data.tables import (
    INDEX_NAMES,
    Table,
    column_called,
    find_column,
    header_line,
    is_index,
    no_columns,
    no_target,
)

if TYPE_CHECKING:
    import pandas as pd

PARTS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
}
"""What a column may say of a row's part."""


_MOST_LEAKS = 3  # that are told one by one


@dataclass(frozen=True)
class Choice:
    """Which columns are what, by name.

    Args:
        target: The label's.
        features: In the file's order.
        categorical: Those of the features whose values are levels.
        named: Those of the features that the config asks for.
        roles: The column that makes the split, by its key.
    """

    target: str
    features: tuple[str, ...]
    categorical: frozenset[str]
    named: frozenset[str]
    roles: Mapping[str, str]


def read_raw(table: Table, others: Mapping[str, Table], settings: DataSettings) -> Raw:
    """Features and labels of a table, and of the files of its other parts.

    Args:
        table: The rows to train on, and all others that are not in ``others``.
        others: The tables of parts with a file of their own: ``validation``, ``test``.
        settings: The config's ``data`` part.

    Raises:
        DataError: With row and column, for cells and columns that cannot be used.
    """
    choice = choose(table.source, settings)
    notes = list(table.notes)
    if choice.roles:
        (key, role), *_ = choice.roles.items()
        if role not in choice.features:
            notes.append(f"The column of data.split.{key}, {shown(role)}, is no feature.")
    used = (*choice.features, choice.target, *choice.roles.values())
    decimal = None if settings.decimal == "auto" else settings.decimal
    texts = [choice.target, *choice.categorical, *choice.roles.values()]
    frame, source, given = _joined(table, others, choice, texts if decimal != "," else used)
    readings = _judged(frame, source, choice, settings, decimal)
    if decimal is None and any(reading.writing.decimal == "," for reading in readings.values()):
        frame, source, given = _joined(table, others, choice, used)
        readings = _judged(frame, source, choice, settings, ",")
    columns = {name: read(frame[name], reading, source) for name, reading in readings.items()}
    features = _usable(columns, readings, choice, settings, source, notes)
    target, said = _label(columns[choice.target], given, others)
    notes += said
    notes += _leak_notes([columns[name] for name in features], readings, target, choice)
    notes += _case_notes([*(columns[name] for name in features), target])
    notes += _reading_notes([readings[name] for name in (*features, choice.target)])
    fields = [field for name in features for field in _fields(columns[name], readings[name])]
    if not features:
        why = "; the texts of the others differ in nearly every row" if choice.features else ""
        raise source.error(f"has no column beside the target{why}; expected at least one feature")
    numbers = [f.of(_values(columns[f.column])) for f in fields]
    raw = Raw(
        source=source,
        numbers=np.column_stack(numbers) if numbers else np.empty((len(frame), 0)),
        number_names=tuple(field.name for field in fields),
        categories=tuple(c for c in (columns[name] for name in features) if isinstance(c, Category)),
        target=target,
        notes=tuple(notes),
        fields=tuple(fields),
        readings=tuple(readings[name] for name in (*features, choice.target)),
        header=table.header,
        given=given,
    )
    return _with_roles(raw, frame, choice, settings)


def choose(source: Source, settings: DataSettings) -> Choice:
    """Find the columns that the config names.

    Raises:
        DataError: One is not there, or is named for two things.
    """
    if settings.target is None:
        raise no_target(source)
    if lacking := absent_columns(source, settings):
        raise no_columns(source, lacking)
    target = find_column(source, settings.target, "data.target")
    split = {
        key: find_column(source, name, f"data.split.{key}") for key, name in settings.split.roles.items()
    }
    drop = [find_column(source, name, "data.drop") for name in settings.drop]
    wanted = [find_column(source, name, "data.features") for name in settings.features or ()]
    levels = [find_column(source, name, "data.categorical") for name in settings.categorical]
    both = sorted(set(drop) & {*wanted, *levels})
    if both:
        raise source.error(f"data.drop and data.features or data.categorical both name {listed(both)}")
    for key, names in (("drop", drop), ("features", wanted), ("categorical", levels)):
        if target in names:
            what = f"data.{key} names the target {shown(target)}; take it out of that list"
            raise source.error(what)
    if target in split.values():
        raise source.error(
            f"data.split.{next(iter(split))} is the target {shown(target)}; name another column"
        )
    out = {target, *drop, *(set(split.values()) - set(wanted))}
    kept = [name for name in source.names if name not in out and (not wanted or name in wanted)]
    absent = [name for name in levels if name not in kept]
    if absent:
        raise source.error(f"data.categorical names {listed(absent)}, which data.features leaves out")
    return Choice(target, tuple(kept), frozenset(levels), frozenset({*wanted, *levels}), split)


def absent_columns(source: Source, settings: DataSettings) -> list[tuple[str | int, str]]:
    """What the config names and the table lacks, each with the key that names it."""
    lists = {"drop": settings.drop, "features": settings.features or (), "categorical": settings.categorical}
    wanted: list[tuple[str | int, str]] = [
        *([(settings.target, "data.target")] if settings.target is not None else []),
        *((name, f"data.split.{key}") for key, name in settings.split.roles.items()),
        *((name, f"data.{key}") for key, names in lists.items() for name in names),
    ]
    return [(name, key) for name, key in wanted if column_called(source, name) is None]


def _joined(
    table: Table, others: Mapping[str, Table], choice: Choice, texts: Sequence[str]
) -> tuple[pd.DataFrame, Source, Array | None]:
    """The cells of all files, one below the other, where they come from, and the part of each row."""
    frame = table.frame(texts)
    if not others:
        return frame, table.source, None
    import pandas as pd

    names = [*choice.features, choice.target, *choice.roles.values()]
    frames: list[pd.DataFrame] = []
    sources: list[tuple[int, Source]] = []
    given: list[Array] = []
    for part, one in {"": table, **others}.items():
        absent = [name for name in names if name not in one.source.names]
        if absent:
            here = listed(name for name in one.source.names if name)
            raise one.source.error(f"lacks {listed(absent)} of {table.source.path}; its columns are {here}")
        sources.append((sum(len(frame) for frame in frames), one.source))
        frames.append(one.frame(names)[names])  # as texts: a column may look otherwise in another file
        given.append(np.full(len(frames[-1]), PARTS.get(part, -1)))
    source = replace(table.source, lines=None, parts=tuple(sources))
    return pd.concat(frames, ignore_index=True), source, np.concatenate(given)


def _judged(
    frame: pd.DataFrame, source: Source, choice: Choice, settings: DataSettings, decimal: str | None
) -> dict[str, Reading]:
    """How each column is read, the label's last."""
    missing = settings.na_values
    readings = {}
    for name in choice.features:
        if name in choice.categorical:
            readings[name] = Reading(name, "category", missing=missing)
        else:
            readings[name] = judge(frame[name], name, source, decimal=decimal, missing=missing)
    labels = frame[choice.target]
    if labels.dtype.kind == "b":  # classes, called False and True
        frame[choice.target] = labels.astype(str)
    readings[choice.target] = judge(
        frame[choice.target], choice.target, source, decimal=decimal, missing=missing, label=True
    )
    return readings


def _usable(
    columns: Mapping[str, Numbers | Category],
    readings: Mapping[str, Reading],
    choice: Choice,
    settings: DataSettings,
    source: Source,
    notes: list[str],
) -> list[str]:
    """The features that something can be learnt from, or that the config names; notes on the others."""
    kept, free, ids = [], [], []
    for name in choice.features:
        column = columns[name]
        if name in INDEX_NAMES and is_index(column):
            notes.append("The first column has no name, and another number in each row: an index, left out.")
            continue
        if name == "" and isinstance(column, Category) and _names_rows(column):
            notes.append("The first column has no name, and another text in each row: row names, left out.")
            continue
        if name == "":
            raise source.error("column 1 has no name; name it or remove it", line=header_line(source))
        if isinstance(column, Category):
            known = int((column.codes >= 0).sum())
            if name not in choice.named and len(column.levels) > max(settings.max_levels, FREE_SHARE * known):
                free.append((name, len(column.levels), known))
                continue
        elif name not in choice.named and readings[name].kind == "number" and looks_like_id(column):
            ids.append(name)
        kept.append(name)
    if free:
        said = listed((f[0] for f in free), remarks=(f"{f[1]:,} texts in {f[2]:,} rows" for f in free))
        notes.append(
            f"Left out, as nearly every row has a text of its own: {said}. Name a column in data.categorical "
            "to use it."
        )
    if ids:
        notes.append(f"Looks like an identifier, which teaches nothing: {listed(ids)}. See data.drop.")
    return kept


def _names_rows(column: Category) -> bool:
    return len(column.levels) == len(column.codes)


def _leak_notes(
    features: Sequence[Numbers | Category],
    readings: Mapping[str, Reading],
    label: Numbers | Category,
    choice: Choice,
) -> list[str]:
    """Sentences on features that give the label away, but for those that the config asks for."""
    notes = []
    for column in features:
        useless = isinstance(column, Numbers) and looks_like_id(column)
        if column.name in choice.named or useless:
            continue
        if said := leak(column, label, dates=readings[column.name].kind == "date"):
            notes.append(f"A leak? Column {shown(column.name)} {said}: data.drop.")
    if len(notes) > _MOST_LEAKS:
        notes[_MOST_LEAKS:] = [f"So may {len(notes) - _MOST_LEAKS} more columns; hpt init names them all."]
    return notes


def _case_notes(columns: Sequence[Numbers | Category]) -> list[str]:
    """A sentence on levels that nobody would tell apart, or nothing."""
    alike = {c.name: levels_alike(c.levels) for c in columns if isinstance(c, Category)}
    first = {name: " and ".join(map(shown, levels[0])) for name, levels in alike.items() if levels}
    if not first:
        return []
    said = listed(first, remarks=first.values())
    return [f"Levels that differ in capitals or blanks alone count as different: {said}."]


def _label(
    label: Numbers | Category, given: Array | None, others: Mapping[str, Table]
) -> tuple[Numbers | Category, list[str]]:
    """The label, and a note if a file of its own writes every class with a point behind it."""
    if given is None or not isinstance(label, Category):
        return label, []
    codes = label.codes.copy()
    notes = []
    known = {label.levels[code]: code for code in np.unique(codes[(given < 0) & (codes >= 0)])}
    for part in others:
        rows = given == PARTS[part]
        here = [int(code) for code in np.unique(codes[rows & (codes >= 0)])]
        dotted = {code: known.get(label.levels[code].removesuffix(".")) for code in here}
        if any(code in known.values() for code in here) or None in dotted.values():
            continue
        for code, meant in dotted.items():
            codes[rows & (label.codes == code)] = meant
        notes.append(f"The labels of the {part} file end in a point, which was taken off.")
    return Category(label.name, codes, label.levels), notes


def _fields(column: Numbers | Category, reading: Reading) -> list[Field]:
    if isinstance(column, Category):
        return []
    if reading.kind != "date":
        return [Field(column.name)]
    known = column.values[~np.isnan(column.values)]
    timed = bool((known % 1).any())
    parts = ("days", "month", "weekday", "hour") if timed else ("days", "month", "weekday")
    return [Field(column.name, part) for part in parts]


def _values(column: Numbers | Category) -> Array:
    if isinstance(column, Category):
        raise ValueError(f"{column.name} holds levels, not numbers")
    return column.values


def _reading_notes(readings: Sequence[Reading]) -> list[str]:
    """Sentences on what was not plain numbers and texts."""
    notes = []
    units = [r for r in readings if r.kind == "number" and r.writing.unit]
    if units:
        said = listed((r.name for r in units), remarks=(r.writing.unit for r in units))
        notes.append(f"Read as numbers, without their unit: {said}.")
    commas = {r.writing.decimal: r.name for r in readings if r.kind == "number"}
    if "," in commas:
        but = f", but for some such as {shown(commas['.'])}" if "." in commas else ""
        notes.append(f"Numbers are read with decimal commas, 1.234,5 as 1234.5{but}.")
    unclear = [r.name for r in readings if r.unclear]
    if unclear:
        notes.append(
            f"Commas taken for thousands (1,234 is 1234): {listed(unclear)}. If they are decimal commas, "
            'write data.decimal: ",".'
        )
    dates = [r for r in readings if r.kind == "date" and r.dates]
    if dates:
        ways = (r.dates.words or "dates" if r.dates else "" for r in dates)
        said = listed((r.name for r in dates), remarks=ways)
        notes.append(f"Dates, each as days since 1970, month and weekday: {said}.")
    return notes


def _with_roles(raw: Raw, frame: pd.DataFrame, choice: Choice, settings: DataSettings) -> Raw:
    """The same with what makes the split."""
    for key, name in choice.roles.items():
        if key == "time":
            reading = judge(frame[name], name, raw.source, missing=settings.na_values)
            column = read(frame[name], reading, raw.source)
            if isinstance(column, Category):
                raise raw.source.error(
                    f"holds {len(column.levels):,} different texts; data.split.time needs dates or numbers",
                    column=name,
                )
            _refuse_missing(np.isnan(column.values), key, name, raw.source)
            return replace(raw, times=column.values)
        levels = read(frame[name], Reading(name, "category", missing=settings.na_values), raw.source)
        if not isinstance(levels, Category):
            raise ValueError("a category is read as one")
        _refuse_missing(levels.codes < 0, key, name, raw.source)
        if key == "group":
            return replace(raw, groups=levels.codes)
        return replace(raw, given=_parts(levels, raw.source))
    return raw


def _refuse_missing(missing: Array, key: str, name: str, source: Source) -> None:
    rows = np.flatnonzero(missing)
    if rows.size:
        raise source.error(
            f"the cell is empty, and data.split.{key} needs it in every row ({rows.size:,} are); fill it in",
            row=int(rows[0]),
            column=name,
        )


def _parts(levels: Category, source: Source) -> Array:
    """The part of each row as a column says it."""
    parts = np.array([PARTS.get(level.casefold(), -1) for level in levels.levels])
    wrong = np.flatnonzero(parts[levels.codes] < 0)
    if wrong.size:
        row = int(wrong[0])
        found = source.cell(levels.levels[levels.codes[row]])
        raise source.error(
            f"{found} is no part of a split; data.split.column needs train, validation or test in every row",
            row=row,
            column=levels.name,
        )
    return parts[levels.codes]
