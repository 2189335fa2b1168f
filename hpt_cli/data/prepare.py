"""From what was read to what the network trains on: numbers without gaps, on one scale, in three parts.

scikit-learn's preprocessing does the work (``SimpleImputer``, ``OneHotEncoder``, ``StandardScaler``,
``MinMaxScaler``): each is fitted on the training part alone and then applied to all three, and each already
treats constant columns, unknown levels and rounding as it should.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.images import prepare_images
from hpt_cli.data.messages import listed
from hpt_cli.data.raw import Array, Category, Raw
from hpt_cli.data.split import Split

MISSING_LEVEL = "missing"
"""What an empty cell of a categorical column counts as: a level of its own."""


@dataclass(frozen=True)
class Features:
    """Prepared features of the three parts, each (n, D) float32, made by ``(raw - mean) / std``."""

    train: Array
    validation: Array
    test: Array
    names: tuple[str, ...]
    mean: Array
    std: Array
    notes: tuple[str, ...]


def prepare_features(raw: Raw, split: Split, scale: str) -> Features:
    """Fill gaps, scale and encode the features; all that is learnt is learnt from the training part.

    Numeric columns come first, in the file's order, then one feature of 0 and 1 for each level of each
    categorical column; those are not scaled, so that an unknown level is all zeros.

    Raises:
        DataError: Too many features for the memory, or a number that overflows when it is scaled.
    """
    levels = [_train_levels(column, split) for column in raw.categories]
    width = raw.numbers.shape[1] + sum(len(names) for names in levels)
    size = 4 * len(raw.numbers) * width
    if size > limits.MAX_BYTES:
        raise raw.source.error(
            f"would take {size:,} bytes as {width:,} features; the limit is {limits.MAX_BYTES:,}"
        )
    prepare = prepare_images if raw.by_channel else _prepare_numbers
    numbers, mean, std, notes = prepare(raw, split, scale)
    encoded = _encode(raw.categories, levels, split)
    parts = [
        np.concatenate([a, b], axis=1) if b.shape[1] else a for a, b in zip(numbers, encoded, strict=True)
    ]
    one_hot = width - raw.numbers.shape[1]
    names = [f"{c.name}={level}" for c, own in zip(raw.categories, levels, strict=True) for level in own]
    if raw.categories:
        notes = [
            *notes,
            f"One feature of 0 and 1 for each level of {listed(c.name for c in raw.categories)}: "
            f"{one_hot} features.",
        ]
    return Features(
        train=np.ascontiguousarray(parts[0]),
        validation=np.ascontiguousarray(parts[1]),
        test=np.ascontiguousarray(parts[2]),
        names=(*raw.number_names, *names),
        mean=np.concatenate([mean, np.zeros(one_hot)]),
        std=np.concatenate([std, np.ones(one_hot)]),
        notes=tuple(notes),
    )


def _prepare_numbers(raw: Raw, split: Split, scale: str) -> tuple[list[Array], Array, Array, list[str]]:
    """The numeric features of each part, float32, what was taken off and divided by, and notes."""
    notes: list[str] = []
    width = raw.numbers.shape[1]
    parts = (split.train, split.validation, split.test)
    if width == 0:
        return [np.empty((len(rows), 0), dtype=np.float32) for rows in parts], np.empty(0), np.empty(0), notes
    imputer = _fit_imputer(raw, split, notes)
    train = raw.numbers[split.train].astype(np.float64)
    train = train if imputer is None else imputer.transform(train)
    scaler, mean, std = _fit_scaler(train, scale)
    _note_constants(raw, train, scale, notes)
    result = []
    for rows in parts:
        x = raw.numbers[rows].astype(np.float64)
        if len(x):
            x = x if imputer is None else imputer.transform(x)
            with np.errstate(over="ignore"):  # told below, with the column's name
                x = (x if scaler is None else scaler.transform(x)).astype(np.float32)
            overflow = np.flatnonzero(~np.isfinite(x).all(axis=0))
            if overflow.size:
                name = raw.number_names[int(overflow[0])]
                raise raw.source.error("its numbers are too far apart to be scaled; check them", column=name)
        result.append(x.astype(np.float32))
    return result, mean, std, notes


def _fit_imputer(raw: Raw, split: Split, notes: list[str]) -> Any:
    """An imputer of medians, or ``None`` if no cell is missing."""
    if raw.numbers.dtype.kind != "f":
        return None
    missing = np.isnan(raw.numbers).sum(axis=0)
    if not missing.any():
        return None
    from sklearn.impute import SimpleImputer

    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    imputer.fit(raw.numbers[split.train].astype(np.float64))
    n = len(raw.numbers)
    lacking = np.flatnonzero(missing)
    columns = listed(
        (raw.number_names[c] for c in lacking), remarks=(f"{missing[c]:,} of {n:,}" for c in lacking)
    )
    notes.append(f"Missing cells take the median of their column's training part: {columns}.")
    empty = [raw.number_names[c] for c in np.flatnonzero(np.isnan(raw.numbers[split.train]).all(axis=0))]
    if empty:
        notes.append(f"No number at all in the training part, so 0 everywhere: {listed(empty)}.")
    return imputer


def _fit_scaler(train: Array, scale: str) -> tuple[Any, Array, Array]:
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    width = train.shape[1]
    if scale == "standard":
        standard = StandardScaler().fit(train)
        return standard, standard.mean_, standard.scale_
    if scale == "minmax":
        minmax = MinMaxScaler().fit(train)
        return minmax, minmax.data_min_, 1.0 / minmax.scale_
    return None, np.zeros(width), np.ones(width)


def _note_constants(raw: Raw, train: Array, scale: str, notes: list[str]) -> None:
    spread = np.ptp(train, axis=0)
    constant = [raw.number_names[c] for c in np.flatnonzero(spread == 0)]
    if constant:
        centered = "kept, centered, undivided" if scale != "none" else "kept"
        notes.append(f"The same number in every training row ({centered}): {listed(constant)}.")
    if len(constant) == train.shape[1] and not raw.categories:
        notes.append(
            "Every feature is constant in the training part: nothing but the labels' shares can be learnt."
        )
    if scale == "none" and np.abs(train).max() > 100:
        largest = raw.number_names[int(np.abs(train).max(axis=0).argmax())]
        notes.append(
            f"Not scaled, with numbers up to {np.abs(train).max():g} ({largest}): training may diverge."
        )


def _train_levels(column: Category, split: Split) -> tuple[str, ...]:
    """The levels that the training part holds; a missing cell is one of them."""
    present = np.unique(column.codes[split.train])
    return tuple(MISSING_LEVEL if code < 0 else column.levels[code] for code in present)


def _encode(columns: tuple[Category, ...], levels: list[tuple[str, ...]], split: Split) -> list[Array]:
    """0 and 1 for each level of each column; all zeros for a level that the training part lacks."""
    parts = (split.train, split.validation, split.test)
    if not columns:
        return [np.empty((len(rows), 0), dtype=np.float32) for rows in parts]
    from sklearn.preprocessing import OneHotEncoder

    codes = np.column_stack([column.codes for column in columns])
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    encoder.fit(codes[split.train])
    width = sum(len(names) for names in levels)
    return [
        encoder.transform(codes[rows]) if len(rows) else np.empty((0, width), dtype=np.float32)
        for rows in parts
    ]
