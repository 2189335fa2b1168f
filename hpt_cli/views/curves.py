"""A trial's learning curves: training and validation, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from hpt_cli.trial import TrialResult
from hpt_cli.views.charts import curves, end_row
from hpt_cli.views.console import BEST, FAINT
from hpt_cli.views.text import ABSENT, clean, exact, number, plural

Curve = Sequence[float | None]

_PREFIXES = ("training_", "validation_")
_STYLES = {"training": "cyan", "validation": BEST}
_HEIGHT = 8  # lines
_WIDEST = 64  # signs across
_NARROW = 60  # columns of the terminal below which a curve is named by a letter
_LOG_FROM = 20.0  # times the least value: from there on, a linear axis shows the first epochs alone
_ROWS = 12  # of the numbers that stand for a picture in a pipe


def show_curves(console: Console, result: TrialResult) -> None:
    """A picture a metric, the loss first, in a terminal."""
    history = mean_history(result)
    of = f", mean of {plural(len(result.repeats), 'repeat')}" if len(result.repeats) > 1 else ""
    for metric, series in panels(history).items():
        drawn = {name: values for name, values in series.items() if any(v is not None for v in values)}
        if max(map(len, series.values())) < 2 or not drawn:
            continue
        console.print()
        _draw(console, metric, drawn, of)


def plain_curves(result: TrialResult) -> list[str]:
    """Up to 12 epochs as a tab-separated table, for a pipe or a screen reader."""
    history = mean_history(result)
    epochs = max(map(len, history.values()), default=0)
    if not epochs:
        return []
    lines = ["\t".join(("epoch", *map(clean, history)))]
    rows = min(_ROWS, epochs)
    for epoch in dict.fromkeys(round(row * (epochs - 1) / max(rows - 1, 1)) for row in range(rows)):
        cells = [values[epoch] if epoch < len(values) else None for values in history.values()]
        lines.append("\t".join((str(epoch + 1), *(exact(cell) or ABSENT for cell in cells))))
    return lines


def mean_history(result: TrialResult) -> dict[str, Curve]:
    """Each metric's curve: the mean over the repeats, as far as all of them got; ``None`` if not finite."""
    histories = [repeat.history for repeat in result.repeats if repeat.history]
    names = [name for name in (histories[0] if histories else ()) if all(name in h for h in histories)]
    return {
        name: [_mean(values) for values in zip(*(history[name] for history in histories), strict=False)]
        for name in sorted(names, key=lambda name: (not name.endswith("_loss"), name))
    }


def _mean(values: Sequence[float | None]) -> float | None:
    if any(value is None or not math.isfinite(value) for value in values):
        return None
    return math.fsum(value for value in values if value is not None) / len(values)


def panels(history: Mapping[str, Curve]) -> dict[str, dict[str, Curve]]:
    """The curves by metric, each named by its part of the data."""
    panels: dict[str, dict[str, Curve]] = {}
    for name, values in history.items():
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
        part = prefix.removesuffix("_") or name
        panels.setdefault(name.removeprefix(prefix), {})[part] = values
    return panels


def _draw(console: Console, metric: str, series: Mapping[str, Curve], of: str) -> None:
    finite = [value for values in series.values() for value in values if value is not None]
    low, high = min(finite), max(finite)
    by_log = on_log_scale(metric, low, high)
    axis = {name: [_on(value, by_log) for value in values] for name, values in series.items()}
    bottom, top = (math.log10(low), math.log10(high)) if by_log else (low, high)
    if top - bottom <= abs(top) * 1e-9:
        bottom, top = bottom - 0.5, top + 0.5  # a flat line goes through the middle
    ends = {low: number(low), high: number(high)}
    margin = max(map(len, ends.values()))
    narrow = console.width < _NARROW
    labels = {name: _label(name, values, narrow=narrow) for name, values in series.items()}
    width = min(_WIDEST, console.width - margin - max(map(len, labels.values())) - 3)
    rows = _end_rows(axis, bottom, top)
    title = Text(clean(metric), "bold")
    # dropout and batch norm make it another number than the metric of the finished network
    batches = ", training as its batches saw it" if metric == "loss" and "training" in series else ""
    title.append((" on a log scale" if by_log else "") + of + batches, FAINT)
    console.print(title)
    lines = _pictures(console, axis, width, bottom, top)
    for row in range(_HEIGHT):
        side = ends[high] if row == 0 else ends[low] if row == _HEIGHT - 1 and low < high else ""
        line = Text.assemble((f"{side:>{margin}} ", FAINT))
        line.append_text(lines[row])
        if name := rows.get(row):
            line.append(f" {labels[name]}", _STYLES.get(name, ""))
        console.print(line)
    epochs = max(map(len, series.values()))
    last = f"epoch {epochs}"
    console.print(Text(" " * (margin + 1) + "1" + last.rjust(width - 1), FAINT))


def on_log_scale(metric: str, low: float, high: float) -> bool:
    """Whether a loss from ``low`` to ``high`` is seen better so."""
    return metric == "loss" and low > 0 and high / low > _LOG_FROM


def _on(value: float | None, by_log: bool) -> float | None:
    return math.log10(value) if by_log and value is not None else value


def _label(name: str, values: Curve, *, narrow: bool) -> str:
    last = next(value for value in reversed(values) if value is not None)
    return f"{clean(name)[:1] if narrow else clean(name)} {number(last)}"


def _pictures(
    console: Console, series: Mapping[str, Curve], width: int, low: float, high: float
) -> list[Text]:
    """The lines of the picture.  Where curves share a sign of dots, it has the last one's color."""
    ascii_only = console.options.ascii_only
    whole = curves(series, width=width, height=_HEIGHT, low=low, high=high, ascii_only=ascii_only)
    lines = [Text(line) for line in whole]
    longest = max(map(len, series.values()))
    for name, values in series.items():
        padded = [*values, *[None] * (longest - len(values))]
        own = curves({name: padded}, width=width, height=_HEIGHT, low=low, high=high, ascii_only=ascii_only)
        for line, marks in zip(lines, own, strict=True):
            for place, mark in enumerate(marks):
                if mark != " ":
                    line.stylize(_STYLES.get(name, ""), place, place + 1)
    return lines


def _end_rows(series: Mapping[str, Curve], low: float, high: float) -> dict[int, str]:
    """On which line each curve is named: where it ends, or the nearest that is free."""
    rows: dict[int, str] = {}
    for name, values in sorted(series.items(), key=lambda item: _last(item[1]), reverse=True):
        wanted = end_row(values, height=_HEIGHT, low=low, high=high)
        if wanted is not None:
            rows[min(_free(rows), key=lambda row: (abs(row - wanted), -row))] = name
    return rows


def _free(taken: Mapping[int, str]) -> Iterator[int]:
    return (row for row in range(_HEIGHT) if row not in taken)


def _last(values: Curve) -> float:
    return next((value for value in reversed(values) if value is not None), -math.inf)
