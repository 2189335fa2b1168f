"""The leaderboard: which trials are best, by how much, and what deserves a second look.

Pure: finished trials in, plain values out; nothing is read, printed or imported that takes time.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hpt_cli.errors import ExpectationMissedError, InputError
from hpt_cli.network import metric_goal
from hpt_cli.space import SCALES, Choice, Dimension, Float, Int, Params, SearchSpace, Value
from hpt_cli.trial import Status, TrialResult

COLUMNS = ("rank", "trial", "round", "status", "objective", "spread", "epochs", "seconds", "error")
"""What every trial has, by the names of every table; a param of such a name is called ``params.NAME``."""

_EDGE = 0.03  # share of a range, in units of its scale, that counts as its edge
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_EXPECTATION = re.compile(r"\s*(?P<metric>[^\s<>=!]+)\s*(?P<sign>[<>=!]+)\s*(?P<number>\S+)\s*")


@dataclass(frozen=True)
class Row:
    """One trial's place among the others.

    Args:
        rank: From 1; trials with the same objective share it, and the next rank is skipped.  ``None`` for a
            trial that is not done.
        result: The trial.

    What follows from the result is worked out when it is asked for: of 100,000 rows few are shown.
    """

    rank: int | None
    result: TrialResult

    @cached_property
    def spread(self) -> float | None:
        """Sample standard deviation of the objective over the repeats; ``None`` with fewer than two."""
        if self.result.objective is None:
            return None
        return _standard_deviation(
            [repeat.objective for repeat in self.result.repeats if repeat.objective is not None]
        )

    @cached_property
    def epochs(self) -> int | None:
        """Epochs run, the most of any repeat; ``None`` where no repeat has a curve."""
        return max(
            (repeat.epochs for repeat in self.result.repeats if repeat.epochs is not None), default=None
        )

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """Each metric's mean over the repeats."""
        return mean_metrics(self.result)


@dataclass(frozen=True)
class Edge:
    """The best trial's value lies at an end of what was searched.

    Args:
        name: The dimension.
        value: The best trial's.
        end: ``lower`` or ``upper``.
        low: Of the widest range that any round searched.
        high: Likewise.
    """

    name: str
    value: float
    end: str
    low: float
    high: float


@dataclass(frozen=True)
class Leaderboard:
    """A study's finished trials, best first.

    Args:
        goal: ``minimize`` or ``maximize``.
        rows: The done ones by objective, ties by number; then the others by status and number.
        params: The names that are worth a column, in the space's order: they could vary, and did.
        edges: Where the range should be widened.
        counts: Finished trials by status, those with none left out.
        names: Of all the space's params, in its order.
    """

    goal: str
    rows: tuple[Row, ...]
    params: tuple[str, ...]
    edges: tuple[Edge, ...]
    counts: Mapping[Status, int]
    names: tuple[str, ...] = ()

    @property
    def best(self) -> Row | None:
        """The first row, if its trial is done."""
        return self.rows[0] if self.rows and self.rows[0].rank == 1 else None

    @property
    def ties(self) -> tuple[Row, ...]:
        """The rows that share the first rank with the best."""
        return tuple(row for row in self.rows[1:] if row.rank == 1)

    @property
    def all_params(self) -> tuple[str, ...]:
        """Every param that a trial has, in the space's order."""
        found = dict.fromkeys(name for row in self.rows for name in row.result.params)
        return tuple(dict.fromkeys([*(name for name in self.names if name in found), *found]))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that a trial has, in the order of the trials' own."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.metrics))


def rank(results: Iterable[TrialResult], goal: str, space: SearchSpace | None) -> Leaderboard:
    """Order finished trials.

    Args:
        results: In any order.
        goal: ``minimize`` or ``maximize``.
        space: What was searched; of several rounds, :func:`widest`.  ``None`` if nothing was planned yet.
    """
    ordered = sorted(results, key=lambda result: sort_key(result, goal))
    rows: list[Row] = []
    for result in ordered:
        rows.append(_row(result, place=len(rows) + 1, before=rows[-1] if rows else None))
    best = rows[0].result if rows and rows[0].rank == 1 else None
    counts = Counter(result.status for result in ordered)
    return Leaderboard(
        goal=goal,
        rows=tuple(rows),
        params=_varying(ordered, space),
        edges=edges(best.params, space) if best and space else (),
        counts={status: counts[status] for status in Status if status in counts},
        names=space.names if space else (),
    )


def best_of(results: Iterable[TrialResult], goal: str) -> TrialResult | None:
    """The best trial that is done, the first of equals; ``None`` if there is none."""
    done = (result for result in results if result.objective is not None)
    return min(done, key=lambda result: sort_key(result, goal), default=None)


def sort_key(result: TrialResult, goal: str) -> tuple[float, ...]:
    """What to sort trials by for the best to come first."""
    if result.objective is None:
        return (1.0, list(Status).index(result.status), result.number)
    return (0.0, result.objective if goal == "minimize" else -result.objective, result.number)


def is_tie(a: TrialResult, b: TrialResult) -> bool:
    """Whether two done trials are equally good; a mean's rounding error makes no difference."""
    if a.objective is None or b.objective is None:
        return False
    return math.isclose(a.objective, b.objective, rel_tol=1e-12)


def mean_metrics(result: TrialResult) -> dict[str, float]:
    """Each metric's mean over the repeats that have it."""
    values: dict[str, list[float]] = {}
    for repeat in result.repeats:
        for name, value in repeat.metrics.items():
            values.setdefault(name, []).append(value)
    return {name: math.fsum(found) / len(found) for name, found in values.items()}


def widest(spaces: Sequence[SearchSpace]) -> SearchSpace | None:
    """The space that holds every round's: each range from its least low to its greatest high.

    An edge is judged by it, because a round's own edge is only where ``hpt`` narrowed; past the widest one
    nothing was ever tried.
    """
    if not spaces:
        return None
    first = spaces[0]
    return first.replace(
        {
            name: _union([space.dimensions[name] for space in spaces if name in space.dimensions])
            for name in first.names
        }
    )


def edges(params: Params, space: SearchSpace) -> tuple[Edge, ...]:
    """The numeric params at an end of their range, or within 3 % of it in units of its scale.

    Ends past which there is nothing are left out: 0 (and 1 for an int) below, and 1 above a linear range of
    shares that starts at 0 or more.
    """
    found = []
    for name, dimension in space.dimensions.items():
        value = params.get(name)
        if isinstance(dimension, Choice) or isinstance(value, (bool, str)) or value is None:
            continue
        low, high = dimension.low, dimension.high
        place = _place(value, low, high, dimension.scale)
        if place <= _EDGE and not (low == 0 or (isinstance(low, int) and low == 1)):
            found.append(Edge(name, value, "lower", low, high))
        elif place >= 1 - _EDGE and not (high == 1 and low >= 0 and dimension.scale == "linear"):
            found.append(Edge(name, value, "upper", low, high))
    return tuple(found)


def param_title(name: str) -> str:
    """What a table calls a param: its name, unless each trial has something else of that name."""
    return f"params.{name}" if name in COLUMNS else name


def sort_rows(board: Leaderboard, by: str) -> tuple[Row, ...]:
    """The rows in another order: by a column of the tables, a param or a metric.

    Numbers come before text, and trials without a value last.  A known metric is sorted from good to bad, all
    else from small to large; ties keep the order of the leaderboard.

    Args:
        board: The leaderboard.
        by: One of :data:`COLUMNS` but the error, ``number`` for ``trial``, a param (``params.NAME`` if it is
            called like a column) or a metric.

    Raises:
        InputError: There is nothing of that name; the message says what there is.
    """
    if by in ("objective", "rank"):
        return board.rows
    columns: dict[str, Callable[[Row], Value | None]] = {
        "trial": lambda row: row.result.number,
        "number": lambda row: row.result.number,
        "round": lambda row: row.result.round,
        "status": lambda row: list(Status).index(row.result.status),
        "spread": lambda row: row.spread,
        "epochs": lambda row: row.epochs,
        "seconds": lambda row: row.result.timing.seconds,
    }
    params = {param_title(name): name for name in board.all_params}
    if by in columns:
        return tuple(sorted(board.rows, key=lambda row: _value_order(columns[by](row))))
    if by in params:
        return tuple(sorted(board.rows, key=lambda row: _value_order(row.result.params.get(params[by]))))
    if by in board.metrics:
        sign = -1.0 if _is_maximized(by) else 1.0
        return tuple(sorted(board.rows, key=lambda row: _number_order(row.metrics.get(by), sign)))
    known = ["objective", "rank", *columns, *params, *board.metrics]
    raise InputError(f"--sort {by}: there is no such column; {_suggest(by, known)}")


@dataclass(frozen=True)
class Expectation:
    """What the best trial must reach.  Made by :func:`parse_expectation`.

    Args:
        metric: A metric of the trial, or ``objective``.
        sign: ``>=``, ``<=``, ``>`` or ``<``.
        number: The bound.
    """

    metric: str
    sign: str
    number: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.number:g}"


def parse_expectation(text: str) -> Expectation:
    """Read ``validation_accuracy >= 0.95``.

    Raises:
        InputError: It is not a metric, a comparison and a number; or a metric of the test rows.
    """
    form = 'write a metric, a comparison (>=, >, <=, <) and a number: "validation_accuracy >= 0.95"'
    parts = _EXPECTATION.fullmatch(text)
    if parts is None or parts["sign"] not in _OPERATORS:
        raise InputError(f"--expect {text!r}: {form}")
    try:
        number = float(parts["number"])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"--expect {text!r}: {parts['number']!r} is not a number; {form}")
    if parts["metric"].startswith("test_"):
        bare = parts["metric"].removeprefix("test_")
        raise InputError(
            f"--expect {text!r}: test rows are not looked at by run and show, so that nothing is chosen by "
            f"them; write validation_{bare}"
        )
    return Expectation(parts["metric"], parts["sign"], number)


def check_expectation(expectation: Expectation, best: Row | None) -> float:
    """The value that the best trial reached.

    Raises:
        InputError: The trial has no such metric; the message names those it has.
        ExpectationMissedError: It reached less, or there is no best trial.
    """
    if best is None:
        raise ExpectationMissedError(f"expected {expectation}, but no trial is done")
    values = {"objective": best.result.objective, **best.metrics}
    found = values.get(expectation.metric)
    if found is None:
        raise InputError(
            f"--expect: trial {best.result.number} has no metric {expectation.metric!r}; "
            f"{_suggest(expectation.metric, list(values))}"
        )
    if not _OPERATORS[expectation.sign](found, expectation.number):
        raise ExpectationMissedError(
            f"expected {expectation}, but the best trial ({best.result.number}) has {found:.6g}"
        )
    return found


def _row(result: TrialResult, *, place: int, before: Row | None) -> Row:
    if result.objective is None:
        return Row(None, result)
    return Row(before.rank if before and is_tie(before.result, result) else place, result)


def _standard_deviation(values: Sequence[float]) -> float | None:
    """Of a sample: over n - 1."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _varying(results: Sequence[TrialResult], space: SearchSpace | None) -> tuple[str, ...]:
    """The params with more than one value: possible, and among the trials (of which one shows all)."""
    if space is None:
        return ()
    names = [name for name, dimension in space.dimensions.items() if dimension.size != 1]
    same = set(names) if len(results) > 1 else set()
    for result in results:  # few tell enough: one trial's params are rarely another's
        same = {name for name in same if _value_of(result, name) == _value_of(results[0], name)}
        if not same:
            break
    return tuple(name for name in names if name not in same)


def _value_of(result: TrialResult, name: str) -> tuple[type, Value | None]:
    value = result.params.get(name)
    return type(value), value


def _union(dimensions: Sequence[Dimension]) -> Dimension:
    first = dimensions[0]
    if isinstance(first, Choice):
        choices = (value for other in dimensions if isinstance(other, Choice) for value in other.choices)
        unique = {(type(value), value): value for value in choices}
        return dataclasses.replace(first, choices=tuple(unique.values()))
    ranges = [other for other in dimensions if not isinstance(other, Choice)]
    low, high = min(other.low for other in ranges), max(other.high for other in ranges)
    # A step plays no part at an edge, and need not fit between the ends of different rounds.
    if isinstance(first, Int):
        return Int(int(low), int(high), first.scale, when=first.when)
    return Float(low, high, first.scale, when=first.when)


def _place(value: float, low: float, high: float, scale: str) -> float:
    """Where ``value`` lies between ``low`` (0) and ``high`` (1), in units of the scale."""
    if value <= low:
        return 0.0
    if value >= high:
        return 1.0
    units = SCALES[scale].to_internal
    return (units(value) - units(low)) / (units(high) - units(low))


def _value_order(value: Value | None) -> tuple[int, float, str]:
    if value is None:
        return (2, 0.0, "")
    return (1, 0.0, value) if isinstance(value, str) else (0, float(value), "")


def _number_order(value: float | None, sign: float) -> tuple[int, float]:
    return (1, 0.0) if value is None or math.isnan(value) else (0, sign * value)


def _is_maximized(metric: str) -> bool:
    try:
        return metric_goal(metric) == "maximize"
    except ValueError:  # of the user's own making
        return False


def _suggest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
