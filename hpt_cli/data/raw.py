"""What a reader hands on: features and labels as they were read, before any row is set apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpt_cli.data.messages import Source

if TYPE_CHECKING:
    from hpt_cli.data.columns import Reading

Array = NDArray[Any]
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Args:
        name: As in the file.
        values: (N,) float64; NaN where the cell is missing.
    """

    name: str
    values: Array


@dataclass(frozen=True)
class Category:
    """A column of texts.

    Args:
        name: As in the file.
        codes: (N,) int64, positions in ``levels``; -1 where the cell is missing.
        levels: The distinct texts, sorted.
    """

    name: str
    codes: Array
    levels: tuple[str, ...]


def known(column: Numbers | Category) -> Array:
    """Where a column has a value, (N,) bool."""
    return column.codes >= 0 if isinstance(column, Category) else ~np.isnan(column.values)


def _only(column: Numbers | Category, rows: Array) -> Numbers | Category:
    if isinstance(column, Category):
        return Category(column.name, column.codes[rows], column.levels)
    return Numbers(column.name, column.values[rows])


@dataclass(frozen=True)
class Field:
    """One number feature of a table.

    Args:
        column: The column that it is made from.
        part: Of a date: ``days`` (since 1970), ``month``, ``weekday`` (Monday is 0) or ``hour``; else empty.
    """

    column: str
    part: str = ""

    @property
    def name(self) -> str:
        """What the feature is called."""
        return f"{self.column} ({self.part})" if self.part else self.column

    def of(self, values: Array) -> Array:
        """The feature (N,) of the column's values: numbers, or days since 1970."""
        if self.part in ("", "days"):
            return values
        if self.part == "weekday":
            return (np.floor(values) + 3) % 7  # 1970 began on a Thursday
        if self.part == "hour":
            return np.floor(np.round(values % 1 * 86400) / 3600) % 24
        known = ~np.isnan(values)
        months = np.full(len(values), np.nan)
        days = np.floor(values[known]).astype(np.int64).astype("M8[D]")
        months[known] = days.astype("M8[M]").astype(np.int64) % 12 + 1
        return months


@dataclass(frozen=True)
class Raw:
    """A data set as read.

    Args:
        source: For messages.
        numbers: (N, D) numeric features of any real type; NaN is missing, everything else is finite.
        number_names: D names.
        categories: The other features.
        target: The labels.
        notes: What deserves to be told about the reading.
        image_shape: Height, width and channels that a row's numbers are, in this order; ``None`` if they are
            no image.
        by_channel: All pixels of a channel share their scale; otherwise every number has its own.
        fields: How each number feature comes from a column of a table; empty where the data is no table.
        readings: How the cells of a table's columns are read, the label's last.
        header: Whether a table's columns have names of their own.
        given: (N,) the part that a row came as, :data:`TRAIN`, :data:`VALIDATION` or :data:`TEST`; -1 where
            it is to be drawn, ``None`` for all.
        groups: (N,) codes; rows of one code stay in one part. ``None`` where there are none.
        times: (N,) days; the split goes by them. ``None`` where it does not.
    """

    source: Source
    numbers: Array
    number_names: tuple[str, ...]
    categories: tuple[Category, ...]
    target: Numbers | Category
    notes: tuple[str, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    by_channel: bool = False
    fields: tuple[Field, ...] = ()
    readings: tuple[Reading, ...] = ()
    header: bool = True
    given: Array | None = None
    groups: Array | None = None
    times: Array | None = None

    def only(self, rows: Array) -> Raw:
        """The rows where ``rows`` (N,) is true, as if there had been no others.

        Raises:
            DataError: There is none.
        """
        if not rows.any():
            raise self.source.error("has no row with a label", column=self.target.name)
        source = self.source
        if source.lines is not None:
            source = replace(source, lines=[source.lines[int(row)] for row in np.flatnonzero(rows)])
        return replace(
            self,
            source=source,
            numbers=self.numbers[rows],
            categories=tuple(Category(c.name, c.codes[rows], c.levels) for c in self.categories),
            target=_only(self.target, rows),
            given=None if self.given is None else self.given[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
        )

    def hash(self) -> str:
        """SHA-256 over values, names and target: the same for the same data in another file."""
        digest = hashlib.sha256()

        def add(name: str, values: Array, levels: tuple[str, ...] = ()) -> None:
            digest.update(repr((name, values.shape, levels)).encode())
            for start in range(0, len(values), 4096):  # in blocks: float64 copies stay small
                digest.update(np.ascontiguousarray(values[start : start + 4096], dtype="<f8").tobytes())

        add(repr(self.number_names), self.numbers)
        if self.numbers.dtype.kind == "f" and not self.by_channel and bool(np.isnan(self.numbers).any()):
            digest.update(b"indicators")  # features that an earlier version did not make of the same data
        for column in (*self.categories, self.target):
            if isinstance(column, Category):
                add(column.name, column.codes, column.levels)
            else:
                add(column.name, column.values)
        return digest.hexdigest()
