"""Pictures in SVG, to stand in a page: trials in order, trials by a param, learning curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hpt_cli.space import Choice, Dimension, Value
from hpt_cli.views.curves import Curve
from hpt_cli.views.page.axes import Axis, Columns
from hpt_cli.views.page.markup import Html, joined, tag
from hpt_cli.views.text import short

_HEIGHT, _NARROW, WIDE = 220, 360, 760  # in the picture's own units, a hundredth of an inch or so
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 40
_TITLE = 40  # signs
_LOOKS = {"training": 0, "validation": 1}
_MOST_POINTS = 300  # of a curve: more than can be told apart

Place = tuple[float, float]
"""Across from the left and up from the bottom, both in [0, 1]."""


@dataclass(frozen=True)
class Mark:
    """A trial in a picture.

    Args:
        number: The trial's.
        height: Where it stands on the objective's axis; ``None`` for one without an objective.
        pruned: Whether it has none because it was ended early, and not because it failed.
    """

    number: int
    height: float | None
    pruned: bool = False


def progress(
    label: str,
    x: Axis,
    y: Axis,
    marks: Sequence[Mark],
    steps: Sequence[tuple[int, float]],
    best: int | None,
    rounds: Iterable[int],
) -> Html:
    """Trials in the order of their numbers, and the best so far.

    Args:
        label: Says what is seen to those who cannot.
        x: Of the trials' numbers.
        y: Of the objective.
        marks: The trials.
        steps: From which trial on the best was which, ascending.
        best: The number of the best of all.
        rounds: The first trials of the rounds after the first.
    """
    canvas = _Canvas(WIDE)
    parts = [canvas.upright(x.place(first - 0.5), "round") for first in rounds]
    parts += canvas.trials([(x.place(mark.number), mark) for mark in marks])
    if steps:
        first, *others = [canvas.at((x.place(number), y.place(best))) for number, best in steps]
        line = f"M{first[0]:g} {first[1]:g}" + "".join(f"H{across:g}V{down:g}" for across, down in others)
        end, _ = canvas.at((x.place(x.high), 0))
        parts.append(tag("path", class_="best-line", d=f"{line}H{end:g}"))
    parts += canvas.best([(x.place(mark.number), mark) for mark in marks if mark.number == best])
    return canvas.drawn(label, x, y, parts)


def scatter(
    label: str,
    x: Axis | Columns,
    y: Axis,
    trials: Sequence[tuple[Mark, Value]],
    best: int | None,
    last: Dimension | None,
) -> Html:
    """Trials by the value of one param.

    Args:
        label: Says what is seen to those who cannot.
        x: Of the param.
        y: Of the objective.
        trials: Each with its value.
        best: The best one's number.
        last: The last round's range, which is shaded; ``None`` where there was one round.
    """
    canvas = _Canvas(_NARROW)
    parts = canvas.shaded(x, last) if last is not None else []
    placed = [(place, mark) for mark, at in trials if (place := _place(x, at, mark.number)) is not None]
    parts += canvas.trials(placed)
    parts += canvas.best([(place, mark) for place, mark in placed if mark.number == best])
    return canvas.drawn(label, x, y, parts)


def lines(label: str, x: Axis, y: Axis, series: Mapping[str, Curve]) -> Html:
    """Curves over epochs, which count from 1; a gap where a value is missing."""
    canvas = _Canvas(_NARROW)
    parts = []
    for index, (name, values) in enumerate(series.items()):
        step = -(-len(values) // _MOST_POINTS)
        kept = sorted({*range(0, len(values), step), len(values) - 1})
        path, pen = "", "M"
        for epoch in kept:
            at = values[epoch]
            if at is None:
                pen = "M"
                continue
            across, down = canvas.at((x.place(epoch + 1), y.place(at)))
            path, pen = f"{path}{pen}{across:g} {down:g}", "L"
        parts.append(tag("path", class_=f"curve {curve_class(name, index)}", d=path or None))
    return canvas.drawn(label, x, y, parts)


def curve_class(name: str, index: int) -> str:
    """The look of a curve: training and validation look the same in every picture."""
    return f"curve-{_LOOKS.get(name, index % 4)}"


@dataclass(frozen=True)
class _Canvas:
    width: int

    def at(self, place: Place) -> Place:
        """In the picture's units, to a tenth of which the eye sees nothing more."""
        across, up = place
        inner, height = self.width - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + inner * across, 1), round(_TOP + height * (1 - up), 1)

    def trials(self, placed: Sequence[tuple[float, Mark]]) -> list[Html]:
        """A dot for each; those without an objective are marked on the axis."""
        dots, pruned, failed = "", "", ""
        for place, mark in placed:
            across, down = self.at((place, mark.height or 0))
            if mark.height is not None:
                dots += f"M{across:g} {down:g}h0"
            elif mark.pruned:
                pruned += f"M{across:g} {down:g}v5"
            else:
                failed += f"M{across - 3:g} {down - 3:g}l6 6m-6 0l6-6"
        looks = (("dots", dots), ("pruned", pruned), ("failed", failed))
        return [tag("path", class_=look, d=path) for look, path in looks if path]

    def best(self, placed: Sequence[tuple[float, Mark]]) -> list[Html]:
        """A larger dot for the best trial, if it is drawn."""
        places = [self.at((place, mark.height)) for place, mark in placed if mark.height is not None]
        return [tag("circle", class_="best", cx=across, cy=down, r=5) for across, down in places]

    def upright(self, place: float, look: str) -> Html:
        x, _ = self.at((place, 0))
        return tag("line", class_=look, x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM)

    def shaded(self, x: Axis | Columns, last: Dimension) -> list[Html]:
        """Behind a range, or behind each of the choices."""
        spans = []
        if isinstance(x, Columns) and isinstance(last, Choice):
            columns = [column for of in last.choices if (column := x.column(of)) is not None]
            spans = [(column / len(x.choices), (column + 1) / len(x.choices)) for column in sorted(columns)]
        elif isinstance(x, Axis) and not isinstance(last, Choice):
            spans = [(x.place(last.low), x.place(last.high))]
        found = []
        for low, high in spans:
            (left, top), (right, bottom) = self.at((low, 1)), self.at((high, 0))
            width, height = max(round(right - left, 1), 1), bottom - top
            found.append(tag("rect", class_="last", x=left, y=top, width=width, height=height))
        return found

    def drawn(self, label: str, x: Axis | Columns, y: Axis, parts: Iterable[Html]) -> Html:
        """The picture: axes, their titles, and on them the parts."""
        left, bottom, right = _LEFT, _HEIGHT - _BOTTOM, self.width - _RIGHT
        axes: list[Html] = []
        for place, said in x.ticks():
            across, _ = self.at((place, 0))
            axes.append(tag("text", said, x=across, y=bottom + 17, text_anchor="middle"))
        for place, said in y.ticks():
            _, down = self.at((0, place))
            axes.append(tag("line", class_="grid", x1=left, x2=right, y1=down, y2=down))
            axes.append(tag("text", said, x=left - 6, y=down + 4, text_anchor="end"))
        axes.append(tag("line", class_="axis", x1=left, x2=right, y1=bottom, y2=bottom))
        middle, half = (left + right) / 2, (_TOP + bottom) / 2
        title = short(x.title, _TITLE)
        axes.append(tag("text", title, class_="title", x=middle, y=_HEIGHT - 6, text_anchor="middle"))
        turned = f"translate(11 {half:g}) rotate(-90)"
        axes.append(
            tag("text", short(y.title, _TITLE // 2), class_="title", transform=turned, text_anchor="middle")
        )
        box = f"0 0 {self.width} {_HEIGHT}"
        return tag("svg", joined(axes), joined(parts), viewBox=box, role="img", aria_label=label)


def _place(x: Axis | Columns, at: Value, number: int) -> float | None:
    """Where a trial's value stands across; ``None`` where it has no place on the axis."""
    if isinstance(x, Columns):
        column = x.column(at)
        return None if column is None else x.place(column, number)
    return None if isinstance(at, (bool, str)) or not math.isfinite(at) else x.place(at)
