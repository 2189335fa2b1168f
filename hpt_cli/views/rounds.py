"""What a round did to each dimension: from where to where, and why."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from hpt_cli.rounds import Move, RoundPlan
from hpt_cli.views.console import FAINT, write_lines
from hpt_cli.views.table import Column, draw, fitting
from hpt_cli.views.text import bounds, clean, plural

_LAST = 1  # the only column that may go, and with it the table


def show_round(console: Console, plan: RoundPlan) -> None:
    """A round's plan and its moves: a table, or, where there is no room for one, a sentence each."""
    if not console.is_terminal:
        write_lines(console, plain_round(plan))
        return
    console.print(Text.assemble((f"round {plan.number}", "bold"), f"  {_summary(plan)}"))
    console.print()
    if not plan.moves:
        return
    columns = [
        Column("dimension", tuple(clean(move.name) for move in plan.moves)),
        Column("move", tuple(clean(move.action) for move in plan.moves)),
        Column("from", tuple(bounds(move.old) for move in plan.moves)),
        Column("to", tuple("" if move.new == move.old else bounds(move.new) for move in plan.moves)),
        Column("why", tuple(clean(move.why) for move in plan.moves), drop=_LAST, wraps=True),
    ]
    _, dropped = fitting(columns, console.width)
    if dropped:
        for move in plan.moves:
            console.print(Text.assemble((clean(move.name), "bold"), f" {_moved(move)}: {clean(move.why)}"))
    else:
        console.print(draw(console, columns, [FAINT if move.new == move.old else "" for move in plan.moves]))
    console.print()


def plain_round(plan: RoundPlan) -> list[str]:
    """A line for the plan and one for each move."""
    lines = [f"round {plan.number}: {_summary(plan)}"]
    return lines + [f"{clean(move.name)}: {_moved(move)}: {clean(move.why)}" for move in plan.moves]


def _summary(plan: RoundPlan) -> str:
    repeats = f" of {plural(plan.repeats, 'repeat')}" if plan.repeats > 1 else ""
    return f"{clean(plan.strategy)}, {plural(plan.trials, 'trial')}{repeats}"


def _moved(move: Move) -> str:
    if move.new == move.old:
        return f"{clean(move.action)} {bounds(move.old)}"
    return f"{clean(move.action)} {bounds(move.old)} to {bounds(move.new)}"
