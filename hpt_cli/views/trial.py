"""One trial: params, metrics, error, and where it came from."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hpt_cli.board import Row
from hpt_cli.trial import RepeatResult, Status
from hpt_cli.views.console import BEST, FAINT, WARNING, pairs, write_lines
from hpt_cli.views.curves import plain_curves, show_curves
from hpt_cli.views.leaderboard import objective, within
from hpt_cli.views.standing import Standing
from hpt_cli.views.table import Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, clean, clean_lines, exact, number, plural, seconds, value

_REPEAT_COLUMNS = 1  # what narrow terminals may lose: single repeats, the last first


def show_trial(console: Console, standing: Standing, row: Row) -> None:
    """All that is known of a trial."""
    if not console.is_terminal:
        write_lines(console, plain_trial(standing, row))
        return
    result = row.result
    best = row.rank == 1
    heading = Text.assemble((f"trial {result.number}", BEST if best else "bold"), f" of {standing.name}  ")
    heading.append(str(result.status), "" if result.status is Status.DONE else WARNING)
    if row.rank is not None:
        heading.append(f", rank {row.rank} of {standing.board.done}")
    console.print(heading)
    if row.rank is not None:
        said = objective(row, "+-" if console.options.ascii_only else "±")
        console.print(f"{standing.metric} {said}{within(row)}")
    if result.error:
        console.print()
        console.print(Text(clean_lines(result.error), WARNING))
    console.print()
    _show_params(console, standing, row)
    show_curves(console, result)
    if row.metrics:
        console.print()
        _show_metrics(console, row)
    console.print()
    console.print(pairs(_facts(standing, row), indent=""), style=FAINT)


def plain_trial(standing: Standing, row: Row) -> list[str]:
    """The same for a pipe: a name, a tab and the whole value on each line; an error has several of them."""
    result = row.result
    lines = [f"trial\t{result.number}", f"study\t{standing.name}", f"status\t{result.status}"]
    if row.rank is not None:
        lines += [f"rank\t{row.rank}", f"{standing.metric}\t{exact(row.mean)}"]
        lines += [] if row.spread is None else [f"spread\t{exact(row.spread)}"]
        found = row.interval
        lines += [f"low\t{exact(found.low)}", f"high\t{exact(found.high)}"] if found else []
    lines += [f"error\t{clean(line)}" for line in (result.error or "").splitlines() if line.strip()]
    lines += [f"params.{clean(name)}\t{exact(of)}" for name, of in result.params.items()]
    lines += [f"metrics.{clean(name)}\t{exact(of)}" for name, of in row.metrics.items()]
    lines += [f"{name}\t{said}" for name, said in _facts(standing, row)]
    return lines + plain_curves(result)


def _show_params(console: Console, standing: Standing, row: Row) -> None:
    """The params; beside the best trial's, with a mark where they differ, unless this is the best."""
    params = row.result.params
    best = standing.board.best
    if best is None or best.result.number == row.result.number:
        console.print(Text("params", "bold"))
        console.print(pairs([(clean(name), value(of)) for name, of in params.items()]))
        return
    console.print(Text(f"params, beside the best, trial {best.result.number}", "bold"))
    names = list(dict.fromkeys((*params, *best.result.params)))
    differs = [value(params.get(name)) != value(best.result.params.get(name)) for name in names]
    mark = "*" if console.options.ascii_only else "≠"
    columns = [
        Column("param", tuple(clean(name) for name in names)),
        Column("this", tuple(value(params.get(name)) for name in names)),
        Column("", tuple(mark if different else "" for different in differs)),
        Column("best", tuple(value(best.result.params.get(name)) for name in names)),
    ]
    console.print(draw(console, columns, ["" if different else FAINT for different in differs]))


def _show_metrics(console: Console, row: Row) -> None:
    """Means, and each repeat's own values where there are several."""
    repeats = row.result.repeats
    names = list(row.metrics)
    columns = [Column("metric", tuple(clean(name) for name in names))]
    columns.append(
        numbers("mean" if row.trainings > 1 else "value", [number(row.metrics[name]) for name in names])
    )
    if len(repeats) > 1:
        columns += [
            numbers(f"repeat {index}", _values(repeat, names), _REPEAT_COLUMNS + index)
            for index, repeat in enumerate(repeats)
        ]
    kept, dropped = fitting(columns, console.width)
    console.print(draw(console, kept, [""] * len(names)))
    if dropped:
        console.print(Text(f"too narrow for {plural(len(dropped), 'repeat')}: --json has all", FAINT))


def _values(repeat: RepeatResult, names: Sequence[str]) -> list[str]:
    return [number(repeat.metrics[name]) if name in repeat.metrics else ABSENT for name in names]


def _facts(standing: Standing, row: Row) -> list[tuple[str, str]]:
    result = row.result
    strategy = clean(result.origin.strategy)
    chosen = {
        "start": ("chosen as", f"a start point of {strategy}"),
        "model": ("chosen by", f"{strategy}, by its model"),
        "spread": ("chosen by", f"{strategy}, as its model finds no order yet"),
        "enqueued": ("chosen by", "search.enqueue"),
        "probe": ("chosen as", f"a probe of {strategy}"),
    }
    facts = [
        ("round", str(result.round)),
        chosen.get(result.origin.kind, ("chosen by", strategy)),
        ("epochs", ABSENT if row.epochs is None else str(row.epochs)),
        ("seconds", seconds(result.timing.seconds)),
        ("finished", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(result.timing.finished))),
        ("file", str(standing.folder / "trials" / f"{result.number:05d}.json")),
    ]
    log = standing.folder / "trials" / f"{result.number:05d}.log"
    if log.exists():
        facts.append(("log", str(log)))
    if len(result.repeats) > 1:
        facts.insert(2, ("repeats", str(len(result.repeats))))
    if row.trainings > 1:
        facts.insert(2, ("trainings", str(row.trainings)))
    return facts
