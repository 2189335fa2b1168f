"""The rules of ``search.enqueue`` and ``search.warm_start``: what a search has before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hpt_cli.config.hyperparameters import real_number, whole_number
from hpt_cli.config.messages import Refused, did_you_mean, listed, shown
from hpt_cli.config.settings import SearchSettings
from hpt_cli.config.yaml_loader import Document, KeyPath
from hpt_cli.seeds import ENQUEUE
from hpt_cli.space import Choice, Dimension, Int, Params, SearchSpace, Value, key, same

_DRAWS = 1000  # of what an entry leaves open, before the constraints are taken to leave nothing


def with_enqueued(
    search: SearchSettings,
    entries: Sequence[Mapping[str, Any]],
    space: SearchSpace,
    seed: int,
    document: Document,
) -> SearchSettings:
    """The search with what it tries first; a grid grows by what is not on it."""
    points = read_enqueue(entries, space, seed, document)
    first, *later = search.rounds
    if points and first.strategy == "grid" and len(points) == len(entries):
        grid = {key(point) for point in space.grid()}
        more = sum(key(point) not in grid for point in points)
        first = replace(first, trials=first.trials + more)
    elif len(entries) > first.trials:
        what = f"lists {len(entries)} points to try first, and the first round has {first.trials} trials"
        document.refuse(("search", "enqueue"), what, f"write trials: {len(entries)} or more")
    return replace(search, enqueue=points, rounds=(first, *later))


def check_warm_start(search: SearchSettings, document: Document) -> None:
    """Earlier studies are for a strategy that learns."""
    if search.warm_start and all(plan.strategy != "bayes" for plan in search.rounds):
        what = f"has no effect: {search.rounds[0].strategy} does not learn from results"
        document.refuse(("search", "warm_start"), what, "write strategy: bayes, or remove it")


def read_enqueue(
    entries: Sequence[Mapping[str, Any]], space: SearchSpace, seed: int, document: Document
) -> tuple[Params, ...]:
    """The entries as whole points: what one leaves out is drawn from the space, by the study's seed.

    Args:
        entries: As they are written.
        space: Where they must lie.
        seed: The study's.
        document: Takes what is wrong.
    """
    points: list[Params] = []
    for position, entry in enumerate(entries):
        path: KeyPath = ("search", "enqueue", position)
        before = len(document.problems)
        given = {
            name: value
            for name, written in entry.items()
            if (value := _value(name, written, space, (*path, name), document)) is not None
        }
        if len(document.problems) > before:
            continue
        point = _completed(given, space, seed, position)
        if point is None:
            document.refuse(path, *_why_not(given, space))
        elif key(point) in map(key, points):
            document.refuse(path, "stands twice", "keep one of them")
        else:
            points.append(point)
    return tuple(points)


def _value(name: str, written: Any, space: SearchSpace, path: KeyPath, document: Document) -> Value | None:
    """A value as the dimension has it: 1e2 becomes 100 for whole numbers."""
    dimension = space.dimensions.get(name)
    if dimension is None:
        document.refuse(path, "is not under space", did_you_mean(name, space.names, "there are"))
        return None
    try:
        value = _as_type(dimension, written)
    except Refused as refused:
        document.refuse(path, refused.what, refused.hint)
        return None
    if value in dimension:
        return value
    document.refuse(path, f"is not in the space, found {shown(written)}", _there_is(dimension))
    return None


def _as_type(dimension: Dimension, written: Any) -> Value:
    if isinstance(dimension, Choice):
        return next((choice for choice in dimension.choices if same(choice, written)), written)
    return whole_number(written) if isinstance(dimension, Int) else real_number(written)


def _there_is(dimension: Dimension) -> str:
    if isinstance(dimension, Choice):
        return f"the choices are {listed([shown(choice) for choice in dimension.choices])}"
    step = "" if dimension.step is None else f", by steps of {shown(dimension.step)}"
    return f"the range is {shown(dimension.low)} to {shown(dimension.high)}{step}"


def _completed(given: Params, space: SearchSpace, seed: int, position: int) -> Params | None:
    """A point that has the given values; ``None`` where none was found."""
    import numpy as np

    rng = np.random.default_rng(np.random.SeedSequence([seed, ENQUEUE, position]))
    places = {name: space.dimensions[name].to_unit(value) for name, value in given.items()}
    for _ in range(_DRAWS):
        drawn = rng.random(len(space.names)).tolist()
        unit = [places.get(name, place) for name, place in zip(space.names, drawn, strict=True)]
        point = space.from_unit(unit)
        if not given.keys() <= point.keys():
            continue
        point = {name: given.get(name, value) for name, value in point.items()}  # without a place's rounding
        if point in space:
            return point
    return None


def _why_not(given: Params, space: SearchSpace) -> tuple[str, str]:
    """Why no point has these values."""
    for name in given:
        for parent, allowed in space.dimensions[name].when.items():
            if parent in given and not any(same(given[parent], value) for value in allowed):
                what = f"{name} is not there where {parent} is {shown(given[parent])}"
                return what, f"leave {name} out"
    refusing = space.refusing(given) or space.constraints[:1]
    if refusing:
        return f"no point with these values meets the constraint {refusing[0]}", "change one of them"
    return "no point of the space has these values", "change one of them"
