"""Which rows train, which judge a trial, and which are kept apart.

Rows are drawn as scikit-learn's ``train_test_split`` draws them, the same rows for the same seed, without
the second that it takes to load (:mod:`hpt_cli.data.drawing`).  What it refuses, classes that are too small,
goes on with a note.  Whole groups are drawn by its ``GroupShuffleSplit``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpt_cli.data.drawing import draw, draw_stratified
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import TEST, TRAIN, VALIDATION, Array, Category, Raw
from hpt_cli.data.settings import SplitSettings
from hpt_cli.seeds import SPLIT

GROUP_DRAWS = 30
"""Draws of whole groups, of which the one nearest to the wanted shares is taken."""


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, in drawn order.

    Args:
        stratified: Each part has its share of the classes, as far as that was to be had.
        notes: What deserves to be told.
    """

    train: Array
    validation: Array
    test: Array
    stratified: bool
    notes: tuple[str, ...] = ()


def split_rows(raw: Raw, y: Array | None, settings: SplitSettings, *, seed: int) -> Split:
    """Make the parts: those that rows came as, by time, by groups, or by drawing.

    Args:
        raw: What was read; ``given``, ``groups`` and ``times`` count.
        y: (N,) classes to stratify by, or ``None``.
        settings: Shares of the parts.
        seed: Taken if the settings have none, at least 0.

    Raises:
        DataError: Too few rows, or groups, for two rows to train on and one in each of the other parts.
    """
    n = len(raw.numbers)
    given = np.full(n, -1) if raw.given is None else raw.given
    root = np.random.SeedSequence([seed if settings.seed is None else settings.seed, SPLIT])
    seeds = [int(word) for word in root.generate_state(2)]
    strata = y if settings.stratify else None
    if raw.times is not None:
        return _by_time(raw.times, settings, raw.source)
    rest, test = np.flatnonzero(given < 0), np.flatnonzero(given == TEST)
    fixed = {part: np.flatnonzero(given == part) for part in (TRAIN, VALIDATION)}
    if settings.column is not None:  # every row has its part; a part that no row has is drawn from training
        rest, fixed[TRAIN] = fixed[TRAIN], rest
    notes: list[str] = []
    share, test_share = settings.shares
    if settings.column is not None and not test.size:
        test_share = 0.0
    n_test = 0 if test.size or not test_share else max(1, round(n * test_share))
    n_validation = 0 if fixed[VALIDATION].size else max(1, round((n - test.size) * (share or 0.2)))
    _check_sizes(n, len(rest), n_validation, n_test, fixed[VALIDATION].size, test.size, raw.source)
    first = second = True
    if n_test:
        rest, test, first = _take(rest, n_test, strata, seeds[0], raw, "test")
    train, validation = rest, fixed[VALIDATION]
    if n_validation:
        train, validation, second = _take(rest, n_validation, strata, seeds[1], raw, "validation")
        if settings.column is not None:
            notes.append("The split's column has no validation rows: they are drawn from the training rows.")
    stratified = strata is not None and first and second
    return Split(train, validation, test, stratified, tuple(notes))


def duplicates(raw: Raw, split: Split) -> str:
    """A sentence on rows of the other parts that a training row is equal to, or nothing."""
    columns = [c.codes if isinstance(c, Category) else c.values for c in (*raw.categories, raw.target)]
    labels = np.ascontiguousarray(np.column_stack(columns), dtype=np.float64)
    numbers = np.ascontiguousarray(raw.numbers)
    # 64 bits a row instead of the row: two different rows of a million agree by chance once in 10^7 files
    keys = [hash(a.tobytes() + b.tobytes()) for a, b in zip(numbers, labels, strict=True)]
    known = {keys[row] for row in split.train}
    found = {
        part: sum(keys[row] in known for row in rows)
        for part, rows in (("validation", split.validation), ("test", split.test))
    }
    said = " and ".join(f"{count:,} {part}" for part, count in found.items() if count)
    if not said:
        return ""
    return (
        f"Rows that equal a training row in every column: {said}. If they are copies, scores are too good; "
        "remove them, or keep them together with data.split.group."
    )


def _check_sizes(
    n: int, drawn_from: int, n_validation: int, n_test: int, validation: int, test: int, source: Source
) -> None:
    left = drawn_from - n_validation - n_test
    if left < 2:
        raise source.error(
            f"{n} rows are too few to split: {n_validation + validation} for validation and {n_test + test} "
            f"for test leave {max(0, left)} to train on; at least 2 are needed"
        )


def _by_time(times: Array, settings: SplitSettings, source: Source) -> Split:
    """The latest rows for test, those before them for validation; rows of one moment stay together."""
    n = len(times)
    order = np.argsort(times, kind="stable")
    share, test_share = settings.shares
    n_test = max(1, round(n * test_share)) if test_share else 0
    n_validation = max(1, round(n * share))
    ordered = times[order]
    first_test = _edge(ordered, n - n_test) if n_test else n
    first_validation = _edge(ordered, max(0, min(n - n_test - n_validation, first_test - 1)))
    train, validation, test = np.split(order, [first_validation, first_test])
    if len(train) < 2 or not len(validation):
        raise source.error(
            f"{n:,} rows of {len(np.unique(times)):,} different times are too few to split: {len(train)} to "
            f"train on, {len(validation)} for validation and {len(test)} for test"
        )
    said = "The latest rows are the test part, those before them the validation part"
    return Split(
        train,
        validation,
        test,
        stratified=True,
        notes=(f"{said if n_test else 'The latest rows are the validation part'}.",),
    )


def _edge(ordered: Array, position: int) -> int:
    """The first place, not after ``position`` unless that is the start, where the time changes."""
    first = int(np.searchsorted(ordered, ordered[position], side="left"))
    return first or int(np.searchsorted(ordered, ordered[position], side="right"))


def _take(
    rows: Array, size: int, y: Array | None, seed: int, raw: Raw, part: str
) -> tuple[Array, Array, bool]:
    """``rows`` without about ``size`` drawn ones, the drawn ones, and whether the draw was stratified."""
    if raw.groups is not None:
        return _take_groups(rows, size, y, seed, raw.groups, raw.source, part)
    strata = None if y is None else _strata(y[rows])
    if strata is not None and min(size, len(rows) - size) < len(np.unique(strata)):
        strata = None  # fewer places than classes
    kept, taken = draw(len(rows), size, seed) if strata is None else draw_stratified(strata, size, seed)
    return rows[kept], rows[taken], strata is not None


def _take_groups(
    rows: Array, size: int, y: Array | None, seed: int, groups: Array, source: Source, part: str
) -> tuple[Array, Array, bool]:
    """The same for whole groups: of several draws the one nearest to the size and the classes' shares."""
    from sklearn.model_selection import GroupShuffleSplit

    own = groups[rows]
    n_groups = len(np.unique(own))
    if n_groups < 2:
        raise source.error(
            f"too few groups (data.split.group): {n_groups} left when the {part} part is drawn, "
            "and every part needs one of its own"
        )
    share = size / len(rows)
    places = min(max(1, round(share * n_groups)), n_groups - 1)
    draws = GroupShuffleSplit(n_splits=GROUP_DRAWS, test_size=places, random_state=seed)
    best: tuple[float, Array, Array] | None = None
    for kept, taken in draws.split(rows, groups=own):
        cost = abs(len(taken) - size) / len(rows)
        if y is not None:
            k = int(y.max()) + 1
            wanted, shares = (np.bincount(y[some], minlength=k) / len(some) for some in (rows, rows[taken]))
            cost += float(np.abs(wanted - shares).sum()) / 2
        if best is None or cost < best[0] - 1e-12:
            best = (cost, kept, taken)
    if best is None:
        raise ValueError("no draw was made")
    return rows[best[1]], rows[best[2]], True


def _strata(y: Array) -> Array:
    """The classes, those of a single row counted with the largest: one row cannot be shared out."""
    classes, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    single = counts[inverse] < 2
    return np.where(single, classes[np.argmax(counts)], y)
