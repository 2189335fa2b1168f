"""What a round did to each dimension: from where to where, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from hpt_cli.rounds import Cost, Move, RoundPlan
from hpt_cli.rounds.ranges import place_of
from hpt_cli.space import Choice
from hpt_cli.views.console import FAINT, WARNING, write_lines
from hpt_cli.views.table import Column, draw, fitting
from hpt_cli.views.text import bounds, clean, plural, value

_LAST = 1  # the last column that may go, and with it the table
_CELLS = 12
_PICTURE = "best lie"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_PLAIN_HEIGHTS = " .:+#"


def show_round(console: Console, plan: RoundPlan, cost: Cost | None = None) -> None:
    """A round's plan and its moves: a table, or, where there is no room for one, a sentence each.

    Args:
        console: Where to.
        plan: The round's.
        cost: What it is expected to take.
    """
    if not console.is_terminal:
        write_lines(console, plain_round(plan, cost))
        return
    console.print(Text.assemble((f"round {plan.number}", "bold"), f"  {summary(plan)}"))
    if plan.note:
        console.print(Text(clean(plan.note), FAINT))
    if cost is not None:
        console.print(Text(f"time: {cost.sentence()}", FAINT))
        if cost.is_dearer:
            console.print(Text.assemble(("note: ", WARNING), clean(cost.warning())))
    console.print()
    if not plan.moves:
        return
    columns = move_columns(plan.moves, ascii_=console.options.ascii_only)
    pictures = any(column.title == _PICTURE for column in columns)
    kept, dropped = fitting(columns, console.width)
    if any(column.drop == _LAST for column in dropped):
        for move in plan.moves:
            console.print(Text.assemble((clean(move.name), "bold"), f" {moved(move)}: {clean(move.why)}"))
            if strip := picture(move, ascii_=console.options.ascii_only):
                console.print(Text(f"    {strip}", FAINT))
    else:
        pictures = any(column.title == _PICTURE for column in kept)
        console.print(draw(console, kept, [FAINT if move.new == move.old else "" for move in plan.moves]))
    if said := legend(plan.moves, pictures=pictures):
        console.print(Text(f"\n{said}", FAINT))
    console.print()


def move_columns(moves: Sequence[Move], *, ascii_: bool) -> list[Column]:
    """Dimension, move, from, to, where the best lie, why; those that are empty left out."""
    columns = [
        Column("dimension", tuple(clean(move.name) for move in moves)),
        Column("move", tuple(clean(move.action) for move in moves)),
        Column("from", tuple(bounds(move.old) for move in moves)),
        Column("to", tuple("" if move.new == move.old else bounds(move.new) for move in moves)),
        Column(_PICTURE, tuple(picture(move, ascii_=ascii_) for move in moves), drop=2),
        Column("why", tuple(clean(move.why) for move in moves), drop=_LAST, wraps=True),
    ]
    return [column for column in columns if any(column.cells)]


def legend(moves: Sequence[Move], *, pictures: bool) -> str:
    """What the words and signs of the table mean; empty if it has none of them."""
    said = []
    if any("models that fit" in move.why for move in moves):
        said.append("models that fit: 200 functions, each with its best place, that agree with all results")
    if any("p = " in move.why or "p < " in move.why for move in moves):
        said.append("p: how likely such results are if the dimension does not matter")
    if pictures and any(not isinstance(move.old, Choice) for move in moves):
        said.append("strip: where the best lie in the old range, with the new one in brackets")
    return "; ".join(said)


def plain_round(plan: RoundPlan, cost: Cost | None = None) -> list[str]:
    """A line for the plan, one for what it costs, and one for each move."""
    lines = [f"round {plan.number}: {summary(plan)}"]
    if plan.note:
        lines.append(f"note: {clean(plan.note)}")
    if cost is not None:
        lines.append(f"time: {cost.sentence()}")
        if cost.is_dearer:
            lines.append(f"note: {clean(cost.warning())}")
    return lines + [f"{clean(move.name)}: {moved(move)}: {clean(move.why)}" for move in plan.moves]


def picture(move: Move, *, ascii_: bool) -> str:
    """Where the best lie in the old range: a strip from its low to its high end, the new one in brackets.

    Of choices, how many have which.
    """
    evidence = move.evidence
    if evidence is None or not evidence.places:
        return ""
    if isinstance(move.old, Choice):
        counts = [sum(place == index for place in evidence.places) for index in range(move.old.size)]
        return ", ".join(
            f"{value(choice)} {count}"
            for choice, count in zip(move.old.choices, counts, strict=True)
            if count
        )
    counts = [0] * _CELLS
    for place in evidence.places:
        counts[min(max(math.floor(place * _CELLS), 0), _CELLS - 1)] += 1
    heights = _PLAIN_HEIGHTS if ascii_ else _HEIGHTS
    strip = [heights[-(-count * (len(heights) - 1) // max(counts))] for count in counts]
    first, last = 0, _CELLS
    if not isinstance(move.new, Choice):
        if move.new.low > move.old.low:
            first = min(math.floor(place_of(move.old, move.new.low) * _CELLS), _CELLS - 1)
        if move.new.high < move.old.high:
            last = max(math.ceil(place_of(move.old, move.new.high) * _CELLS), first + 1)
    dot = "." if ascii_ else "·"
    outside = [dot if cell == " " else cell for cell in strip]
    return "".join(outside[:first]) + "[" + "".join(strip[first:last]) + "]" + "".join(outside[last:])


def summary(plan: RoundPlan) -> str:
    """``sobol, 16 trials of 3 repeats``."""
    repeats = f" of {plural(plan.repeats, 'repeat')}" if plan.repeats > 1 else ""
    probes = f", {len(plan.probes)} of them outside to probe what is left out" if plan.probes else ""
    return f"{clean(plan.strategy)}, {plural(plan.trials, 'trial')}{repeats}{probes}"


_PAST = {
    "narrow": "narrowed",
    "widen": "widened",
    "shift": "shifted",
    "drop": "cut",
    "freeze": "frozen",
    "hold": "held",
}


def moved(move: Move) -> str:
    """``narrowed from 1e-4..1 to 3e-3..4e-2``."""
    done = _PAST.get(move.action, clean(move.action))
    if move.new == move.old:
        return f"{done} at {bounds(move.old)}"
    return f"{done} from {bounds(move.old)} to {bounds(move.new)}"


def history_of(plans: Sequence[RoundPlan], name: str) -> list[dict[str, Any]]:
    """What each round did to a dimension, in plain JSON types: its range, and what moved it."""
    rounds = []
    for plan in plans:
        move = next((move for move in plan.moves if move.name == name), None)
        told: dict[str, Any] = {"round": plan.number, "range": plan.space.dimensions[name].to_json()}
        if move is not None:
            told["move"] = move.to_json()
        rounds.append(told)
    return rounds


def show_history(console: Console, study: str, plans: Sequence[RoundPlan], names: Sequence[str]) -> None:
    """Each dimension's way through the rounds, a line a round."""
    ascii_ = console.options.ascii_only
    lines = []
    if len(plans) < 2:
        lines.append(f"study {clean(study)} has had one round so far; a next one is decided by hpt refine")
    for name in names:
        lines.append(clean(name))
        for plan in plans:
            move = next((move for move in plan.moves if move.name == name), None)
            if move is None:
                lines.append(f"  round {plan.number}: {bounds(plan.space.dimensions[name])}")
                continue
            strip = picture(move, ascii_=ascii_)
            lines.append(f"  round {plan.number}: {moved(move)}: {clean(move.why)}")
            if strip:
                lines.append(f"           the best lay at {strip}")
    if console.is_terminal:
        for line in lines:
            style = "bold" if line in names else ""
            console.print(Text(line, style))
    else:
        write_lines(console, lines)
