"""Small pictures made of text: bars of counts, and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_EIGHTHS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = ".:-=+*#@"
# A braille sign is 2 x 4 dots: the bit of each, by column and row from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE = 0x2800


def spark(counts: Sequence[int], *, ascii_only: bool = False) -> str:
    """One sign a count, the greatest as high as a line; a blank where there is none."""
    levels = _ASCII_LEVELS if ascii_only else _EIGHTHS
    most = max(counts, default=0)
    return "".join(
        levels[math.ceil(count / most * len(levels)) - 1] if count else " " for count in map(int, counts)
    )


def curves(
    series: Mapping[str, Sequence[float | None]],
    *,
    width: int,
    height: int,
    low: float,
    high: float,
    ascii_only: bool = False,
) -> list[str]:
    """Curves over a common axis, as ``height`` lines of ``width`` signs, the greatest value at the top.

    Args:
        series: By name; one value an epoch, ``None`` where there is no finite one.
        width: Signs across, at least 2.
        height: Lines, at least 2.
        low: Value of the lowest dots, below ``high``.
        high: Value of the topmost dots.
        ascii_only: Draw with each name's first letter, and ``*`` where two meet, in place of dots.
    """
    across, down = (1, 1) if ascii_only else (2, 4)
    canvas = [[0] * width for _ in range(height)]
    marks = [[" "] * width for _ in range(height)]
    longest = max((len(values) for values in series.values()), default=0)
    for name, values in series.items():
        for x, y in _trace(values, longest, width * across, height * down, low, high):
            row, column = y // down, x // across
            canvas[row][column] |= _DOTS[x % 2][y % 4]
            marks[row][column] = name[0] if marks[row][column] in (" ", name[0]) else "*"
    if ascii_only:
        return ["".join(row) for row in marks]
    return ["".join(chr(_BRAILLE + dots) if dots else " " for dots in row) for row in canvas]


def end_row(values: Sequence[float | None], *, height: int, low: float, high: float) -> int | None:
    """The line, from the top, on which a curve ends; ``None`` if it has no point."""
    last = next((value for value in reversed(values) if value is not None), None)
    return None if last is None else _place(last, height, low, high)


def _trace(
    values: Sequence[float | None], longest: int, width: int, height: int, low: float, high: float
) -> list[tuple[int, int]]:
    """The dots of one curve: every column between two values that are there gets one, and what it jumps."""
    dots: list[tuple[int, int]] = []
    before: tuple[int, float] | None = None
    for epoch, value in enumerate(values):
        if value is None:
            before = None
            continue
        x = round(epoch / max(longest - 1, 1) * (width - 1))
        if before is None:
            dots.append((x, _place(value, height, low, high)))
        else:
            dots += _segment(before, (x, value), height, low, high)
        before = (x, value)
    return dots


def _segment(
    start: tuple[int, float], end: tuple[int, float], height: int, low: float, high: float
) -> list[tuple[int, int]]:
    (x0, v0), (x1, v1) = start, end
    y0, y1 = (_place(value, height, low, high) for value in (v0, v1))
    steps = max(x1 - x0, abs(y1 - y0), 1)
    return [
        (x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps))
        for step in range(steps + 1)
    ]


def _place(value: float, height: int, low: float, high: float) -> int:
    share = (value - low) / (high - low)
    return min(max(round((1 - share) * (height - 1)), 0), height - 1)
