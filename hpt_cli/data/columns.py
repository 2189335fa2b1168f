"""What a column holds: numbers or texts, decided cell by cell and never by what a parser happens to accept.

pandas splits a text into cells at C speed and turns columns of plain numbers into arrays; every column in
which it met anything else arrives here as texts and is judged by our own rules, because ``float()`` takes
``nan``, ``1_000``, full-width digits and ``1e999`` for numbers, and a guess would be silent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array, Category, Numbers

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL"})
"""Cells that say that nothing is known, after blanks around them are taken off."""
# Possessive quantifiers (++): a cell of 100,000 digits and a letter must not take quadratic time.
NUMBER = re.compile(r"[+-]?(\d++\.?+\d*+|\.\d++)([eE][+-]?\d++)?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d++,\d++([eE][+-]?\d++)?", re.ASCII)
SPOILED_NUMBER = re.compile(
    r"[+-]?(inf(inity)?|(?=.*\d)[\d.,_'\s]++([eE][+-]?\d++)?|0[xob][0-9a-f]++)", re.IGNORECASE
)
"""Texts that may be meant as a number: ``inf``, ``1_000``, ``1 000``, ``1,5``, full-width digits."""
MANY = 20
"""Distinct numbers from which a column counts as measured rather than coded."""


def typed(series: pd.Series[Any], name: str, source: Source) -> Numbers | Category:
    """The column as numbers, or as levels if its cells are texts.

    Numbers are chosen if every cell that is not missing is one.  A column of mostly numbers, and many
    different ones, is a column of numbers with a mistake in it: an error that names the cell.

    Raises:
        DataError: With row and column, for such a cell, and for infinite or too large numbers.
    """
    kind = series.dtype.kind
    if kind in "biuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        check_finite(values, name, source)
        return Numbers(name, values)
    return _from_texts(_texts(series, name, source), name, source)


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


def _texts(series: pd.Series[Any], name: str, source: Source) -> pd.Series[Any]:
    """The cells as stripped texts; a missing one is empty."""
    from pandas.api.types import infer_dtype

    held = infer_dtype(series, skipna=True)
    if held not in (
        "string",
        "boolean",
        "integer",
        "floating",
        "mixed-integer-float",
        "categorical",
        "empty",
        "decimal",
    ):
        raise source.error(
            f"holds {held} values; expected numbers or texts: convert or remove the column", column=name
        )
    texts = series.astype(object)
    return texts.where(texts.notna(), "").astype(str).str.strip()


def _from_texts(texts: pd.Series[Any], name: str, source: Source) -> Numbers | Category:
    import pandas as pd

    codes, found = pd.factorize(texts)
    levels = [str(level) for level in found]
    counts = np.bincount(codes, minlength=len(levels))
    is_missing = np.array([level in MISSING for level in levels], dtype=bool)
    is_number = np.array([NUMBER.fullmatch(level) is not None for level in levels], dtype=bool)
    others = ~(is_missing | is_number)
    if not others.any():
        table = np.array(
            [float(level) if ok else np.nan for level, ok in zip(levels, is_number, strict=True)]
        )
        values = table[codes]
        check_finite(values, name, source)
        return Numbers(name, values)
    _refuse_spoiled(codes, levels, counts, is_number, others, name, source)
    kept = sorted(level for level, missing in zip(levels, is_missing, strict=True) if not missing)
    position = {level: code for code, level in enumerate(kept)}
    recode = np.array([position.get(level, -1) for level in levels], dtype=np.int64)
    return Category(name, recode[codes], tuple(kept))


def _refuse_spoiled(
    codes: Array, levels: list[str], counts: Array, is_number: Array, others: Array, name: str, source: Source
) -> None:
    """Raise for the first cell that is not a number in a column that is one of numbers otherwise."""

    def refuse(which: Array, why: str) -> None:
        row = int(np.flatnonzero(which[codes])[0])
        raise source.error(f"{source.cell(levels[codes[row]])} {why}", row=row, column=name)

    comma = others & np.array([DECIMAL_COMMA.fullmatch(level) is not None for level in levels], dtype=bool)
    if counts[comma].sum() > counts.sum() / 2:
        refuse(comma, "has a decimal comma; write numbers with a point: 1.5")
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
