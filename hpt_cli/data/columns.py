"""What a column holds: numbers, dates or texts, decided by all its cells and never by what a parser accepts.

pandas splits a text into cells at C speed and turns columns of plain numbers into arrays; every column in
which it met anything else arrives here as texts and is judged by our own rules, because ``float()`` takes
``nan``, ``1_000``, full-width digits and ``1e999`` for numbers, and a guess would be silent.

Judging is done once, on the data of a study (:func:`judge`); what came of it, a :class:`Reading`, is kept
with the model and applied to every later table (:func:`read`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array, Category, Numbers
from hpt_cli.data.written import (
    PLAIN,
    DateWriting,
    Writing,
    days_of,
    find_dates,
    find_most_dates,
    find_writing,
    parse,
    split_unit,
)
from hpt_cli.errors import CellsError

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL"})
"""Cells that say that nothing is known, after blanks around them are taken off."""
MAYBE_MISSING = frozenset(
    {"-", "--", ".", "none", "None", "NONE", "n.a.", "#N/A", "unknown", "missing", "NULL"}
)
"""Cells that may say so: named in a message, never taken for it."""
SPOILED_NUMBER = re.compile(
    r"[+-]?(inf(inity)?|(?=.*\d)[\d.,_'\s]++([eE][+-]?\d++)?|0[xob][0-9a-f]++)", re.IGNORECASE
)
"""Texts that may be meant as a number: ``inf``, ``1_000``, ``1,5`` among ``2.5``, full-width digits."""
MANY = 20
"""Distinct numbers from which a column counts as measured rather than coded."""
_ENOUGH = 5  # numbers that make a column one of numbers, whichever decimal separator they have
BOOLEANS = {"true": 1.0, "false": 0.0}
Kind = Literal["number", "boolean", "date", "category"]


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read.

    Args:
        name: The column's.
        kind: What its cells are.
        writing: Of numbers.
        dates: Of dates; ``None`` for other kinds.
        missing: Cells that say that nothing is known, beside :data:`MISSING`.
        unclear: The commas of its numbers could be thousands or decimals, and were taken for thousands.
    """

    name: str
    kind: Kind
    writing: Writing = PLAIN
    dates: DateWriting | None = None
    missing: tuple[str, ...] = ()
    unclear: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, for the model's folder."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reading:
        """The inverse of :meth:`to_json`."""
        dates = None if data["dates"] is None else DateWriting(**data["dates"])
        own = {"writing": Writing(**data["writing"]), "dates": dates, "missing": tuple(data["missing"])}
        return cls(**{**data, **own})


def judge(
    series: pd.Series[Any],
    name: str,
    source: Source,
    *,
    decimal: str | None = None,
    missing: Sequence[str] = (),
    label: bool = False,
) -> Reading:
    """Decide what a column holds.

    It holds numbers, or dates, if every cell that is not missing is one.  A column of mostly numbers, and
    many different ones, is a column of numbers with a mistake in it: an error that names the cell.

    Args:
        series: The cells; those of a text file that are no plain numbers as texts.
        name: The column's.
        source: For messages.
        decimal: The decimal separator, where it is known.
        missing: Cells that say that nothing is known, beside :data:`MISSING`.
        label: The column is the label: true and false, and dates, stay texts.

    Raises:
        DataError: With row and column, for such a cell; for values that are neither numbers, dates nor texts.
    """
    kept = tuple(missing)
    kind = series.dtype.kind
    if kind == "b" and not label:
        return Reading(name, "boolean", missing=kept)
    if kind in "iuf":
        return Reading(name, "number", missing=kept)
    if (kind == "M" or _holds(series) in ("date", "datetime", "datetime64")) and not label:
        return Reading(name, "date", dates=DateWriting(""), missing=kept)
    codes, levels = _levels(series, name, source)
    gone = MISSING | set(missing)
    known = [level for level in levels if level not in gone]
    if not known:
        return Reading(name, "number", missing=kept)
    if not label and all(level.casefold() in BOOLEANS for level in known):
        return Reading(name, "boolean", missing=kept)
    writing, unclear = find_writing(known, decimal)
    if writing:
        return Reading(name, "number", writing, missing=kept, unclear=unclear)
    if not label and (dates := find_dates(known)):
        return Reading(name, "date", dates=dates, missing=kept)
    _refuse_spoiled(codes, levels, gone, decimal, name, source)
    if not label:
        _refuse_other_dates(codes, levels, gone, name, source)
    return Reading(name, "category", missing=kept)


def read(series: pd.Series[Any], reading: Reading, source: Source) -> Numbers | Category:
    """The cells of a column, read as it was judged; dates as days since 1970.

    Raises:
        DataError: With row and column, for a cell that is not of the column's kind, and for infinite or too
            large numbers.
    """
    name, kind = reading.name, series.dtype.kind
    if reading.kind == "category":
        return _read_category(series, reading, source)
    if reading.kind != "date" and kind in "biuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        if reading.missing and kind != "b":
            values = np.where(np.isin(values, _numbers_of(reading.missing)), np.nan, values)
        check_finite(values, name, source)
        return Numbers(name, values)
    if reading.kind == "date" and (kind == "M" or _holds(series) in ("date", "datetime", "datetime64")):
        import pandas as pd

        return Numbers(name, days_of(pd.to_datetime(series, utc=True)))
    codes, levels = _levels(series, name, source)
    gone = MISSING | set(reading.missing)
    table = _table(levels, gone, reading)
    values = table[codes]
    wrong = np.isnan(table) & np.array([level not in gone for level in levels], dtype=bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong[codes])[0])
        expected = {"number": "a number", "boolean": "true or false", "date": "a date"}[reading.kind]
        words = f" ({reading.dates.expected})" if reading.dates and reading.dates.expected else ""
        raise source.error(
            f"{source.cell(levels[codes[row]])} is not {expected}{words}, as this column's cells are; "
            "correct it, or leave it empty if unknown",
            row=row,
            column=name,
        )
    check_finite(values, name, source)
    return Numbers(name, values)


def check_finite(values: Array, name: str, source: Source) -> None:
    """Refuse infinite numbers and those that float32 cannot hold; NaN is a missing cell and passes."""
    wrong = np.flatnonzero(np.abs(values) > limits.LARGEST)
    if wrong.size:
        row = int(wrong[0])
        raise source.error(
            f"the number is infinite or above {limits.LARGEST:g} in size; correct it, "
            "or leave the cell empty",
            row=row,
            column=name,
        )


def number_text(value: float) -> str:
    """A number as a person writes it: ``3`` for 3.0."""
    return str(int(value)) if value == round(value) and abs(value) < 1e15 else repr(float(value))


def _read_category(series: pd.Series[Any], reading: Reading, source: Source) -> Category:
    codes, levels = _levels(series, reading.name, source)
    gone = MISSING | set(reading.missing)
    kept = sorted(level for level in levels if level not in gone)
    position = {level: code for code, level in enumerate(kept)}
    recode = np.array([position.get(level, -1) for level in levels], dtype=np.int64)
    return Category(reading.name, recode[codes], tuple(kept))


def _table(levels: Sequence[str], gone: Iterable[str], reading: Reading) -> Array:
    """The number of each level; NaN where it is missing or cannot be read."""
    value: Callable[[str], float | None] = reading.writing.value
    if reading.kind == "boolean":
        value = _boolean
    if reading.kind == "date":
        days = (reading.dates or DateWriting("")).days(levels, any_clock=True)
        return np.where([level in gone for level in levels], np.nan, days)
    numbers = (None if level in gone else value(level) for level in levels)
    return np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)


def _boolean(text: str) -> float | None:
    number = BOOLEANS.get(text.casefold())
    return {"0": 0.0, "1": 1.0}.get(text) if number is None else number


def _numbers_of(texts: Iterable[str]) -> Array:
    found = (parse(text, ".") for text in texts)
    return np.array([number for number in found if number is not None])


def _holds(series: pd.Series[Any]) -> str:
    from pandas.api.types import infer_dtype

    return str(infer_dtype(series, skipna=True))


def _levels(series: pd.Series[Any], name: str, source: Source) -> tuple[Array, list[str]]:
    """The distinct cells as stripped texts, in order of their first row, and each row's; missing is empty."""
    import pandas as pd

    codes, found = pd.factorize(_texts(series, name, source))
    return codes, [str(level) for level in found]


def _texts(series: pd.Series[Any], name: str, source: Source) -> pd.Series[Any]:
    """The cells as stripped texts; a missing one is empty."""
    if series.dtype.kind in "iuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        unique, inverse = np.unique(values, return_inverse=True)
        names = np.array(["" if np.isnan(value) else number_text(value) for value in unique], dtype=object)
        import pandas as pd

        return pd.Series(names[inverse], index=series.index, dtype=object)
    held = _holds(series)
    if held not in (
        "string",
        "boolean",
        "integer",
        "floating",
        "mixed-integer-float",
        "mixed-integer",
        "mixed",
        "categorical",
        "empty",
        "decimal",
        "date",
        "datetime",
        "datetime64",
    ) or (held.startswith("mixed") and not series.dropna().map(_is_plain).all()):
        raise source.error(
            f"holds {held} values; expected numbers, dates or texts: convert or remove the column",
            column=name,
        )
    texts = series.astype(object)
    stripped: pd.Series[Any] = texts.where(texts.notna(), "").astype(str).str.strip()
    return stripped


def _is_plain(cell: object) -> bool:
    return isinstance(cell, (str, bool, int, float, np.generic))


def _refuse_spoiled(
    codes: Array,
    levels: list[str],
    gone: Iterable[str],
    decimal: str | None,
    name: str,
    source: Source,
) -> None:
    """Raise for the first cell that is not a number in a column that is one of numbers otherwise."""

    def refuse(which: Array, why: str) -> None:
        _refuse(which, why, codes, levels, name, source)

    counts = np.bincount(codes, minlength=len(levels))
    is_missing = np.array([level in gone for level in levels], dtype=bool)
    split = [split_unit(level) for level in levels]
    money = [unit == "%" or not unit.isalpha() or unit.isupper() for _, unit in split]
    bare = [text if plain else level for (text, _), plain, level in zip(split, money, levels, strict=True)]
    masks = [
        np.array([parse(text, way) is not None for text in bare], dtype=bool) & ~is_missing
        for way in ((decimal,) if decimal else (".", ","))
    ]
    is_number = max(masks, key=lambda mask: int(counts[mask].sum()))
    others = ~(is_missing | is_number)
    if not others.any():  # numbers all, but of several currencies, or some with a percent sign
        units = {unit for _, unit in split}
        first = split[int(np.flatnonzero(is_number)[0])][1]
        differs = np.array([unit != first for _, unit in split], dtype=bool) & is_number
        found = ", ".join(sorted(unit or "none" for unit in units))
        refuse(differs, f"has another unit than cells above it (units of this column: {found}); use one")
    either = np.any(masks, axis=0)
    if (either | is_missing).all() and either.sum() >= _ENOUGH:
        refuse(others, "has another decimal separator than most cells of this column; write all alike")
    numbers = int(counts[is_number].sum())
    if numbers <= counts[others].sum():
        return
    spoiled = others & np.array([SPOILED_NUMBER.fullmatch(level) is not None for level in levels], dtype=bool)
    if spoiled.any():
        refuse(
            spoiled,
            "is not a number that can be used; write plain digits such as 1000 or 1e3, or leave it empty",
        )
    if is_number.sum() > min(MANY, numbers / 2):
        refuse(
            others,
            "is not a number, as most cells of this column are; correct it, or leave it empty if unknown",
        )


def _refuse_other_dates(
    codes: Array, levels: list[str], gone: Iterable[str], name: str, source: Source
) -> None:
    """Raise for the first cell that is no date in a column that is one of dates otherwise."""
    known = np.array([level not in gone for level in levels], dtype=bool)
    found = find_most_dates([level for level in levels if level not in gone])
    if found is None:
        return
    others = known.copy()
    others[known] = np.isnan(found.days(level for level in levels if level not in gone))
    why = f"is not a date ({found.expected}), as most cells of this column are; correct it, or leave it empty"
    _refuse(others, why, codes, levels, name, source)


def _refuse(which: Array, why: str, codes: Array, levels: Sequence[str], name: str, source: Source) -> None:
    """Raise for the first row whose level is among ``which``, (levels,) bool."""
    rows = np.flatnonzero(which[codes])
    cell = levels[codes[rows[0]]]
    hint = f"; if it means that nothing is known, write data.na_values: [{cell}]"
    error = source.error(
        f"{source.cell(cell)} {why}{hint if cell in MAYBE_MISSING and source.quotes else ''}",
        row=int(rows[0]),
        column=name,
    )
    raise CellsError(str(error), len(rows))
