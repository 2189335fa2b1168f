"""The leaderboard: which trials are best, by how much, and what deserves a second look.

Pure: finished trials in, plain values out; nothing is read, printed or imported that takes time.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hpt_cli.confirmation import Confirmation
from hpt_cli.errors import InputError
from hpt_cli.evidence import NOTHING_ELSE, Evidence
from hpt_cli.network import metric_goal
from hpt_cli.noise import Interval, Noise, Trainings, contenders, interval, mean_of, measure, sample_spread
from hpt_cli.rerun import objectives_of
from hpt_cli.space import SCALES, Choice, Dimension, Float, Int, Params, SearchSpace, Value
from hpt_cli.trial import RepeatResult, Status, TrialResult

MEASURES = ("objective", "mean", "spread", "low", "high", "trainings", "standing")
"""How good a trial is, by the names of every table that holds all: the objective is the mean of its planned
repeats, the mean that of the trainings that it is judged by, low and high the ends of the mean's interval."""

COLUMNS = ("rank", "trial", "round", "status", *MEASURES, "epochs", "seconds", "error")
"""What every trial has, by the names of every table; a param of such a name is called ``params.NAME``."""

_LOOKED_AT = 1000  # of more trials, noise and contenders are looked for among so many, the best
_EDGE = 0.03  # share of a range, in units of its scale, that counts as its edge


@dataclass(frozen=True)
class Row:
    """One trial's place among the others.

    Args:
        rank: From 1; trials with the same mean share it, and the next rank is skipped.  ``None`` for a trial
            that is not done.
        result: The trial.
        counted: The trainings that it is judged by, see :class:`hpt_cli.evidence.Evidence`; ``None`` for its
            repeats.
        noise: What the repeats of all trials tell.
        level: Whether it cannot be told from the best.
        confirmed: Whether it is the confirmed one.
        found: Where a confirmation found its mean to lie.

    What follows from the result is worked out when it is asked for: of 100,000 rows few are shown.
    """

    rank: int | None
    result: TrialResult
    counted: tuple[RepeatResult, ...] | None = None
    noise: Noise | None = None
    level: bool = False
    confirmed: bool = False
    found: Interval | None = None

    @property
    def trainings(self) -> int:
        """How many trainings it is judged by."""
        return len(self._objectives)

    @cached_property
    def mean(self) -> float | None:
        """Of the objective over these trainings; ``None`` for a trial that is not done."""
        if self.result.objective is None or not self._objectives:
            return self.result.objective
        return mean_of(self._objectives)

    @cached_property
    def spread(self) -> float | None:
        """Sample standard deviation of the objective over them; ``None`` with fewer than two."""
        return sample_spread(list(self._objectives.values())) if len(self._objectives) > 1 else None

    @cached_property
    def interval(self) -> Interval | None:
        """Where the mean over all training seeds lies; ``None`` where that is not known."""
        if self.found is not None:
            return self.found
        return interval(self._objectives, self.noise) if self._objectives else None

    @cached_property
    def epochs(self) -> int | None:
        """Epochs run, the most of any repeat; ``None`` where no repeat has a curve."""
        return max(
            (repeat.epochs for repeat in self.result.repeats if repeat.epochs is not None), default=None
        )

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """Each metric's mean over these trainings."""
        return mean_metrics(self.result.repeats if self.counted is None else self.counted)

    @property
    def standing(self) -> str:
        """``confirmed``, ``best``, ``contender`` or nothing."""
        if self.confirmed:
            return "confirmed"
        return "best" if self.rank == 1 else "contender" if self.level else ""

    @cached_property
    def _objectives(self) -> Trainings:
        """By seed; empty for a trial that is not done."""
        if self.result.objective is None:
            return {}
        return objectives_of(self.result.repeats if self.counted is None else self.counted)


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


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """A study's finished trials, best first.

    Args:
        goal: ``minimize`` or ``maximize``.
        rows: The done ones by mean, ties by number, a confirmation's candidates before the others and the
            confirmed one first; then the others by status and number.
        params: The names that are worth a column, in the space's order: they could vary, and did.
        edges: Where the range should be widened.
        counts: Finished trials by status, those with none left out.
        names: Of all the space's params, in its order.
        noise: What repeats tell; ``None`` where no trial was trained twice.
        confirmation: The last one that chose a trial.
    """

    goal: str
    rows: tuple[Row, ...]
    params: tuple[str, ...]
    edges: tuple[Edge, ...]
    counts: Mapping[Status, int]
    names: tuple[str, ...] = ()
    noise: Noise | None = None
    confirmation: Confirmation | None = None

    def __repr__(self) -> str:
        best = "none done" if self.best is None else f"best {self.best.result.number}: {self.best.mean}"
        return f"<Leaderboard of {len(self.rows)} trials, {best}>"

    @property
    def level(self) -> tuple[Row, ...]:
        """The trials that cannot be told from the best, without it."""
        return tuple(row for row in self.rows[1:] if row.level)

    @property
    def done_since(self) -> int:
        """How many trials have been done since the confirmation."""
        done = sum(row.rank is not None for row in self.rows)
        return 0 if self.confirmation is None else done - self.confirmation.plan.done

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


def rank(
    results: Iterable[TrialResult],
    goal: str,
    space: SearchSpace | None,
    evidence: Evidence = NOTHING_ELSE,
) -> Leaderboard:
    """Order finished trials.

    Args:
        results: In any order.
        goal: ``minimize`` or ``maximize``.
        space: What was searched; of several rounds, :func:`widest`.  ``None`` if nothing was planned yet.
        evidence: What is known beside the trials.
    """
    results = list(results)
    confirmed = evidence.confirmed(sum(result.objective is not None for result in results))
    order = _Order(goal, evidence, confirmed)
    keys = {result.number: order.key(result) for result in results}
    ordered = sorted(results, key=lambda result: keys[result.number])
    head = [result for result in ordered[:_LOOKED_AT] if result.objective is not None]
    trainings = {result.number: evidence.trainings(result) for result in head}
    noise = measure(trainings.values(), goal)
    level = _level(trainings, noise, goal, evidence, confirmed)
    rows: list[Row] = []
    for place, result in enumerate(ordered, start=1):
        number = result.number
        tied = bool(rows) and _is_tie(keys[rows[-1].result.number], keys[number])
        rows.append(
            Row(
                rank=None if result.objective is None else rows[-1].rank if tied else place,
                result=result,
                counted=tuple(evidence.repeats(result)) if evidence.knows(number) else None,
                noise=noise,
                level=number in level,
                confirmed=number == confirmed,
                found=evidence.interval_of(number) if evidence.knows(number) else None,
            )
        )
    best = rows[0].result if rows and rows[0].rank == 1 else None
    counts = Counter(result.status for result in ordered)
    return Leaderboard(
        goal=goal,
        rows=tuple(rows),
        params=_varying(ordered, space),
        edges=edges(best.params, space) if best and space else (),
        counts={status: counts[status] for status in Status if status in counts},
        names=space.names if space else (),
        noise=noise,
        confirmation=evidence.last,
    )


def best_of(
    results: Iterable[TrialResult], goal: str, evidence: Evidence = NOTHING_ELSE
) -> TrialResult | None:
    """The trial at the top of the leaderboard; ``None`` if none is done."""
    done = [result for result in results if result.objective is not None]
    order = _Order(goal, evidence, evidence.confirmed(len(done)))
    return min(done, key=order.key, default=None)


_NOT_DONE = 3.0  # behind every tier of those that are


def _is_tie(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two trials are equally good, by their keys; a mean's rounding error makes no difference."""
    return a[0] == b[0] != _NOT_DONE and math.isclose(a[1], b[1], rel_tol=1e-12)


class _Order:
    """Which trial is before which, by all that is known."""

    def __init__(self, goal: str, evidence: Evidence, confirmed: int | None) -> None:
        self._goal = goal
        self._evidence = evidence
        self._confirmed = confirmed
        last = evidence.last if confirmed is not None else None
        candidates = last.outcome.candidates if last and last.outcome else ()
        self._fresh = {candidate.trial for candidate in candidates if candidate.fresh}

    def key(self, result: TrialResult) -> tuple[float, ...]:
        """What to sort by."""
        if result.objective is None:
            return (_NOT_DONE, list(Status).index(result.status), result.number)
        mean = mean_objective(result, self._evidence)
        return (self._tier(result), mean if self._goal == "minimize" else -mean, result.number)

    def _tier(self, result: TrialResult) -> float:
        return 0.0 if result.number == self._confirmed else 1.0 if result.number in self._fresh else 2.0


def mean_objective(result: TrialResult, evidence: Evidence = NOTHING_ELSE) -> float:
    """The mean objective of a trial that is done, over the trainings that it is judged by."""
    trainings = evidence.trainings(result) if evidence.knows(result.number) else {}
    return mean_of(trainings) if trainings else result.objective or 0.0


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


def mean_metrics(repeats: Iterable[RepeatResult]) -> dict[str, float]:
    """Each metric's mean over the repeats that have it."""
    values: dict[str, list[float]] = {}
    for repeat in repeats:
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
        by: One of :data:`COLUMNS` but the standing and the error, ``number`` for ``trial``, a param
            (``params.NAME`` if it is called like a column) or a metric.

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
        "mean": lambda row: row.mean,
        "spread": lambda row: row.spread,
        "low": lambda row: row.interval.low if row.interval else None,
        "high": lambda row: row.interval.high if row.interval else None,
        "trainings": lambda row: row.trainings,
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
    raise InputError(f"--sort {by}: there is no such column; {suggest(by, known)}")


def _level(
    trainings: Mapping[int, Trainings],
    noise: Noise | None,
    goal: str,
    evidence: Evidence,
    confirmed: int | None,
) -> set[int]:
    """The trials that cannot be told from the best, which comes first."""
    if noise is None or not trainings:
        return set()
    found = set(contenders(trainings, noise, goal, best=next(iter(trainings))))
    last = evidence.last
    if confirmed is not None and last is not None and last.outcome is not None:  # told apart by those seeds
        found -= {candidate.trial for candidate in last.outcome.candidates}
        found |= {candidate.trial for candidate in last.outcome.candidates if candidate.level}
    return found


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
        return first.keep(unique.values())
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


def suggest(name: str, known: Sequence[str]) -> str:
    """What somebody may have meant by a name that is not known."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
