"""What a reader hands on: features and labels as they were read, before any row is set apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpt_cli.data.messages import Source

Array = NDArray[Any]


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
        n_test: So many of the last rows came as the test part.
    """

    source: Source
    numbers: Array
    number_names: tuple[str, ...]
    categories: tuple[Category, ...]
    target: Numbers | Category
    notes: tuple[str, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    by_channel: bool = False
    n_test: int = 0

    def hash(self) -> str:
        """SHA-256 over values, names and target: the same for the same data in another file."""
        digest = hashlib.sha256()

        def add(name: str, values: Array, levels: tuple[str, ...] = ()) -> None:
            digest.update(repr((name, values.shape, levels)).encode())
            for start in range(0, len(values), 4096):  # in blocks: float64 copies stay small
                digest.update(np.ascontiguousarray(values[start : start + 4096], dtype="<f8").tobytes())

        add(repr(self.number_names), self.numbers)
        for column in (*self.categories, self.target):
            if isinstance(column, Category):
                add(column.name, column.codes, column.levels)
            else:
                add(column.name, column.values)
        return digest.hexdigest()
