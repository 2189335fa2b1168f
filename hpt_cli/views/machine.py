"""The leaderboard for programs: JSON and CSV, every trial's every number."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hpt_cli.board import Leaderboard, Row
from hpt_cli.noise import Noise
from hpt_cli.ranking import COLUMNS, MEASURES, param_title
from hpt_cli.space import Value
from hpt_cli.trial import finite
from hpt_cli.views.standing import Standing, notes
from hpt_cli.views.text import clean, exact

_FIRST = COLUMNS.index(MEASURES[-1]) + 1  # the columns of a CSV file before params and metrics


def to_json(document: Any) -> str:
    """Plain JSON in ASCII, so that it survives every terminal and pipe."""
    return json.dumps(document, indent=2, allow_nan=False)


def json_lines(standing: Standing, rows: Sequence[Row]) -> Iterator[str]:
    """The document of :func:`standing_json`, a trial a line: of 100,000 it is not held at once."""
    head, key, tail = to_json(standing_json(standing, ())).partition('"leaderboard": [')
    yield head + key
    last = len(rows) - 1
    for place, row in enumerate(rows):
        yield f"    {json.dumps(row_json(row), allow_nan=False)}{',' if place < last else ''}"
    yield f"  {tail}"


def standing_json(standing: Standing, rows: Sequence[Row]) -> dict[str, Any]:
    """The leaderboard as plain JSON types: ``rows``, and the best trial on its own."""
    board = standing.board
    return {
        "name": standing.name,
        "folder": str(standing.folder.absolute()),
        "goal": standing.goal,
        "metric": standing.metric,
        "counts": {
            "planned": standing.planned,
            "finished": standing.finished,
            **{str(status): count for status, count in board.counts.items()},
        },
        "ended": standing.ended and standing.ended.to_json(),
        "best": None if board.best is None else row_json(board.best),
        "noise": None if board.noise is None else noise_json(board.noise, board.repeated),
        "confirmation": None if board.confirmation is None else board.confirmation.to_json(),
        "leaderboard": [row_json(row) for row in rows],
        "notes": notes(standing),
    }


def noise_json(noise: Noise, repeated: int) -> dict[str, Any]:
    """What repeats tell, in units of the objective; ``repeated`` trials were trained more than once."""
    return {
        "spread": noise.spread,
        "freedom": noise.freedom,
        "paired": noise.paired,
        "paired_freedom": noise.paired_freedom,
        "trials": noise.trials,
        "repeated": repeated,
    }


def row_json(row: Row) -> dict[str, Any]:
    """One trial's row."""
    result = row.result
    return {
        "rank": row.rank,
        "number": result.number,
        "round": result.round,
        "status": str(result.status),
        "objective": finite(result.objective),
        "mean": finite(row.mean),
        "spread": finite(row.spread),
        "interval": None if row.interval is None else [finite(row.interval.low), finite(row.interval.high)],
        "trainings": row.trainings,
        "standing": row.standing,
        "repeats": len(result.repeats),
        "params": dict(result.params),
        "metrics": {name: finite(of) for name, of in row.metrics.items()},
        "epochs": row.epochs,
        "seconds": result.timing.seconds,
        "error": result.error,
    }


def csv_lines(board: Leaderboard, rows: Iterable[Row]) -> Iterator[str]:
    """One line a trial, with every param and metric, under a line of names."""
    titles, cells_of_rows = records(board, rows)
    for cells in itertools.chain([map(clean, titles)], (map(exact, cells) for cells in cells_of_rows)):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(cells)
        yield line.getvalue()


def records(board: Leaderboard, rows: Iterable[Row]) -> tuple[list[str], Iterator[list[Value | None]]]:
    """Every trial's every value: the names of the columns, and a list a row.

    A param or metric that is called like another column has the name ``params.NAME`` or ``metrics.NAME``.
    """
    params, metrics = board.all_params, board.metrics
    titles = [param_title(name) for name in params]
    taken = {*COLUMNS, *titles}
    titles += [f"metrics.{name}" if name in taken else name for name in metrics]

    def cells(row: Row) -> list[Value | None]:
        result = row.result
        low, high = (row.interval.low, row.interval.high) if row.interval else (None, None)
        return [
            *(row.rank, result.number, result.round, str(result.status), result.objective),
            *(row.mean, row.spread, low, high, row.trainings, row.standing),
            *(result.params.get(name) for name in params),
            *(row.metrics.get(name) for name in metrics),
            *(row.epochs, result.timing.seconds, result.error),
        ]

    return [*COLUMNS[:_FIRST], *titles, *COLUMNS[_FIRST:]], map(cells, rows)
