"""From what is believed of one dimension to its next range or choices, with the evidence in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hpt_cli.rounds.plan import Evidence, Move
from hpt_cli.rounds.ranges import Limits, moved, place_of, share_of
from hpt_cli.rounds.settings import RefineSettings
from hpt_cli.rounds.words import chance, percent, plural, shown
from hpt_cli.space import Choice, Dimension, Float, Int, Params, Value, same
from hpt_cli.trial import TrialResult

EDGE_ZONE = 0.1
"""Share of a range that is its edge; at least one cell."""
ONE_SIDED = 2.0
"""An end moves outward if so many times as much speaks for it as for the other end."""
FEWEST_OPTIMA = 20
"""Of fewer places where the optimum may be, no quantile is taken."""
FAILING = 0.5
"""Share of the trials at an edge that did not end well from which on they count as a wall."""


@dataclass(frozen=True)
class Judged:
    """A finished trial as the decision sees it.

    Args:
        number: The study's.
        params: Its params.
        value: Mean of its trainings, less is better; ``None`` if it did not end well.
        trainings: How many the mean is of.
    """

    number: int
    params: Params
    value: float | None
    trainings: int = 1


@dataclass(frozen=True)
class Found:
    """What the results say of one dimension.

    Args:
        name: The dimension's.
        first: As it was in the first round.
        optima: Places where the optimum may be, where the dimension is active.
        p: How likely the evidence that it matters is by chance, allowing for the number of dimensions.
        trials: Trials in the space that have it.
        contenders: Those in the space that have it.
        n_contenders: How many contenders there are in all.
        n_trials: How many trials were judged in all.
        n_dimensions: Of the space.
        called: ``contenders``; or ``best``, if the noise alone would leave too few to show where they lie.
    """

    name: str
    first: Dimension
    optima: Sequence[float]
    p: float
    trials: Sequence[Judged]
    contenders: Sequence[TrialResult]
    n_contenders: int
    n_trials: int
    n_dimensions: int
    called: str = "contenders"

    @property
    def too_few(self) -> str:
        """Why it cannot be judged; empty if it can."""
        if len(self.trials) < self.n_dimensions + 2 and len(self.trials) < self.n_trials:
            return (
                f"only {plural(len(self.trials), 'trial')} of {self.n_trials} used it here, too few to judge"
            )
        if len(self.optima) < FEWEST_OPTIMA:
            return "not judged, for the best is hardly ever where it is used"
        return ""

    def values(self) -> list[Value]:
        """The contenders' values."""
        return [result.params[self.name] for result in self.contenders]


def judge_range(old: Float | Int, found: Found, settings: RefineSettings, limits: Limits) -> Move:
    """What becomes of a numeric dimension."""
    places = tuple(place_of(old, float(value)) for value in found.values())

    def made(action: str, new: Float | Int, why: str, edge: str = "", share: float | None = None) -> Move:
        kept = sum(new.low <= value <= new.high for value in found.values())  # type: ignore[operator]
        evidence = Evidence(
            len(found.trials), len(found.contenders), kept, found.p, share, edge, tuple(map(_rounded, places))
        )
        return Move(found.name, action, old, new, why, evidence)

    if found.too_few:
        return made("hold", old, found.too_few)
    ends = {side: _outward(old, found, settings, side) for side in ("low", "high")}
    low, high = _kept(old, found, settings)
    notes = []
    for side, other in (("low", "high"), ("high", "low")):
        if ends[side] and not ends[other]:
            wall = _wall(old, found, side)
            if wall:
                notes.append(wall)
                low, high = (0.0, high) if side == "low" else (low, 1.0)
            elif side == "low":
                low, high = -settings.widen, max(high, 1 - settings.least_width)
            else:
                low, high = min(low, settings.least_width), 1 + settings.widen
    low, high, guards = _guarded(old, found, settings, low, high)
    new = moved(old, low, high, limits)
    edge = next((side for side in ends if ends[side] and not ends["high" if side == "low" else "low"]), "")
    if edge and not notes and getattr(new, edge) == getattr(old, edge):
        notes.append(f"{_at_end(ends[edge], edge)}, {shown(getattr(old, edge))}, which is a hard limit")
    share = _share_within(old, new, found.optima)
    action = _action(old, new)
    return made(
        action, new, _why(action, old, new, found, settings, edge, share, [*notes, *guards]), edge, share
    )


def _outward(old: Float | Int, found: Found, settings: RefineSettings, side: str) -> float:
    """The share of the optima at an end, if that is much more than at the other; else 0."""
    zone = max(EDGE_ZONE, 1 / old.size if old.size else 0.0)
    shares = {
        "low": _share(found.optima, -math.inf, zone),
        "high": _share(found.optima, 1 - zone, math.inf),
    }
    mine, others = shares[side], shares["high" if side == "low" else "low"]
    # of a range with few values, each is an edge: it takes more than its share
    asked = max(settings.edge, 1.5 * zone)
    return mine if mine > asked and mine > ONE_SIDED * others else 0.0


def _kept(old: Float | Int, found: Found, settings: RefineSettings) -> tuple[float, float]:
    """The places that are kept: all but the doubtful ends, padded, and not too little of the range."""
    low, high = quantile(found.optima, settings.doubt), quantile(found.optima, 1 - settings.doubt)
    padding = settings.padding * (high - low)
    low, high = low - padding, high + padding
    least = max(settings.least_width, settings.floor / max(_width(old, found), 1e-12))
    lacking = max(min(least, 1.0) - (high - low), 0.0)
    low, high = low - lacking / 2, high + lacking / 2
    # only a trial out there that may be the best opens what earlier rounds closed
    lowest, highest = (
        min(0.0, quantile(found.optima, settings.doubt)),
        max(1.0, quantile(found.optima, 1 - settings.doubt)),
    )
    if low < lowest:
        low, high = lowest, max(high, min(lowest + min(least, 1.0), 1.0))
    if high > highest:
        low, high = min(low, max(highest - min(least, 1.0), 0.0)), highest
    return max(low, lowest), min(high, highest)


def _guarded(
    old: Float | Int, found: Found, settings: RefineSettings, low: float, high: float
) -> tuple[float, float, list[str]]:
    """The new ends, where nothing speaks against moving them inward."""
    notes = []
    narrows = low > 0 or high < 1
    if narrows and found.p >= settings.significance:
        low, high = min(low, 0.0), max(high, 1.0)
    elif _width(old, found) <= settings.floor * (1 + 1e-9):
        notes.append(f"at its floor, {settings.floor:g} of its first width")
        low, high = min(low, 0.0), max(high, 1.0)
    places = [place_of(old, float(trial.params[found.name])) for trial in found.trials]
    if low > 0 and not any(place < low for place in places):
        notes.append("the low end stays, for nothing was tried near it")
        low = 0.0
    if high < 1 and not any(place > high for place in places):
        notes.append("the high end stays, for nothing was tried near it")
        high = 1.0
    return low, high, notes


def _wall(old: Float | Int, found: Found, side: str) -> str:
    """Why an end does not move outward: trials fail at it; empty if they do not."""
    zone = 1.5 * EDGE_ZONE
    ended = [
        trial.value is not None
        for trial in found.trials
        if ((place := place_of(old, float(trial.params[found.name]))) < zone and side == "low")
        or (place > 1 - zone and side == "high")
    ]
    if ended and 1 - sum(ended) / len(ended) >= FAILING:
        bad = len(ended) - sum(ended)
        return f"{bad} of {plural(len(ended), 'trial')} at the {side} end fail, so it does not move outward"
    return ""


def _why(
    action: str,
    old: Float | Int,
    new: Float | Int,
    found: Found,
    settings: RefineSettings,
    edge: str,
    share: float,
    notes: Sequence[str],
) -> str:
    n = len(found.contenders)
    kept = sum(new.low <= value <= new.high for value in found.values())  # type: ignore[operator]
    said = "; ".join(note for note in notes if note)
    more = f"; {said}" if said else ""
    if action == "hold":
        if found.p >= settings.significance:
            return f"no evidence that it matters here ({chance(found.p)})"
        if said:
            return said
        return f"it matters ({chance(found.p)}), but the best may still be anywhere in it"
    if edge and action in ("widen", "shift"):
        matters = f" ({chance(found.p)})"
        if found.p >= settings.significance:  # narrowing needs that evidence; to look further out does not
            matters = f", though that it matters is not shown ({chance(found.p)})"
        inside = f", and {percent(share)} in the new range" if action == "shift" else ""
        return f"{_at_end(_outward(old, found, settings, edge), edge)}{inside}{matters}{more}"
    if action == "widen":
        return (
            f"a trial outside of it may be the best: {percent(share)} of the models that fit have their "
            f"best in the new range{more}"
        )
    all_or_some = f"the {n}" if kept == n else f"{kept} of the {n}"
    return (
        f"{all_or_some} {found.called} of {found.n_trials} trials lie there, and the best of "
        f"{percent(share)} of the models that fit ({chance(found.p)}){more}"
    )


def _at_end(share: float, edge: str) -> str:
    return f"{percent(share)} of the models that fit have the best at the {edge} end"


def judge_choice(old: Choice, found: Found, settings: RefineSettings) -> Move:
    """What becomes of a dimension of choices: those that are nowhere near the best drop out, half at most."""
    first = found.first
    assert isinstance(first, Choice)
    tries = {index: _tries(found, value) for index, value in enumerate(first.choices)}
    shares = {
        index: _share(found.optima, first.to_unit(value) - 1e-9, first.to_unit(value) + 1e-9)
        for index, value in enumerate(first.choices)
    }
    open_ = [index for index, value in enumerate(first.choices) if value in old]
    indices = tuple(
        float(next(index for index, choice in enumerate(old.choices) if same(choice, value)))
        for value in found.values()
    )

    def made(action: str, new: Choice, why: str) -> Move:
        kept = sum(value in new for value in found.values())
        share = sum(shares[index] for index, value in enumerate(first.choices) if value in new)
        evidence = Evidence(len(found.trials), len(found.contenders), kept, found.p, share, "", indices)
        return Move(found.name, action, old, new, why, evidence)

    if len(open_) == 1 and len(first.choices) == 1:
        return made("hold", old, "a single choice")
    if found.too_few:
        return made("hold", old, found.too_few)
    back = [index for index in tries if index not in open_ and shares[index] >= settings.significance]
    if back:
        new = first.keep(first.choices[index] for index in sorted([*open_, *back]))
        names = ", ".join(shown(first.choices[index]) for index in back)
        return made(
            "widen", new, f"{names} may be the best after all ({percent(sum(shares[i] for i in back))})"
        )
    least = max(settings.least_tries, math.ceil(len(found.trials) / (3 * len(open_))))
    poor = sorted(
        (i for i in open_ if shares[i] < settings.doubt and tries[i] >= least), key=lambda i: shares[i]
    )
    poor = poor[: len(open_) // 2]
    if not poor or found.p >= settings.significance:
        return made("hold", old, _choice_held(found, settings, first, open_, tries, shares, least))
    new = first.keep(first.choices[index] for index in open_ if index not in poor)
    said = " and ".join(
        f"{shown(first.choices[index])} ({plural(tries[index], 'trial')})" for index in sorted(poor)
    )
    most = percent(max(shares[i] for i in poor))
    verb, at_most = ("is", "") if len(poor) == 1 else ("are each", "at most ")
    why = f"{said} {verb} the best in {at_most}{most} of the models that fit ({chance(found.p)})"
    return made("freeze" if len(new.choices) == 1 else "drop", new, why)


def _choice_held(
    found: Found,
    settings: RefineSettings,
    first: Choice,
    open_: Sequence[int],
    tries: dict[int, int],
    shares: dict[int, float],
    least: int,
) -> str:
    if found.p >= settings.significance:
        return f"no evidence that it matters here ({chance(found.p)})"
    if len(open_) == 1:
        return "one choice is left"
    rare = [i for i in open_ if shares[i] < settings.doubt and tries[i] < least]
    if rare:
        said = ", ".join(f"{shown(first.choices[i])} ({plural(tries[i], 'trial')})" for i in rare)
        return f"tried too rarely to be dropped, of {least} times: {said}"
    said = ", ".join(f"{shown(first.choices[i])} {percent(shares[i])}" for i in open_)
    return f"each may be the best, by the models that fit: {said}"


def _tries(found: Found, value: Value) -> int:
    return sum(same(trial.params[found.name], value) for trial in found.trials)


def _width(old: Float | Int, found: Found) -> float:
    """The width of a range in that of the first round."""
    assert not isinstance(found.first, Choice)
    return share_of(old, found.first)


def _share(places: Sequence[float], above: float, below: float) -> float:
    return sum(above < place < below for place in places) / len(places) if places else 0.0


def _share_within(old: Float | Int, new: Float | Int, optima: Sequence[float]) -> float:
    low, high = place_of(old, new.low), place_of(old, new.high)
    return sum(low - 1e-9 <= place <= high + 1e-9 for place in optima) / len(optima)


def _action(old: Float | Int, new: Float | Int) -> str:
    outward = new.low < old.low or new.high > old.high
    inward = new.low > old.low or new.high < old.high
    if outward:
        return "shift" if inward else "widen"
    return "narrow" if inward else "hold"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie, interpolated between two of them."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _rounded(place: float) -> float:
    return round(place, 4)
