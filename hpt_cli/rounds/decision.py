"""Where to look next: the next round's space as a pure function of the results so far.

What is asked of the results is where the optimum may be (:mod:`hpt_cli.rounds.belief`); a range keeps the
places where it may, and moves an end outward where it may lie beyond.
``docs/refine.md`` has the rule step by step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hpt_cli.noise import Noise, contenders
from hpt_cli.rerun import WantedReruns
from hpt_cli.rounds.moves import Found, Judged, judge_choice, judge_range
from hpt_cli.rounds.plan import Move
from hpt_cli.rounds.ranges import NO_LIMITS
from hpt_cli.rounds.situation import Situation, measured_noise, wanted_reruns
from hpt_cli.rounds.words import noise_in_words, number, plural, range_of
from hpt_cli.space import Choice, Dimension, Float, Params, SearchSpace, key
from hpt_cli.trial import Status, TrialResult

if TYPE_CHECKING:
    from hpt_cli.rounds.belief import Belief

LEAST_FINISHED = 4
"""Fewer finished trials decide nothing."""
PROBES_OFFERED = 100
"""Points outside the space among which probes are chosen."""
BOLDER = 2.0
"""Where there is no noise, a range may lose so many times as much: nothing but the model can be wrong."""
APART = 0.15
"""Probes are at least so far apart, in ranges."""


@dataclass(frozen=True)
class Decision:
    """Where the next round looks.

    Args:
        space: In which space.
        moves: What became of each dimension.
        probes: Points outside the space, to check what was left out.
        noise: Standard deviation of a training that was reckoned with; ``None`` if it is unknown.
        note: What is to be said of the whole; empty for nothing.
        decided: Whether there was enough to decide on; if not, ``note`` says what is missing.
        stop: Whether it is of no use to look closer; ``note`` says why.
    """

    space: SearchSpace
    moves: tuple[Move, ...]
    probes: tuple[Params, ...] = ()
    noise: float | None = None
    note: str = ""
    decided: bool = True
    stop: bool = False


def decide(situation: Situation, *, trials: int = 0) -> Decision | WantedReruns:
    """Where the round after the last of the plans looks; or the reruns that it takes to know.

    Args:
        situation: What is known.
        trials: How many the next round has, of which some are probes.
    """
    missing = _too_little(situation, " to decide where to look next")
    if missing:
        return _held(situation, missing, decided=False)
    wanted = wanted_reruns(situation)
    return _decided(situation, trials) if wanted is None else wanted


def _decided(situation: Situation, trials: int) -> Decision:
    from hpt_cli.strategies.threads import one_thread

    space, first, done = situation.space, situation.plans[0].space, situation.done
    trainings, noise = situation.trainings, measured_noise(situation)
    settings = situation.settings
    if noise is not None and noise.paired == 0:
        settings = replace(settings, doubt=min(BOLDER * settings.doubt, 0.49))
    judged = _judged(situation, trainings, noise)
    best = _contenders(situation, done, trainings, noise)
    inside = [trial for trial in judged if trial.params in space]
    called = "contenders" if noise is not None and noise.spread > 0 else "best"
    best_inside = [result for result in best if result.params in space]
    with one_thread():
        belief = _belief(situation)
        optima = belief.optima()
        p_values = dict(zip(space.names, holm(belief.p_values()), strict=True))
        moves = []
        for column, (name, dimension) in enumerate(space.dimensions.items()):
            found = Found(
                name=name,
                first=first.dimensions[name],
                optima=[place for place in optima[:, column].tolist() if not math.isnan(place)],
                p=p_values[name],
                trials=tuple(trial for trial in inside if name in trial.params),
                contenders=tuple(result for result in best_inside if name in result.params),
                n_contenders=len(best),
                n_trials=len(judged),
                n_dimensions=len(space.names),
                called=called,
            )
            limits = situation.limits.get(name, NO_LIMITS)
            move = (
                judge_choice(dimension, found, settings)
                if isinstance(dimension, Choice)
                else judge_range(dimension, found, settings, limits)
            )
            moves.append(_as_asked(move) if name in situation.hold else move)
        new = space.replace({move.name: move.new for move in moves})
        moves = [_unused(move, new) for move in moves]
        spread = noise.spread if noise is not None else None
        stop = _exhausted(situation, new) or _no_use(belief, new, moves, best, trainings, noise)
        probes = () if stop else _probes(situation, new, belief, trials)
    return Decision(new, tuple(moves), probes, spread, stop or noise_in_words(noise), stop=bool(stop))


def _as_asked(move: Move) -> Move:
    """The move of a dimension that is to be left as it is."""
    if move.new == move.old:
        return move
    instead = f"; it would have gone to {range_of(move.new)}, for {move.why}"
    return replace(move, action="hold", new=move.old, why=f"as was asked for{instead}")


def _unused(move: Move, space: SearchSpace) -> Move:
    """A move that says so if its dimension is never active in the new space."""
    for parent, allowed in move.new.when.items():
        left = space.dimensions.get(parent)
        if isinstance(left, Choice) and not any(value in left for value in allowed):
            return replace(move, why=f"not used any more: {parent} is {range_of(left)}")
    return move


def believed_best(situation: Situation) -> tuple[int, ...]:
    """The trials that ended well by number, what is believed best first.

    The best trial that was seen is the luckiest one, the more so the more were seen; here what is near a
    trial has its say, as far as the noise makes it tell.  As they were seen, where there is too
    little to believe anything.
    """
    sign = -1.0 if situation.goal == "maximize" else 1.0
    seen = sorted(situation.done, key=lambda result: (sign * (result.objective or 0.0), result.number))
    if why_no_belief(situation):
        return tuple(result.number for result in seen)
    from hpt_cli.strategies.threads import one_thread

    with one_thread():
        ranked = _belief(situation).ranked()
    rest = [result.number for result in seen if result.number not in set(ranked)]
    return (*ranked, *rest)


def why_no_belief(situation: Situation) -> str:
    """Why the results are too few, or say too little, for a model; empty if one can be made."""
    return _too_little(situation)


def _belief(situation: Situation) -> Belief:
    import numpy as np

    from hpt_cli.rounds.belief import Belief

    noise = measured_noise(situation)
    rng = np.random.default_rng(np.random.SeedSequence([*situation.seed, len(situation.plans)]))
    judged = _judged(situation, situation.trainings, noise)
    return Belief(situation.space, situation.plans[0].space, judged, noise, rng)


def _too_little(situation: Situation, what_for: str = "") -> str:
    """Why nothing can be believed, and so decided; empty if it can."""
    done = situation.done
    n = sum(result.params in situation.space for result in done)
    if len(done) < LEAST_FINISHED:
        bad = len(situation.results) - len(done)
        ended = f"; {plural(bad, 'trial')} did not end well" if bad else ""
        return f"too few trials{what_for}: {len(done)} finished, at least {LEAST_FINISHED} are needed{ended}"
    if not n:
        return "no finished trial lies in the round's space: there is nothing to decide by"
    objectives = [result.objective for result in done if result.objective is not None]
    if math.isclose(min(objectives), max(objectives), rel_tol=1e-12):
        return f"all {len(done)} finished trials are equally good: nothing speaks for one place or another"
    return ""


def _held(situation: Situation, note: str, *, decided: bool) -> Decision:
    moves = tuple(
        Move(name, "hold", dimension, dimension, note)
        for name, dimension in situation.space.dimensions.items()
    )
    return Decision(situation.space, moves, note=note, decided=decided)


def _judged(
    situation: Situation, trainings: Mapping[int, Mapping[int, float]], noise: Noise | None
) -> list[Judged]:
    """The trials with the best estimate of each; those that did not end well count as bad."""
    names = situation.space.dimensions.keys()
    sign = -1.0 if situation.goal == "maximize" else 1.0
    # what a seed does to all trials makes the mean of more seeds another number, not a better one
    pooled = noise is not None and noise.common <= noise.paired
    judged = []
    for result in situation.results:
        if not result.params.keys() <= names:
            continue
        if result.objective is None:
            if result.status is not Status.PRUNED:
                judged.append(Judged(result.number, result.params, None))
            continue
        values = trainings.get(result.number, {})
        value, count = result.objective, max(len(result.repeats), 1)
        if pooled and len(values) > count:
            value, count = math.fsum(values.values()) / len(values), len(values)
        judged.append(Judged(result.number, result.params, sign * value, count))
    return judged


def _contenders(
    situation: Situation,
    done: Sequence[TrialResult],
    trainings: Mapping[int, Mapping[int, float]],
    noise: Noise | None,
) -> list[TrialResult]:
    """The trials that may be the best; a few more where these are too few to show where they lie."""
    sign = -1.0 if situation.goal == "maximize" else 1.0
    ranked = sorted(done, key=lambda result: (sign * (result.objective or 0.0), result.number))
    least = max(2, min(len(situation.space.names) + 2, math.ceil(len(done) / 4)))
    numbers = {result.number for result in ranked[:least]}
    if noise is not None:
        numbers |= set(contenders(trainings, noise, situation.goal))
    return [result for result in ranked if result.number in numbers]


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values that allow for their number.

    Source:
        Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6
        (1979), https://www.jstor.org/stable/4615733
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, p_values[index] * (len(p_values) - rank)))
        adjusted[index] = least
    return adjusted


def _exhausted(situation: Situation, new: SearchSpace) -> str:
    """That every point was tried, where that is so; else empty."""
    size = new.size
    if size is None or size > len(situation.results):
        return ""
    tried = {key(result.params) for result in situation.results if result.params in new}
    return "every point of the space was tried: there is nowhere else to look" if len(tried) >= size else ""


def _no_use(
    belief: Belief,
    new: SearchSpace,
    moves: Sequence[Move],
    best: Sequence[TrialResult],
    trainings: Mapping[int, Mapping[int, float]],
    noise: Noise | None,
) -> str:
    """Why it is of no use to look closer; empty if it is."""
    if all(move.new == move.old for move in moves) and all("floor" in move.why for move in moves):
        return "every range is at its floor: there is nothing left to narrow"
    if noise is None or noise.paired == 0 or not best:
        return ""
    error = noise.paired / math.sqrt(max(len(trainings.get(best[0].number, ())), 1))
    spread = belief.spread(new)
    if spread >= error:
        return ""
    return (
        "further zoom would chase noise: what is expected in the new ranges differs by "
        f"{number(spread)}, "
        f"and the best trial's mean is uncertain by {number(error)}; more repeats, or hpt confirm, tell more"
    )


def _probes(situation: Situation, new: SearchSpace, belief: Belief, trials: int) -> tuple[Params, ...]:
    """Points that were left out, where the most may be gained if leaving them out was wrong."""
    count = round(situation.settings.probes * trials)
    outer = outermost([*(plan.space for plan in situation.plans), new])
    if not count or outer == new:
        return ()
    drawn = (outer.from_unit(unit) for unit in belief.anywhere(PROBES_OFFERED))
    points = [params for params in drawn if params not in new and outer.allows(params)]
    return tuple(belief.promising(points, count, APART)) if points else ()


def outermost(spaces: Sequence[SearchSpace]) -> SearchSpace:
    """The space that holds all of them: each range from its least low to its greatest high, every choice."""
    first = spaces[0]
    dimensions: dict[str, Dimension] = {}
    for name, dimension in first.dimensions.items():
        if isinstance(dimension, Choice):
            continue  # choices are only ever dropped from the first space's
        ranges = [space.dimensions[name] for space in spaces]
        low = min(other.low for other in ranges if not isinstance(other, Choice))
        high = max(other.high for other in ranges if not isinstance(other, Choice))
        if isinstance(dimension, Float):
            dimensions[name] = Float(low, high, dimension.scale, dimension.step, when=dimension.when)
        else:
            dimensions[name] = type(dimension)(
                int(low), int(high), dimension.scale, dimension.step, when=dimension.when
            )
    return first.replace(dimensions)
