"""Numbers and dates as people write them: ``1.234,50 €``, ``12 %``, ``3 May 2021``.

A column is read by one way of writing, chosen by all of its cells; a way that leaves one cell unread is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hpt_cli.data.raw import Array

if TYPE_CHECKING:
    import pandas as pd

# Possessive quantifiers (++): a cell of 100,000 digits and a letter must not take quadratic time.
NUMBER = re.compile(r"[+-]?(\d++\.?+\d*+|\.\d++)([eE][+-]?\d++)?", re.ASCII)
"""A number as programs write it."""
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:([, '’\u00a0\u202f])\d{3}(?:\1\d{3})*+)(?:\.\d*+)?", re.ASCII),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:([. '’\u00a0\u202f])\d{3}(?:\1\d{3})*+)(?:,\d*+)?", re.ASCII),
}
"""Thousands set apart, by the decimal separator: points, commas, blanks or apostrophes, one kind a number."""
_DECIMAL_COMMA = re.compile(r"[+-]?(\d++,?+\d*+|,\d++)([eE][+-]?\d++)?", re.ASCII)
_SYMBOLS = "$€£¥₹₽₩₺₴₪฿"
_CODES = r"(?:USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|US\$|kr|zł|Kč|R\$)"
_UNIT = re.compile(
    rf"(?P<sign>[+-]?)\s?(?:(?P<before>[{_SYMBOLS}]|{_CODES})\s?)?(?P<number>[+-]?[\d.,].*?)"
    rf"(?:\s?(?P<after>[{_SYMBOLS}%]|{_CODES})|\s(?P<word>[^\W\d_]{{1,8}}[²³]?))?",
)
"""A number, and a currency before or behind it, a percent sign or one short word behind a blank."""
_LONGEST = 60
"""Characters of a cell that may be a number with a unit."""


@dataclass(frozen=True)
class Writing:
    """How the numbers of a column are written.

    Args:
        decimal: ``.`` or ``,``.
        unit: What stands beside each number, such as ``€`` or ``%``; empty if nothing does.
    """

    decimal: str = "."
    unit: str = ""

    def value(self, text: str) -> float | None:
        """The number of a stripped cell, or ``None`` if it is none in this writing."""
        if self.unit:
            text, unit = split_unit(text)
            if unit not in ("", self.unit) or (unit == "" and self.unit == "%"):
                return None
        return parse(text, self.decimal)


PLAIN = Writing()


def parse(text: str, decimal: str) -> float | None:
    """A number without a unit, by its decimal separator, thousands set apart or not."""
    if decimal == "." and NUMBER.fullmatch(text):
        return float(text)
    if decimal == "," and _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if len(text) <= _LONGEST and (grouped := _GROUPED[decimal].fullmatch(text)):
        return float(text.replace(grouped[1], "").replace(",", "."))
    return None


def split_unit(text: str) -> tuple[str, str]:
    """A cell without its unit, and the unit; the cell as it is if it has none."""
    match = _UNIT.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        return text, ""
    units = [unit for unit in match.group("before", "after", "word") if unit]
    if len(units) != 1:
        return text, ""
    return match["sign"] + match["number"], units[0]


def find_writing(texts: Sequence[str], decimal: str | None) -> tuple[Writing | None, bool]:
    """The way in which all of ``texts`` are numbers, and whether commas could be read the other way too.

    Args:
        texts: The distinct cells, stripped, none missing.
        decimal: The decimal separator if it is known; otherwise a point is tried first.
    """
    decimals = (decimal,) if decimal else (".", ",")
    split = [split_unit(text) for text in texts]
    units = {unit for _, unit in split} - {""}
    bare = [text for text, _ in split]
    if len(units) > 1 or ("%" in units and any(not unit for _, unit in split)):
        return None, False
    unit = units.pop() if units else ""
    fitting = [way for way in decimals if all(parse(text, way) is not None for text in bare)]
    if not fitting and decimal == ",":  # one column of a file of decimal commas may have been made elsewhere
        fitting = [way for way in (".",) if all(parse(text, way) is not None for text in bare)]
    if not fitting:
        return None, False
    unclear = len(fitting) > 1 and any("," in text for text in bare)
    return Writing(fitting[0], unit), unclear


_DAY = r"\d{1,2}"
_MONTH = r"[A-Za-z]{3}"
_FORMATS: tuple[tuple[str, str, str], ...] = (
    (r"\d{4}-\d\d?-\d\d?", "%Y-%m-%d", "year-month-day"),
    (r"\d{4}/\d\d?/\d\d?", "%Y/%m/%d", "year/month/day"),
    (r"\d{4}\.\d\d?\.\d\d?", "%Y.%m.%d", "year.month.day"),
    (rf"{_DAY}\.{_DAY}\.\d{{4}}", "%d.%m.%Y", "day.month.year"),
    (rf"{_DAY}\.{_DAY}\.\d{{2}}", "%d.%m.%y", "day.month.year"),
    (rf"{_DAY}/{_DAY}/\d{{4}}", "%m/%d/%Y", "month/day/year"),
    (rf"{_DAY}/{_DAY}/\d{{4}}", "%d/%m/%Y", "day/month/year"),
    (rf"{_DAY}/{_DAY}/\d{{2}}", "%m/%d/%y", "month/day/year"),
    (rf"{_DAY}/{_DAY}/\d{{2}}", "%d/%m/%y", "day/month/year"),
    (rf"{_DAY}-{_DAY}-\d{{4}}", "%d-%m-%Y", "day-month-year"),
    (rf"{_DAY}-{_DAY}-\d{{4}}", "%m-%d-%Y", "month-day-year"),
    (rf"{_DAY}[ -]{_MONTH}[ -]\d{{4}}", "%d %b %Y", "day month year"),
    (rf"{_MONTH} {_DAY},? \d{{4}}", "%b %d %Y", "month day, year"),
    (rf"{_DAY} [A-Za-z]+ \d{{4}}", "%d %B %Y", "day month year"),
    (rf"[A-Za-z]+ {_DAY},? \d{{4}}", "%B %d %Y", "month day, year"),
)
"""A pattern, strptime's format (where months are words, ``-`` and ``,`` are blanks), its name in notes."""
_TIMES: tuple[tuple[str, str], ...] = (
    ("", ""),
    (r"[ T]\d\d?:\d\d", "%H:%M"),
    (r"[ T]\d\d?:\d\d:\d\d", "%H:%M:%S"),
    (r"[ T]\d\d?:\d\d:\d\d\.\d{1,9}", "%H:%M:%S.%f"),
)
_CLOCK_WORDS = {"%H": "hour", "%M": "minute", "%S": "second", "%f": "fraction", "%z": " zone"}
_LIKELY_DATE = re.compile(r"\d{4}|\d\d?[./-]\d\d?[./-]\d\d", re.ASCII)
_MOST = 0.8  # of a column's distinct texts: the others are mistakes
_ENOUGH = 5  # dates that make a column one of dates
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)"


@dataclass(frozen=True)
class DateWriting:
    """How the dates of a column are written.

    Args:
        format: strptime's; empty where the file itself has a type for dates.
        zone: Whether an offset from UTC stands behind the time.
        words: For notes: ``day.month.year``.
    """

    format: str
    zone: bool = False
    words: str = ""

    @property
    def expected(self) -> str:
        """For messages: ``day.month.year hour:minute``; empty where the file itself has a type for dates."""
        _, timed, clock = self.format.partition("%H")
        said = f"{self.words} {timed}{clock}".strip()
        for letters, word in _CLOCK_WORDS.items():
            said = said.replace(letters, word)
        return said

    def days(self, texts: Iterable[str], *, any_clock: bool = False) -> Array:
        """Days since 1970 of stripped cells, with fractions for the time of day; NaN where one is no date.

        Args:
            texts: The cells.
            any_clock: Where there are times, take them with and without seconds, and a date alone as its
                midnight; a date alone is none where times have an offset from UTC.
        """
        import pandas as pd

        cells = pd.Series(list(texts), dtype=object)
        if "T" not in self.format:
            cells = cells.str.replace(r"(?<=\d)T(?=\d)", " ", regex=True)
        if "%b" in self.format or "%B" in self.format:
            cells = cells.str.replace(r"[-,]", " ", regex=True).str.replace(r"  +", " ", regex=True)
        read = pd.to_datetime(cells, format=self.format, errors="coerce", utc=self.zone)
        for form in self._other_clocks() if any_clock else ():
            read = read.fillna(pd.to_datetime(cells, format=form, errors="coerce", utc=self.zone))
        return days_of(read)

    def _other_clocks(self) -> list[str]:
        day, timed, _ = self.format.partition(" %H")
        if not timed:
            return []
        zone = "%z" if self.zone else ""
        return [f"{day} {clock}{zone}".strip() for _, clock in _TIMES if clock or not zone]


def days_of(dates: pd.Series[Any]) -> Array:
    """Days since 1970 in UTC of a column of dates; NaN where one is missing."""
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    missing = dates.isna().to_numpy()
    seconds = dates.to_numpy().astype("M8[us]").astype(np.int64) / 1e6
    return np.where(missing, np.nan, seconds / 86400)


def find_dates(texts: Sequence[str]) -> DateWriting | None:
    """The way in which all of ``texts`` (distinct, stripped, none missing) are dates, or ``None``."""
    if not texts or not all(len(text) <= _LONGEST and any(c.isdigit() for c in text) for text in texts):
        return None
    for day, day_format, words in _FORMATS:
        if not re.match(day, texts[0], re.ASCII):
            continue
        for clock, clock_format in _TIMES:
            for zone, zone_format in (("", ""), (_ZONE, "%z")):
                if zone and not clock:
                    continue
                pattern = re.compile(day + clock + zone, re.ASCII)
                if not all(pattern.fullmatch(text) for text in texts):
                    continue
                form = f"{day_format} {clock_format}".strip() + zone_format
                writing = DateWriting(form, bool(zone), words)
                if not np.isnan(writing.days(texts)).any():
                    return writing
    return None


def find_most_dates(texts: Sequence[str]) -> DateWriting | None:
    """The way in which most of ``texts`` (distinct, stripped, none missing), but not all, are dates."""
    likely = [text for text in texts if len(text) <= _LONGEST and _LIKELY_DATE.search(text)]
    if len(likely) < _ENOUGH or len(likely) < _MOST * len(texts):
        return None
    sample = likely[:: max(1, len(likely) // 20)]
    for day, _, _ in _FORMATS:
        if sum(re.match(day, text, re.ASCII) is not None for text in sample) < _MOST * len(sample):
            continue
        for clock, _ in _TIMES:
            pattern = re.compile(f"{day}{clock}(?:{_ZONE})?" if clock else day, re.ASCII)
            alike = [text for text in likely if pattern.fullmatch(text)]
            if len(alike) < max(_ENOUGH, _MOST * len(texts)):
                continue
            for share in (
                alike,
                alike[: len(alike) // 2],
                alike[len(alike) // 2 :],
            ):  # one may be a 30th of 2
                if found := find_dates(share):
                    return found
    return None
