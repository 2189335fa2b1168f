"""The leaderboard: a table in a terminal, whole tab-separated lines in a pipe, Markdown for a report."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hpt_cli.board import Leaderboard, Row
from hpt_cli.ranking import param_title, value_by
from hpt_cli.trial import Status
from hpt_cli.views.confirmed import headline, test_scores
from hpt_cli.views.console import BEST, FAINT, WARNING, pairs, plus_minus, write_lines
from hpt_cli.views.standing import Standing, counts, notes
from hpt_cli.views.table import KEEP, Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, clean, exact, interval, number, seconds, spread, value

# What goes first where the terminal is narrow; params go from the last to the first.
_DROP_STATUS, _DROP_SECONDS, _DROP_EPOCHS, _DROP_INTERVAL, _DROP_PARAM = 400, 300, 200, 150, 1


def show(console: Console, standing: Standing, rows: Sequence[Row], by: str = "objective") -> None:
    """The whole view of a study: its name, the table, the best trial, what to know and what to do next.

    Args:
        console: Where to.
        standing: Of the study.
        rows: Those of the table.
        by: What they are sorted by, which gets a column.
    """
    if not console.is_terminal:
        write_lines(console, plain(standing, rows, by))
        return
    heading = Text.assemble((standing.name, "bold"), f"  {counts(standing)}")
    heading.append(f"  {standing.goal} {standing.metric}", FAINT)
    console.print(heading)
    console.print()
    if rows:
        columns = leaderboard_columns(standing.board, rows, standing.metric, plus_minus(console), by)
        kept, dropped = fitting(columns, console.width)
        console.print(draw(console, kept, row_styles(standing.board, rows)))
        titles = ", ".join(column.title for column in dropped if column.drop != _DROP_STATUS)
        if titles:
            console.print(Text(f"too narrow for {titles}: --format csv has all", FAINT))
        console.print()
    show_best(console, standing)
    for note in notes(standing):
        console.print(Text.assemble(("note: ", WARNING), note))
    show_ways(console, standing)


def show_best(console: Console, standing: Standing) -> None:
    """The best trial and its params, or that there is none yet."""
    best = standing.board.best
    if best is None:
        console.print(Text("no trial is done yet" if standing.finished == 0 else "no trial is done", WARNING))
        return
    name, said, scores = best_said(standing, best, plus_minus(console))
    console.print(Text.assemble((name, BEST), f"  {said}"))
    if scores:
        console.print(pairs(scores))
    console.print(pairs([(name, value(of)) for name, of in best.result.params.items()], style=BEST))


def best_said(standing: Standing, best: Row, sign: str) -> tuple[str, str, list[tuple[str, str]]]:
    """``best: trial 17``, how good it is, and, of a confirmed one, each metric's score on the test rows."""
    record, number_ = standing.board.confirmation, best.result.number
    if best.confirmed and record is not None and record.outcome is not None:
        scores = test_scores(record.outcome, standing.metric, sign)
        return f"confirmed: trial {number_}", headline(record, standing.metric), scores
    return f"best: trial {number_}", f"{standing.metric} {objective(best, sign)}{within(best)}", []


def show_ways(console: Console, standing: Standing) -> None:
    """Where the study is and what to type next."""
    ways = [("study", str(standing.folder))]
    if standing.finished:
        ways.append(("more", f"hpt show {standing.handle} --top {standing.finished}"))
    if standing.board.best is not None:
        number_ = standing.board.best.result.number
        ways.append(("", f"hpt trial {number_} {standing.handle}"))
        ways.append(("", f"hpt best {standing.handle} --yaml"))
    console.print()
    console.print(pairs(ways, indent=""), style=FAINT, soft_wrap=True)  # can be copied in one piece


def leaderboard_columns(
    board: Leaderboard, rows: Sequence[Row], metric: str, sign: str, by: str = "objective"
) -> list[Column]:
    """Rank, trial, objective, its interval, what it is sorted by, params that vary, epochs, seconds, status.

    The best is marked, or the confirmed one, and what cannot be told from it.
    """
    best = board.best
    confirmed = "✓ " if sign == "±" else "+ "
    marks = [
        confirmed
        if row.confirmed
        else "* "
        if best and row.result.number == best.result.number
        else "~ "
        if row.level and best and board.noise and board.noise.spread > 0
        else ""
        for row in rows
    ]
    all_done = all(row.result.status is Status.DONE for row in rows)
    columns = [
        Column(
            "rank",
            tuple(f"{mark}{row.rank or ABSENT}" for mark, row in zip(marks, rows, strict=True)),
            "right",
        ),
        Column("trial", tuple(str(row.result.number) for row in rows), "right"),
        Column(metric, objectives(rows, sign), "right"),
    ]
    if any(row.interval is not None for row in rows):
        intervals = [interval(row.interval.low, row.interval.high) if row.interval else "" for row in rows]
        columns.append(Column("95 %", tuple(intervals), "right", _DROP_INTERVAL))
    sorted_by = None if by == metric else value_by(board, by)
    if sorted_by is not None:
        columns.append(numbers(by, [value(sorted_by(row)) for row in rows]))
    for index, name in enumerate(board.params):
        values = [row.result.params.get(name) for row in rows]
        cells = [value(of) for of in values]
        drop = _DROP_PARAM + index
        textual = any(isinstance(of, (bool, str)) for of in values)
        title = param_title(name)
        columns.append(Column(title, tuple(cells), drop=drop) if textual else numbers(title, cells, drop))
    epochs = [ABSENT if row.epochs is None else str(row.epochs) for row in rows]
    times = [seconds(row.result.timing.seconds) for row in rows]
    if any(row.epochs is not None for row in rows):  # a function may have none
        columns.append(numbers("epochs", epochs, _DROP_EPOCHS))
    columns.append(numbers("seconds", times, _DROP_SECONDS))
    statuses = tuple(str(row.result.status) for row in rows)
    columns.append(Column("status", statuses, drop=_DROP_STATUS if all_done else KEEP))
    return columns


def row_styles(board: Leaderboard, rows: Sequence[Row]) -> list[str]:
    """The best stands out, what has no objective stands back."""
    best = board.best
    return [
        BEST if best and row.result.number == best.result.number else FAINT if row.rank is None else ""
        for row in rows
    ]


def objective(row: Row, sign: str) -> str:
    """``0.9889 ± 0.0021``, or without the spread where there is one repeat."""
    if row.mean is None:
        return ABSENT
    return number(row.mean) + ("" if row.spread is None else f" {sign} {spread(row.spread)}")


def plain(standing: Standing, rows: Sequence[Row], by: str = "objective") -> list[str]:
    """The same for a pipe: tab-separated, every digit, nothing cut; then the notes, a line each."""
    board = standing.board
    lines = []
    if rows:
        spreads = any(row.spread is not None for row in rows)
        known = any(row.interval is not None for row in rows)
        titles = ["rank", "trial", standing.metric, *(["spread"] if spreads else [])]
        titles += ["low", "high", "standing"] if known else []
        sorted_by = None if by == standing.metric else value_by(board, by)
        titles += [clean(by)] if sorted_by else []
        titles += map(param_title, board.params)
        lines.append("\t".join([*titles, "epochs", "seconds", "status"]))
        for row in rows:
            result = row.result
            cells = [exact(row.rank), exact(result.number), exact(row.mean)]
            cells += [exact(row.spread)] if spreads else []
            ends = (row.interval.low, row.interval.high) if row.interval else (None, None)
            cells += [*map(exact, ends), row.standing] if known else []
            cells += [exact(sorted_by(row))] if sorted_by else []
            cells += [exact(result.params.get(name)) for name in board.params]
            cells += [exact(row.epochs), seconds(result.timing.seconds), str(result.status)]
            lines.append("\t".join(cell or ABSENT for cell in cells))
        lines.append("")
    lines.append(f"{standing.name}: {counts(standing)}, {standing.goal} {standing.metric}")
    best = board.best
    if best is None:
        lines.append("no trial is done yet" if standing.finished == 0 else "no trial is done")
    else:
        lines.append(_plain_best(standing, best))
        if best.confirmed and board.confirmation and board.confirmation.outcome:
            scores = test_scores(board.confirmation.outcome, standing.metric, "+-")
            lines += [f"{name}: {said}" for name, said in scores]
    lines += [f"note: {note}" for note in notes(standing)]
    lines.append(f"study: {standing.folder}")
    if len(rows) < standing.finished:
        lines.append(f"more: hpt show {standing.handle} --top {standing.finished}")
    return lines


def _plain_best(standing: Standing, best: Row) -> str:
    params = ", ".join(f"{name} {exact(of)}" for name, of in best.result.params.items())
    record = standing.board.confirmation
    if best.confirmed and record is not None:
        return f"confirmed: trial {best.result.number}, {headline(record, standing.metric)}: {params}"
    said = f"{standing.metric} {objective(best, '+-')}{within(best)}"
    return f"best: trial {best.result.number}, {said}: {params}"


def markdown(standing: Standing, rows: Sequence[Row], sign: str = "±", by: str = "objective") -> str:
    """A table for a report or a pull request."""
    columns = leaderboard_columns(standing.board, rows, standing.metric, sign, by)
    rules = ["---:" if column.justify == "right" else "---" for column in columns]
    lines = [[column.title for column in columns], rules]
    lines += [list(cells) for cells in zip(*(column.cells for column in columns), strict=True)]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def within(row: Row) -> str:
    """Where the mean lies, as the end of a line."""
    found = row.interval
    return f", 95 % {interval(found.low, found.high)}" if found and found.low < found.high else ""


def objectives(rows: Sequence[Row], sign: str) -> tuple[str, ...]:
    """Means below means, spreads below spreads."""
    values = [row.mean for row in rows]
    means = numbers("", [ABSENT if of is None else number(of, zeros=True) for of in values]).cells
    if all(row.spread is None for row in rows):
        return means
    spreads = numbers("", ["" if row.spread is None else spread(row.spread) for row in rows]).cells
    width = max(map(len, spreads))
    return tuple(
        f"{mean} {sign if row.spread is not None else ' ' * len(sign)} {spread.rjust(width)}"
        for mean, spread, row in zip(means, spreads, rows, strict=True)
    )


def _cell(text: str) -> str:
    return text.strip().replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
