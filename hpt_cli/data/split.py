"""Which rows train, which judge a trial, and which are kept apart.

scikit-learn's ``train_test_split`` draws the parts, because its stratification shares out the remainders of
small classes correctly; what is ours is to go on, with a note, where it refuses classes that are too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array
from hpt_cli.data.settings import SplitSettings
from hpt_cli.seeds import SPLIT


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, in drawn order; ``stratified``: each has its share of the classes."""

    train: Array
    validation: Array
    test: Array
    stratified: bool


def split_rows(
    n: int, y: Array | None, settings: SplitSettings, *, seed: int, source: Source, given_test: int = 0
) -> Split:
    """Draw the parts.

    Args:
        n: Number of rows.
        y: (N,) classes to stratify by, or ``None``.
        settings: Shares of the parts.
        seed: Taken if the settings have none, at least 0.
        source: For messages.
        given_test: So many of the last rows are the test part; the share of validation is then one of the
            others.

    Raises:
        DataError: Too few rows for two to train on and one in each of the other parts.
    """
    drawn = max(1, round(n * settings.test)) if settings.test else 0
    n_test = given_test or drawn
    n_validation = max(1, round((n - given_test) * settings.validation))
    if n - n_test - n_validation < 2:
        raise source.error(
            f"{n} rows are too few to split: {n_validation} for validation and {n_test} for test "
            f"leave {max(0, n - n_test - n_validation)} to train on; at least 2 are needed"
        )
    root = np.random.SeedSequence([seed if settings.seed is None else settings.seed, SPLIT])
    seeds = [int(word) for word in root.generate_state(2)]
    rows = np.arange(n)
    strata = y if settings.stratify else None
    if given_test or not n_test:
        rest, test, first = rows[: n - n_test], rows[n - n_test :], True
    else:
        rest, test, first = _take(rows, n_test, strata, seeds[0])
    train, validation, second = _take(rest, n_validation, strata, seeds[1])
    return Split(train, validation, test, stratified=strata is not None and first and second)


def _take(rows: Array, size: int, y: Array | None, seed: int) -> tuple[Array, Array, bool]:
    """``rows`` without ``size`` drawn ones, the drawn ones, and whether the draw was stratified."""
    from sklearn.model_selection import train_test_split

    strata = None if y is None else _strata(y[rows])
    if strata is not None and min(size, len(rows) - size) < len(np.unique(strata)):
        strata = None  # fewer places than classes
    kept, taken = train_test_split(rows, test_size=size, random_state=seed, stratify=strata)
    return kept, taken, strata is not None


def _strata(y: Array) -> Array:
    """The classes, those of a single row counted with the largest: one row cannot be shared out."""
    classes, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    single = counts[inverse] < 2
    return np.where(single, classes[np.argmax(counts)], y)
