"""Values as people read them, and text that cannot harm a terminal."""

from __future__ import annotations

import math
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import TextIO

from hpt_cli.space import Choice, Dimension, Value

ABSENT = "-"
"""Stands where there is no value: a param that is inactive, an objective that was not reached."""

_DIGITS = 4  # significant ones, of a number in a table


def clean(text: str) -> str:
    r"""One line of ``text`` that a terminal only shows: an escape character becomes the four signs ``\x1b``.

    The same for line breaks, for marks that change the direction of writing, and for bytes that are no text.
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text
    )


def clean_lines(text: str) -> str:
    """Like :func:`clean`, but line breaks stay."""
    return "\n".join(clean(line) for line in text.split("\n"))


def folded(text: str, stream: TextIO) -> str:
    """One line of ``text``, broken between words if ``stream`` is a terminal, which would break words."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, max(width, 20), break_long_words=False, break_on_hyphens=False)


def short(text: str, length: int = 60) -> str:
    """``text``, cleaned and cut to ``length`` signs."""
    text = clean(text)
    return text if len(text) <= length else text[: length - 3] + "..."


def number(value: float, *, zeros: bool = False) -> str:
    """A number with four significant digits: 0.01235, 128, 3.142e-4, 1.5e6.

    Close to 1 it gets as many as it takes to tell its distance from 1: 0.99987.

    Args:
        value: What to show.
        zeros: Keep zeros at the end, so that a column's numbers are equally long.
    """
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e6:
        mantissa, _, exponent = f"{value:.{_DIGITS - 1}e}".partition("e")
        return f"{mantissa if zeros else _trimmed(mantissa)}e{int(exponent)}"
    decimals = max(_DIGITS - 1 - math.floor(math.log10(size)), 0)
    if 0.999 < size < 1 and not zeros:
        decimals = 1 - math.floor(math.log10(1 - size))
    text = f"{value:.{decimals}f}"
    return text if zeros else _trimmed(text)


def exact(value: Value | None) -> str:
    """A value with all its digits, for a pipe or a file; empty if there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value) if isinstance(value, str) else repr(value)


def value(of: Value | None) -> str:
    """A param's value in a table; booleans as they stand in YAML."""
    if of is None:
        return ABSENT
    if isinstance(of, bool):
        return "true" if of else "false"
    return clean(of) if isinstance(of, str) else number(of)


def aligned(cells: Sequence[str]) -> list[str]:
    """Pad numbers at the right, so that, set flush right, their decimal points stand below each other."""
    tails = [len(cell) - len(re.split("[.e]", cell)[0]) if _is_number(cell) else 0 for cell in cells]
    whole = max(tails, default=0)
    return [cell + " " * (whole - tail) for cell, tail in zip(cells, tails, strict=True)]


def seconds(value: float) -> str:
    """A trial's seconds: 0.41, 12.3, 240."""
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def duration(value: float) -> str:
    """A span of time in its two greatest units: 8 s, 3 min 20 s, 1 h 5 min, 2 d 3 h."""
    left = max(round(value), 0)
    days, hours, minutes = left // 86400, left // 3600 % 24, left // 60 % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def plural(count: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def bounds(dimension: Dimension) -> str:
    """A dimension's range as one writes it: ``1e-4..1``, ``sgd | adam``."""
    if isinstance(dimension, Choice):
        return " | ".join(value(choice) for choice in dimension.choices)
    return bounds_of(dimension.low, dimension.high)


def bounds_of(low: float, high: float) -> str:
    """``1e-4..1``."""
    return f"{number(low)}..{number(high)}"


def spread(of: float) -> str:
    """Two digits are what a handful of repeats can tell."""
    if 1e-3 <= of < 9.5:
        return f"{of:#.2g}"
    return number(float(f"{of:.2g}"))


def interval(low: float, high: float) -> str:
    """``0.0498..0.0548``: as many digits as its width makes sense of."""
    half = (high - low) / 2
    if not half > 0 or max(abs(low), abs(high)) >= 1e6:
        return bounds_of(low, high)
    decimals = 1 - math.floor(math.log10(half))
    if decimals > 7:
        return bounds_of(low, high)
    return "..".join(f"{round(end, decimals):.{max(decimals, 0)}f}" for end in (low, high))


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
