"""The leaderboard: which trials are best, by how much, and what deserves a second look.

Pure: finished trials in, plain values out; nothing is read, printed or imported that takes time.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter

from hpt_cli.board import Edge, Leaderboard, Row, Rows, ranks_of
from hpt_cli.errors import InputError
from hpt_cli.evidence import NOTHING_ELSE, Evidence
from hpt_cli.noise import UNLIMITED, Noise, contenders, mean_of, measure
from hpt_cli.space import SCALES, Choice, Dimension, Float, Int, Params, SearchSpace, Value
from hpt_cli.trial import Status, TrialResult

MEASURES = ("objective", "mean", "spread", "low", "high", "trainings", "standing")
"""How good a trial is, by the names of every table that holds all: the objective is the mean of its planned
repeats, the mean that of the trainings that it is judged by, low and high the ends of the mean's interval."""

COLUMNS = ("rank", "trial", "round", "status", *MEASURES, "epochs", "seconds", "error")
"""What every trial has, by the names of every table; a param of such a name is called ``params.NAME``."""

_LOOKED_AT = 1000  # of more trials, noise and contenders are looked for among so many, the best, at first
_MOST_LOOKED_AT = 8000  # takes some tenths of a second
_EDGE = 0.03  # share of a range, in units of its scale, that counts as its edge


def rank(
    results: Iterable[TrialResult],
    goal: str,
    space: SearchSpace | None,
    evidence: Evidence = NOTHING_ELSE,
    limits: tuple[float, float] = UNLIMITED,
) -> Leaderboard:
    """Order finished trials.

    Args:
        results: In any order.
        goal: ``minimize`` or ``maximize``.
        space: What was searched; of several rounds, :func:`widest`.  ``None`` if nothing was planned yet.
        evidence: What is known beside the trials.
        limits: Between which values the objective lies.
    """
    results = sorted(results, key=attrgetter("number"))
    done, ranks = done_in_order(results, goal, evidence)
    others = [result for result in results if result.objective is None]
    others.sort(key=lambda result: list(Status).index(result.status))
    ordered = done + others
    confirmed = evidence.confirmed(len(done))
    noise, level, all_level = _level(done, goal, evidence, confirmed)
    rows = Rows(ordered, ranks, evidence, noise, level, confirmed, limits)
    counts = Counter(result.status for result in results)
    return Leaderboard(
        goal=goal,
        rows=rows,
        params=_varying(ordered, space),
        edges=edges(done[0].params, space) if done and space else (),
        counts={status: counts[status] for status in Status if status in counts},
        names=space.names if space else (),
        noise=noise,
        confirmation=evidence.last,
        level=tuple(rows[place] for place in range(1, len(done)) if done[place].number in level)
        if level
        else (),
        all_level=all_level,
    )


def best_of(
    results: Iterable[TrialResult], goal: str, evidence: Evidence = NOTHING_ELSE
) -> TrialResult | None:
    """The trial at the top of the leaderboard; ``None`` if none is done."""
    done, _ = done_in_order(sorted(results, key=attrgetter("number")), goal, evidence)
    return done[0] if done else None


def done_in_order(
    results: Iterable[TrialResult], goal: str, evidence: Evidence, among: int | None = None
) -> tuple[list[TrialResult], list[int]]:
    """The trials that are done, best first, and their ranks.

    The confirmed one is before the other candidates of its confirmation, and these before the rest.

    Args:
        results: By number, which decides between equals.
        goal: ``minimize`` or ``maximize``.
        evidence: What is known beside the trials.
        among: How many of the study's trials are done, where ``results`` are not all of them.
    """
    done = [result for result in results if result.objective is not None]
    mean: Callable[[TrialResult], float] = attrgetter("objective")
    if evidence.trials:
        means = {result.number: mean_objective(result, evidence) for result in done}
        mean = lambda result: means[result.number]  # noqa: E731
    tiers: tuple[list[TrialResult], ...] = ([], [], [])
    confirmed = evidence.confirmed(len(done) if among is None else among)
    if confirmed is None:
        tiers[2].extend(done)
    else:
        candidates = evidence.last.outcome.candidates if evidence.last and evidence.last.outcome else ()
        fresh = {candidate.trial for candidate in candidates if candidate.fresh}
        for result in done:
            tiers[0 if result.number == confirmed else 1 if result.number in fresh else 2].append(result)
    ordered: list[TrialResult] = []
    ranks: list[int] = []
    for tier in tiers:
        tier.sort(key=mean, reverse=goal == "maximize")  # stable either way
        ranks += ranks_of(map(mean, tier), first=len(ordered) + 1)
        ordered += tier
    return ordered, ranks


def mean_objective(result: TrialResult, evidence: Evidence) -> float:
    """The mean objective of a trial that is done, over the trainings that it is judged by."""
    trainings = evidence.trainings(result) if evidence.knows(result.number) else {}
    return mean_of(trainings) if trainings else result.objective or 0.0


def sort_key(result: TrialResult, goal: str) -> tuple[float, ...]:
    """What to sort trials by for the best to come first."""
    if result.objective is None:
        return (1.0, list(Status).index(result.status), result.number)
    return (0.0, result.objective if goal == "minimize" else -result.objective, result.number)


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


def sort_rows(board: Leaderboard, by: str) -> Sequence[Row]:
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
    meant = f"validation_{by}"  # what is left out is the part of the data, and a study judges by validation
    raise InputError(
        f"--sort {by}: there is no such column; {suggest(meant if meant in board.metrics else by, known)}"
    )


def value_by(board: Leaderboard, by: str) -> Callable[[Row], Value | None] | None:
    """What rows were sorted by, where a table of the leaderboard does not hold it anyway.

    Args:
        board: The leaderboard.
        by: As :func:`sort_rows` took it.
    """
    if by == "round":
        return lambda row: row.result.round
    if by == "trainings":
        return lambda row: row.trainings if row.rank is not None else None
    if by in COLUMNS or by == "number" or by in map(param_title, board.params):
        return None
    params = {param_title(name): name for name in board.all_params}
    if by in params:
        return lambda row: row.result.params.get(params[by])
    return lambda row: row.metrics.get(by)


def _level(
    done: Sequence[TrialResult], goal: str, evidence: Evidence, confirmed: int | None
) -> tuple[Noise | None, AbstractSet[int], bool]:
    """The noise, the trials that cannot be told from the best, which comes first, and whether that is all.

    Contenders lie among the best: as long as there are some in the last half of those that were looked at,
    twice as many are looked at.
    """
    known = (result for result in done[_LOOKED_AT:] if result.number in evidence.trials)
    trainings = {result.number: evidence.trainings(result) for result in (*done[:_LOOKED_AT], *known)}
    noise = measure(trainings.values(), goal)
    if noise is None:
        return None, frozenset(), True
    size = _LOOKED_AT
    while True:
        head = {result.number: evidence.trainings(result) for result in done[:size]}
        found = set(contenders(head, noise, goal, best=done[0].number, among=len(done)))
        ends = size >= len(done) or found.isdisjoint(result.number for result in done[size // 2 : size])
        if ends or size >= _MOST_LOOKED_AT:
            break
        size *= 2
    last = evidence.last
    if confirmed is not None and last is not None and last.outcome is not None:  # told apart by those seeds
        found -= {candidate.trial for candidate in last.outcome.candidates}
        found |= {candidate.trial for candidate in last.outcome.candidates if candidate.level}
    return noise, found, ends


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
    from hpt_cli.network import metric_goal

    try:
        return metric_goal(metric) == "maximize"
    except ValueError:  # of the user's own making
        return False


def suggest(name: str, known: Sequence[str]) -> str:
    """What somebody may have meant by a name that is not known."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
