"""Where to look next: the next round's space from the results so far.

The decision in its first form: the box of the best quarter of the finished trials, in each dimension's
internal units.  It is a pure function of the space and the results, so that it can be made again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from hpt_cli.errors import InputError
from hpt_cli.rounds.plan import Move
from hpt_cli.space import SCALES, Choice, Dimension, Float, Int, SearchSpace, Value
from hpt_cli.trial import Status, TrialResult

BEST_SHARE = 0.25
"""Share of the finished trials that the next space is drawn around."""
LEAST_FINISHED = 4
"""Fewer finished trials decide nothing."""
PADDING = 0.1
"""Added on both sides of the box of the best, in its width."""
LEAST_WIDTH = 1 / 3
"""A round keeps at least this share of a dimension's width."""


def next_space(
    space: SearchSpace, results: Sequence[TrialResult], goal: str
) -> tuple[SearchSpace, tuple[Move, ...]]:
    """The space of the next round, around the best quarter of the finished trials.

    Each numeric dimension gets the range of the best, padded by a tenth of it on both sides, kept at a
    third of the old width or more, and never beyond the old ends.  A side on which the padded range
    reaches the old end stays where it is.  Choices are held.

    Args:
        space: The space to narrow.
        results: Results of all rounds; those that are not done or lie outside ``space`` are left out.
        goal: ``minimize`` or ``maximize``.

    Returns:
        The new space and a move for every dimension, in their order.

    Raises:
        InputError: Too few trials have finished to decide.
    """
    sign = -1.0 if goal == "maximize" else 1.0
    scored = [
        (sign * result.objective, result.number, result)
        for result in results
        if result.status is Status.DONE and result.objective is not None and result.params in space
    ]
    if len(scored) < LEAST_FINISHED:
        raise InputError(
            f"too few trials to decide where to look next: {len(scored)} finished in the space, at least "
            f"{LEAST_FINISHED} are needed"
        )
    scored.sort(key=lambda entry: entry[:2])
    best = [result for _, _, result in scored[: max(math.ceil(BEST_SHARE * len(scored)), 2)]]
    judged = _judged(len(scored), results)
    moves = tuple(_move(name, dimension, best, judged) for name, dimension in space.dimensions.items())
    return space.replace({move.name: move.new for move in moves if move.action != "hold"}), moves


def _judged(count: int, results: Sequence[TrialResult]) -> str:
    """``40 trials``; where some are left out, which ones count: ``10 done trials in this space``."""
    n_done = sum(result.objective is not None for result in results)
    done = "done " if n_done < len(results) else ""
    return f"{count} {done}trials" + (" in this space" if count < n_done else "")


def _move(name: str, old: Dimension, best: Sequence[TrialResult], judged: str) -> Move:
    where = f"the best {len(best)} of {judged}"
    values = [result.params[name] for result in best if name in result.params]
    if isinstance(old, Choice):
        counts = [(sum(value in Choice((choice,)) for value in values), choice) for choice in old.choices]
        taken = ", ".join(f"{count} with {_shown(choice)}" for count, choice in counts if count)
        return Move(name, "hold", old, old, f"choices are kept: {where} are {taken or 'without it'}")
    if len(values) < 2:
        return Move(name, "hold", old, old, f"only {len(values)} of {where} use it, too few to narrow")
    if len(values) < len(best):
        where = f"the {len(values)} of {where} that use it"
    numbers = [float(value) for value in values]
    new = _narrowed(old, numbers)
    least, most = _shown(min(values)), _shown(max(values))
    if new == old:
        return Move(name, "hold", old, old, f"{where} spread from {least} to {most}, over most of the range")
    kept = [end for end, moved in (("low", new.low != old.low), ("high", new.high != old.high)) if not moved]
    edge = f"; the {kept[0]} end stays, because they lie close to it" if kept else ""
    return Move(name, "narrow", old, new, f"{where} lie from {least} to {most}{edge}")


_HAIR = 1e-9  # what rounding left so little beyond a bound or a whole number is that number


def _narrowed(old: Float | Int, numbers: Sequence[float]) -> Float | Int:
    """``old`` cut to the padded range of ``numbers``, outward to values that people write."""
    low, high = _range(old, numbers)
    if isinstance(old, Float) and old.step is None:
        return replace(
            old,
            low=old.low if low < _HAIR else max(_legible(old, low, high, low, math.floor), old.low),
            high=old.high if high > 1 - _HAIR else min(_legible(old, low, high, high, math.ceil), old.high),
        )
    step, last = old.step or 1, (old.size or 1) - 1
    first = max(math.floor((_value(old, low) - old.low) / step + _HAIR), 0)
    last = min(math.ceil((_value(old, high) - old.low) / step - _HAIR), last)
    if isinstance(old, Float):
        return replace(old, low=old.value_at(first), high=old.value_at(last))
    return replace(old, low=old.values()[first], high=old.values()[last])


def _range(old: Float | Int, numbers: Sequence[float]) -> tuple[float, float]:
    """The next range as places in the old one: 0 is the old low, 1 the old high, even in internal units."""
    scale = SCALES[old.scale]
    start, end = scale.to_internal(old.low), scale.to_internal(old.high)
    places = [(scale.to_internal(number) - start) / (end - start) for number in numbers]
    padding = PADDING * (max(places) - min(places))
    low, high = min(places) - padding, max(places) + padding
    lacking = max(LEAST_WIDTH - (high - low), 0.0)
    low, high = low - lacking / 2, high + lacking / 2
    if lacking:  # the least width slides inside, so that an end does not cut it
        shift = max(-low, 0.0) - max(high - 1, 0.0)
        low, high = low + shift, high + shift
    return low, high


def _value(old: Float | Int, place: float) -> float:
    scale = SCALES[old.scale]
    start, end = scale.to_internal(old.low), scale.to_internal(old.high)
    return scale.from_internal(start + (end - start) * place)


def _legible(old: Float, low: float, high: float, place: float, outward: Callable[[float], int]) -> float:
    """The value at ``place``, rounded outward to three digits of what counts on the scale."""
    value = _value(old, place)
    width = _value(old, high) - _value(old, low)
    counts = {"linear": width, "log": value, "log1m": 1 - value}[old.scale]
    digits = 2 - math.floor(math.log10(counts))
    # through text: 123 * 10^-5 is 0.00123, without the product's rounding
    return float(f"{outward(value * 10.0**digits)}e{-digits}")


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
