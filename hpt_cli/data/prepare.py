"""From what was read to what the network trains on: numbers without gaps, on one scale, in three parts.

What is learnt from the training part (medians, means, deviations) is what scikit-learn's ``SimpleImputer``,
``StandardScaler`` and ``MinMaxScaler`` learn, bit for bit, without the second that it takes to load; what
came of it is a :class:`~hpt_cli.data.recipe.Recipe`, applied to all three parts and to every later row
alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.images import fit_images, scale_images
from hpt_cli.data.messages import listed
from hpt_cli.data.raw import Array, Category, Raw
from hpt_cli.data.recipe import Levels, Recipe
from hpt_cli.data.settings import DataSettings
from hpt_cli.data.split import Split


@dataclass(frozen=True)
class Labels:
    """What is known of the labels: see :class:`~hpt_cli.data.recipe.Recipe`."""

    task: str
    classes: tuple[str, ...]
    mean: float
    std: float


@dataclass(frozen=True)
class Features:
    """Prepared features of the three parts, each (n, D) float32, and how they were made."""

    train: Array
    validation: Array
    test: Array
    names: tuple[str, ...]
    recipe: Recipe
    notes: tuple[str, ...]


def prepare_features(raw: Raw, split: Split, settings: DataSettings, labels: Labels) -> Features:
    """Fill gaps, scale and encode the features; all that is learnt is learnt from the training part.

    Numbers come first, in the file's order; then an indicator of 0 and 1 for each of them with missing cells;
    then one feature of 0 and 1 for each level of each categorical column.  These are not scaled, so that an
    unknown level is all zeros.

    Raises:
        DataError: Too many features for the memory, or a number that overflows when it is scaled.
    """
    notes: list[str] = []
    indicators: tuple[int, ...] = ()
    levels = tuple(_fit_levels(column, split, settings.max_levels, notes) for column in raw.categories)
    _check_size(raw, raw.numbers.shape[1] + sum(len(own.names) for own in levels))
    if raw.by_channel:
        mean, std, said = fit_images(raw, split, settings.scale)
        notes += said
        medians = mean
    else:
        medians, indicators = _fit_gaps(raw, split, notes)
        mean, std = _fit_scale(raw, split, settings.scale, medians, notes)
    recipe = Recipe(
        task=labels.task,
        classes=labels.classes,
        target=raw.target.name,
        target_mean=labels.mean,
        target_std=labels.std,
        fields=raw.fields,
        readings=raw.readings,
        medians=medians,
        mean=mean,
        std=std,
        indicators=indicators,
        levels=levels,
        image_shape=raw.image_shape,
        header=raw.header,
        table=raw.source.names,
    )
    lacking = (f"{raw.number_names[position]} is missing" for position in recipe.indicators)
    names = (*raw.number_names, *lacking, *(name for own in levels for name in own.names))
    if raw.categories:
        one_hot = sum(len(own.names) for own in levels)
        notes.append(
            f"One feature of 0 and 1 for each level of {listed(c.name for c in raw.categories)}: "
            f"{one_hot} features."
        )
    return Features(
        train=_apply(recipe, raw, split.train),
        validation=_apply(recipe, raw, split.validation),
        test=_apply(recipe, raw, split.test),
        names=names,
        recipe=recipe,
        notes=tuple(notes),
    )


def _check_size(raw: Raw, width: int) -> None:
    size = 4 * len(raw.numbers) * width
    if size > limits.MAX_BYTES:
        raise raw.source.error(
            f"would take {size:,} bytes as {width:,} features; the limit is {limits.MAX_BYTES:,}"
        )


def _apply(recipe: Recipe, raw: Raw, rows: Array) -> Array:
    """The features of some rows."""
    if raw.by_channel:
        return scale_images(raw, rows, recipe.mean, recipe.std)
    own = [Category(c.name, c.codes[rows], c.levels) for c in raw.categories]
    x = recipe.encode(raw.numbers[rows], own)
    overflow = np.flatnonzero(~np.isfinite(x).all(axis=0))
    if overflow.size:
        name = raw.number_names[int(overflow[0])]
        raise raw.source.error("its numbers are too far apart to be scaled; check them", column=name)
    return x


def _fit_gaps(raw: Raw, split: Split, notes: list[str]) -> tuple[Array, tuple[int, ...]]:
    """The median (D,) of each number, and which of them get an indicator of missing cells."""
    width = raw.numbers.shape[1]
    missing: Array = np.zeros(width, dtype=np.int64)
    if raw.numbers.dtype.kind == "f":
        missing = np.asarray(np.isnan(raw.numbers).sum(axis=0))
    if not missing.any():
        return np.zeros(width), ()
    train = raw.numbers[split.train].astype(np.float64)
    gaps = np.isnan(train)
    empty: Array = np.asarray(gaps.all(axis=0))
    indicators = tuple(int(position) for position in np.flatnonzero(gaps.any(axis=0) & ~empty))
    n = len(raw.numbers)
    lacking = [position for position in np.flatnonzero(missing) if not empty[position]]
    if lacking:
        columns = listed(
            (raw.number_names[c] for c in lacking), remarks=(f"{missing[c]:,} of {n:,}" for c in lacking)
        )
        notes.append(
            f"Missing cells take the median of their column's training part: {columns}; one more feature of "
            "0 and 1 says where."
            if indicators
            else f"Missing cells take the median of their column's training part: {columns}."
        )
    if empty.any():
        names = listed(raw.number_names[c] for c in np.flatnonzero(empty))
        notes.append(f"No number at all in the training part, so 0 everywhere: {names}.")
    medians = np.zeros(width)
    medians[~empty] = np.nanmedian(train[:, ~empty], axis=0)
    return medians, indicators


def _fit_scale(raw: Raw, split: Split, scale: str, medians: Array, notes: list[str]) -> tuple[Array, Array]:
    """What is taken off each number, and what it is divided by then, (D,) each."""
    width = raw.numbers.shape[1]
    if width == 0:
        return np.empty(0), np.empty(0)
    train = raw.numbers[split.train].astype(np.float64)
    train = np.where(np.isnan(train), medians, train)
    _note_constants(raw, train, scale, notes)
    if scale == "standard":
        return standard_scale(train)
    if scale == "minmax":
        return minmax_scale(train)
    return np.zeros(width), np.ones(width)


def standard_scale(x: Array) -> tuple[Array, Array]:
    """Mean (D,) and standard deviation (D,) of ``x`` (N, D); 1 where all rows are equal but for rounding.

    Source:
        Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance" (1983),
        https://doi.org/10.1080/00031305.1983.10483115: the corrected two-pass variance, and its error's
        bound.
    """
    n, eps = len(x), np.finfo(np.float64).eps
    mean = x.sum(axis=0) / n
    centered = x - mean
    rounding = centered.sum(axis=0) ** 2 / n
    variance = ((centered**2).sum(axis=0) - rounding) / n
    std = np.sqrt(variance)
    std[variance <= n * eps * variance + (n * mean * eps) ** 2] = 1.0
    return mean, std


def minmax_scale(x: Array) -> tuple[Array, Array]:
    """Least (D,) and range (D,) of ``x`` (N, D); 1 where all rows are equal."""
    least = x.min(axis=0)
    spread = x.max(axis=0) - least
    spread[spread < 10 * np.finfo(np.float64).eps] = 1.0
    return least, 1.0 / (1.0 / spread)  # scikit-learn keeps the factor: a last bit may differ


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


def _fit_levels(column: Category, split: Split, most: int, notes: list[str]) -> Levels:
    """The levels that the training part holds, a missing cell among them; beyond ``most`` the commonest."""
    present, counts = np.unique(column.codes[split.train], return_counts=True)
    names: list[str | None] = [None if code < 0 else column.levels[code] for code in present]
    if len(present) <= most:
        return Levels(column.name, tuple(names), other=False)
    common = np.sort(np.argsort(-counts, kind="stable")[: most - 1])
    rare = len(present) - len(common)
    notes.append(
        f"The {rare:,} rarest levels of {column.name!r} share one feature, as it has {len(present):,} and "
        f"data.max_levels is {most:,}."
    )
    return Levels(column.name, tuple(names[position] for position in common), other=True)
