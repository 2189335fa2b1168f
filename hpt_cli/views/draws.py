"""How random draws fall on a space: a histogram a dimension, the decades, what is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from hpt_cli.space import Histogram, SearchSpace, Survey, chance_of_best, trials_for
from hpt_cli.views.charts import spark
from hpt_cli.views.console import FAINT, write_lines
from hpt_cli.views.table import Column
from hpt_cli.views.text import clean, number, plural, value

_BAR = 20  # signs for all of the draws
_NARROW = 60  # columns below which a histogram has half its bars
_SURE = 0.95


def show_draws(console: Console, found: Survey, *, draws: int) -> None:
    """A line a dimension: its histogram, or the share of each choice."""
    title = f"how {found.legal} random draws fall on their scales"
    if found.legal < draws:
        title += f" (of {found.legal + found.refused}, the constraints allow no more)"
    console.print(Text("\n" + title, "bold"), soft_wrap=not console.is_terminal)
    if not console.is_terminal:
        write_lines(console, _plain(found))
        return
    ascii_only = console.options.ascii_only
    margin = max(len(clean(name)) for name in found.dimensions) + 2
    lows = [number(histogram.bins[0][0]) for histogram in found.dimensions.values() if histogram.bins]
    width = max(map(len, lows), default=0)
    for name, histogram in found.dimensions.items():
        line = Text(clean(name).ljust(margin))
        if histogram.bins:
            counts = [count for *_, count in histogram.bins]
            if console.width < _NARROW:
                counts = [sum(counts[index : index + 2]) for index in range(0, len(counts), 2)]
            low, high = histogram.bins[0][0], histogram.bins[-1][1]
            line.append(f"{number(low):>{width}} ", FAINT)
            line.append(spark(counts, ascii_only=ascii_only))
            line.append(f" {number(high)}", FAINT)
        else:
            shares = textwrap.wrap(_shares(histogram), max(console.width - margin, 20))
            line.append(("\n" + " " * margin).join(shares))
        console.print(line)


def draw_notes(space: SearchSpace, found: Survey) -> Iterator[str]:
    """What to know of the draws, in sentences: refusals, repeats, dimensions that are seldom there."""
    drawn = found.legal + found.refused
    if found.refused:
        share = _percent(found.refused / drawn)
        yield f"The constraints refuse {share} of the draws, which are drawn again."
        if len(found.refused_by) > 1:
            for constraint, count in found.refused_by.items():
                yield f"{clean(constraint)}: refuses {_percent(count / drawn)}."
    if found.repeated is not None and space.size is not None:
        yield (
            f"The space has {plural(space.size, 'point')}: of as many independent draws as there are trials, "
            f"{found.repeated} would come again; a study tries none twice."
        )
    for name, histogram in found.dimensions.items():
        if histogram.active < found.legal:
            share = _percent(histogram.active / max(found.legal, 1))
            yield f"{clean(name)} is there in {share} of the draws."
    for name, histogram in found.dimensions.items():
        if histogram.top_heavy and histogram.active:
            *_, (low, _, count) = histogram.decades
            yield (
                f"{clean(name)} has a linear scale over {len(histogram.decades)} decades: "
                f"{_percent(count / histogram.active)} of its draws lie above {number(low)}. "
                "Write scale: log, and each decade gets its share."
            )


def chance(trials: int, size: int | None) -> str:
    """How likely random trials are to find one of the best 5 %."""
    if size is not None and trials >= size:
        return "every point of the space is tried"
    enough = trials_for(_SURE, size)
    found = f"{_percent(chance_of_best(trials, size))} that one of {trials} random trials is in the best 5%"
    return found if trials >= enough else f"{found}; {enough} trials make it {_SURE:.0%}"


def decade_columns(found: Survey, console: Console) -> list[Column]:
    """One row a decade: how the scale spreads the draws; with a picture of it where there is a terminal."""
    rows = [
        ("" if index and console.is_terminal else name, low, high, count / max(histogram.active, 1))
        for name, histogram in found.dimensions.items()
        for index, (low, high, count) in enumerate(histogram.decades)
    ]
    columns = [
        Column("dimension", tuple(clean(name) for name, *_ in rows)),
        Column("from", tuple(number(low) for _, low, _, _ in rows), "right"),
        Column("to", tuple(number(high) for _, _, high, _ in rows), "right"),
        Column("share", tuple(_percent(share) for *_, share in rows), "right"),
    ]
    if console.is_terminal:
        bar = "-" if console.options.ascii_only else "━"
        columns.append(Column("", tuple(bar * round(share * _BAR) for *_, share in rows), drop=1))
    return columns


def _plain(found: Survey) -> Sequence[str]:
    """A line a dimension: its name, its ends, its counts; a choice's values with theirs."""
    lines = []
    for name, histogram in found.dimensions.items():
        if histogram.bins:
            counts = " ".join(str(count) for *_, count in histogram.bins)
            ends = f"{number(histogram.bins[0][0])}\t{number(histogram.bins[-1][1])}"
            lines.append(f"{clean(name)}\t{ends}\t{counts}")
        else:
            lines.append(f"{clean(name)}\t{_shares(histogram)}")
    return lines


def _shares(histogram: Histogram) -> str:
    return ", ".join(
        f"{value(of)} {_percent(count / max(histogram.active, 1))}" for of, count in histogram.values
    )


def _percent(share: float) -> str:
    """Whole percents; what is not quite nothing or not quite all says so."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"
