"""The points that a model may choose from: legal, new, some anywhere and some near good ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.space import Choice, key
from hpt_cli.strategies.draws import Seen, distinct
from hpt_cli.strategies.sobol import sobol_places

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace

LISTED = 2000
"""A finite space with at most so many points offers all that are left."""
ANYWHERE = 512
"""Candidates spread over the whole space."""
NEAR = 16
"""Candidates around each center at each distance."""
DISTANCES = (0.2, 0.06, 0.02, 0.005)
"""Standard deviations of a step from a center, in ranges of a dimension on its scale."""


def candidates(
    space: SearchSpace, centers: Sequence[Params], taken: Seen, rng: np.random.Generator
) -> list[Params]:
    """Legal points that are not ``taken``, each once; none if and only if the space is exhausted.

    Ints, steps and choices stay on their own values: a point is moved in the unit cube and mapped back.

    Args:
        space: Where the points lie.
        centers: Good points of the space.
        taken: What not to offer.
        rng: For all draws.
    """
    if space.size is not None and space.size <= LISTED:
        return [params for params in space.points() if params not in taken]
    n_dimensions = len(space.names)
    found = legal(space, islice(sobol_places(n_dimensions, rng), ANYWHERE), taken)
    found |= nearby(space, centers, DISTANCES, taken, rng)
    if not found:  # little is left, or the constraints leave little: look longer, for one
        draws = iter(lambda: rng.random(n_dimensions).tolist(), None)
        one = next(distinct(space, draws, taken.copy(), rng), None)
        return [] if one is None else [one]
    return list(found.values())


def nearby(
    space: SearchSpace,
    centers: Sequence[Params],
    distances: Sequence[float],
    taken: Seen,
    rng: np.random.Generator,
) -> dict[str, Params]:
    """Legal points around ``centers`` that are not ``taken``, by their key."""
    places = (
        place
        for center in centers
        for distance in distances
        for place in _steps(space, space.to_unit(center), distance, rng)
    )
    return legal(space, places, taken)


def legal(space: SearchSpace, places: Iterable[Sequence[float]], taken: Seen) -> dict[str, Params]:
    """The legal points at ``places`` that are not ``taken``, by their key."""
    points = (space.from_unit(place) for place in places)
    return {key(params): params for params in points if params not in taken and space.allows(params)}


def _steps(
    space: SearchSpace, center: Sequence[float], distance: float, rng: np.random.Generator
) -> Iterator[Sequence[float]]:
    """Places around ``center``: about half of the dimensions move, by a cell or more."""
    dimensions = list(space.dimensions.values())
    shape = (NEAR, len(dimensions))
    width = np.array([max(distance, 1.0 / (dimension.size or np.inf)) for dimension in dimensions])
    is_choice = np.array([isinstance(dimension, Choice) for dimension in dimensions])
    moves = rng.random(shape) < 0.5
    moves[np.arange(NEAR), rng.integers(len(dimensions), size=NEAR)] = True
    stepped = np.array(center) + width * rng.standard_normal(shape)
    stepped = np.clip(np.where(stepped < 0, -stepped, np.where(stepped > 1, 2 - stepped, stepped)), 0, 1)
    anywhere = rng.random(shape)  # choices have no neighbors
    yield from np.where(moves, np.where(is_choice, anywhere, stepped), center).tolist()
