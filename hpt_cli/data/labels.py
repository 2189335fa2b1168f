"""Labels: which task they set, and their mapping to 0..k-1.

How the task is inferred, where the config does not say it:

- texts and booleans are classes;
- whole numbers are classes if at most 20 are distinct (with three rows or more for each on average), or at
  most 100 with no fewer than 20 rows for the rarest: ages have rare values, coded classes do not;
- two distinct numbers are classes, whatever they are (-1.0 and 1.0);
- all other numbers are measured: regression.
"""

from __future__ import annotations

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.columns import number_text
from hpt_cli.data.messages import Source, listed
from hpt_cli.data.raw import Array, Category, Numbers
from hpt_cli.data.written import NUMBER

FEW = 20
"""Distinct whole numbers up to which they are taken for classes."""
SOME = 100
"""Distinct whole numbers up to which they are taken for classes if none is rare."""
NOT_RARE = 20
"""Rows of the rarest value, for that."""


def infer_task(target: Numbers | Category) -> tuple[str, str]:
    """The task, and the reason in words that end a sentence."""
    if isinstance(target, Category):
        return "classification", f"{len(target.levels):,} different labels"
    values, counts = np.unique(target.values, return_counts=True)
    k, n = len(values), int(counts.sum())
    whole = bool(np.all(values == np.round(values)))
    kind = "whole numbers" if whole else "numbers"
    few = whole and k <= FEW and n >= 3 * k
    some = whole and k <= SOME and int(counts.min()) >= NOT_RARE
    task = "classification" if k <= 2 or few or some else "regression"
    return task, f"{k:,} different {kind} in {n:,} rows"


def check_labels(target: Numbers | Category, source: Source) -> None:
    """Refuse missing labels.

    Raises:
        DataError: With the first row that has none.
    """
    missing = target.codes < 0 if isinstance(target, Category) else np.isnan(target.values)
    rows = np.flatnonzero(missing)
    if rows.size:
        more = f" (so are {rows.size - 1:,} more)" if rows.size > 1 else ""
        raise source.error(
            f"the label is missing{more}; fill it in, or leave such rows out with data.unlabeled: drop",
            row=int(rows[0]),
            column=target.name,
        )


def encode_classes(target: Numbers | Category, source: Source) -> tuple[Array, tuple[str, ...]]:
    """Class of each row, (N,) int64 in 0..k-1, and the k names, sorted: numbers by value, texts by letters.

    Raises:
        DataError: One class, or so many that most have a single row.
    """
    if isinstance(target, Category):
        codes, names = target.codes, target.levels
        present = np.unique(codes)
        if len(present) < len(names):  # a level that no row has is no class
            names = tuple(names[code] for code in present)
            codes = np.searchsorted(present, codes)
        y = codes.astype(np.int64)
    else:
        values, inverse = np.unique(target.values, return_inverse=True)
        y = inverse.astype(np.int64)
        names = tuple(number_text(value) for value in values)
    n, k = len(y), len(names)
    if k == 1:
        raise source.error(
            f"all {n:,} rows have the same label; there is nothing to learn", column=target.name
        )
    if k > limits.MAX_CLASSES:
        raise source.error(
            f"{k:,} different labels; at most {limits.MAX_CLASSES:,} can be classes "
            "(for measured numbers set data.task to regression)",
            column=target.name,
        )
    if n < 2 * k:
        raise source.error(
            f"{k:,} different labels in {n:,} rows: less than 2 rows a class; is this the label's column? "
            "For measured numbers set data.task to regression",
            column=target.name,
        )
    return y, names


def check_regression(target: Numbers | Category, source: Source) -> Array:
    """The target of a regression, (N,) float64.

    Raises:
        DataError: Texts, or one value in all rows.
    """
    if isinstance(target, Category):
        texts = [code for code, level in enumerate(target.levels) if NUMBER.fullmatch(level) is None]
        row = int(np.flatnonzero(np.isin(target.codes, texts))[0])
        found = source.cell(target.levels[target.codes[row]])
        raise source.error(
            f"{found} is not a number, and regression needs numbers", row=row, column=target.name
        )
    if np.ptp(target.values) == 0:
        raise source.error(
            f"all {len(target.values):,} rows have the same target; there is nothing to learn",
            column=target.name,
        )
    return target.values


def rare_classes(y: Array, names: tuple[str, ...]) -> str:
    """A sentence about classes of fewer than three rows, or nothing."""
    counts = np.bincount(y, minlength=len(names))
    codes = np.flatnonzero(counts < 3)
    if not codes.size:
        return ""
    rare = listed((names[code] for code in codes), remarks=(str(counts[code]) for code in codes))
    return f"Too few rows to have one in each part of the split (training, validation, test): {rare}."
