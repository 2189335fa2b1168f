"""The fitted preprocessing: what was learnt from the training part, to be done alike with every later row.

It is plain JSON, kept beside the best model's weights (``docs/data.md`` shows it used without this package).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hpt_cli.data.columns import Reading
from hpt_cli.data.raw import Array, Category, Field, Numbers

BLOCK = 65_536
"""Rows that are worked on at once, so that no copy in float64 is as large as the data."""
MISSING_LEVEL = "missing"
"""What an empty cell of a categorical column counts as: a level of its own."""
OTHER_LEVEL = "other"
"""What the rare levels of a column with too many share."""


@dataclass(frozen=True)
class Levels:
    """How a categorical column becomes features of 0 and 1.

    Args:
        column: Its name.
        levels: The texts with a feature of their own, in the features' order; ``None`` is the missing cell.
        other: Whether one more feature stands for all other texts; without it they are all zeros.
    """

    column: str
    levels: tuple[str | None, ...]
    other: bool

    @property
    def names(self) -> tuple[str, ...]:
        """What its features are called."""
        own = [f"{self.column}={MISSING_LEVEL if level is None else level}" for level in self.levels]
        return (*own, f"{self.column}={OTHER_LEVEL}") if self.other else tuple(own)

    def encode(self, column: Category) -> Array:
        """The features (N, levels) float32 of a column's cells."""
        place = {level: position for position, level in enumerate(self.levels)}
        elsewhere = len(self.levels) if self.other else -1
        places = [place.get(level, elsewhere) for level in column.levels]
        places.append(place.get(None, elsewhere))  # of code -1
        own = np.array(places)[column.codes]
        encoded = np.zeros((len(own), len(self.names)), dtype=np.float32)
        rows = np.flatnonzero(own >= 0)
        encoded[rows, own[rows]] = 1.0
        return encoded


@dataclass(frozen=True)
class Recipe:
    """From cells to what the network reads, and from what it says to labels.

    The features are, in this order: ``(number - mean) / std`` of every number, where a missing one takes the
    median first; 1 for each number of ``indicators`` that is missing, else 0; the levels.

    Args:
        task: ``classification`` or ``regression``.
        classes: What the labels 0..C-1 are called in the data; empty for regression.
        target: The label's column.
        target_mean: Regression: target = output * target_std + target_mean.
        target_std: See above.
        fields: What each number is made from; empty where the data was no table.
        readings: How each column's cells are read, the label's among them.
        medians: (D,) of the numbers.
        mean: (D,) of the numbers.
        std: (D,) of the numbers.
        indicators: Positions among the numbers.
        levels: One for each categorical column.
        image_shape: Height, width and channels that the numbers are; ``None`` if they are no image.
        header: Whether the table's columns had names of their own.
        table: All columns of the table, used or not.
    """

    task: str
    classes: tuple[str, ...]
    target: str
    target_mean: float
    target_std: float
    fields: tuple[Field, ...]
    readings: tuple[Reading, ...]
    medians: Array
    mean: Array
    std: Array
    indicators: tuple[int, ...]
    levels: tuple[Levels, ...]
    image_shape: tuple[int, int, int] | None = None
    header: bool = True
    table: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that features are made from, in the file's order."""
        return tuple(reading.name for reading in self.readings if reading.name != self.target)

    @property
    def width(self) -> int:
        """How many features there are."""
        return len(self.mean) + len(self.indicators) + sum(len(own.names) for own in self.levels)

    def numbers(self, columns: Mapping[str, Numbers | Category]) -> Array:
        """The numbers (N, D) of a table's columns, as read; NaN is missing."""
        own = []
        for field in self.fields:
            column = columns[field.column]
            if isinstance(column, Category):
                raise ValueError(f"{field.column} holds levels, not numbers")
            own.append(field.of(column.values))
        return np.column_stack(own) if own else np.empty((_rows(columns.values()), 0))

    def encode(self, numbers: Array, categories: Sequence[Category]) -> Array:
        """What the network reads: (N, width) float32.

        Numbers that overflow on the way become infinite: the caller says what that means.
        """
        n, d = numbers.shape
        x = np.empty((n, self.width), dtype=np.float32)
        chosen = list(self.indicators)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            block = numbers[rows].astype(np.float64)
            missing = np.isnan(block)
            with np.errstate(over="ignore"):
                x[rows, :d] = (np.where(missing, self.medians, block) - self.mean) / self.std
            x[rows, d : d + len(chosen)] = missing[:, chosen]
        place = d + len(chosen)
        for own, column in zip(self.levels, categories, strict=True):
            x[:, place : place + len(own.names)] = own.encode(column)
            place += len(own.names)
        return x

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "task": self.task,
            "classes": list(self.classes),
            "target": self.target,
            "target_mean": self.target_mean,
            "target_std": self.target_std,
            "columns": [reading.to_json() for reading in self.readings],
            "numbers": [{"column": field.column, "part": field.part} for field in self.fields],
            "medians": self.medians.tolist(),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "indicators": list(self.indicators),
            "levels": [
                {"column": own.column, "levels": list(own.levels), "other": own.other} for own in self.levels
            ],
            "image_shape": self.image_shape and list(self.image_shape),
            "header": self.header,
            "table": list(self.table),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        shape = data["image_shape"]
        return cls(
            task=str(data["task"]),
            classes=tuple(map(str, data["classes"])),
            target=str(data["target"]),
            target_mean=float(data["target_mean"]),
            target_std=float(data["target_std"]),
            fields=tuple(Field(**field) for field in data["numbers"]),
            readings=tuple(Reading.from_json(reading) for reading in data["columns"]),
            medians=np.array(data["medians"], dtype=np.float64),
            mean=np.array(data["mean"], dtype=np.float64),
            std=np.array(data["std"], dtype=np.float64),
            indicators=tuple(map(int, data["indicators"])),
            levels=tuple(
                Levels(str(own["column"]), tuple(own["levels"]), bool(own["other"])) for own in data["levels"]
            ),
            image_shape=None if shape is None else (int(shape[0]), int(shape[1]), int(shape[2])),
            header=bool(data["header"]),
            table=tuple(map(str, data["table"])),
        )


def _rows(columns: Iterable[Numbers | Category]) -> int:
    return max((len(c.codes if isinstance(c, Category) else c.values) for c in columns), default=0)
