"""The points that a model may choose from: legal, new, some anywhere and some near good ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.strategies.draws import Seen, digest, distinct

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace
    from hpt_cli.strategies.encoding import Encoder

Array = np.ndarray
Score = Callable[[Array], Array]
"""From legal places (N, D) to what they are worth, (N,)."""

LISTED = 2000
"""A finite space with at most so many points offers all that are left."""
ANYWHERE = 400
"""Candidates spread over the whole space."""
NEAR = 16
"""Candidates around each center at each distance."""
DISTANCES = (0.2, 0.06, 0.02, 0.005)
"""Standard deviations of a step from a center, in ranges of a dimension on its scale."""
CLOSER = (0.1, 0.03, 0.01, 0.003)
"""The same of the later looks, each around the most promising candidates so far."""
PROMISING = 5
"""How many candidates a later look goes round."""


class Candidates:
    """Finds the most promising legal point that was not taken.

    Ints, steps and choices stay on their own values: only legal places are ever scored.

    Args:
        space: Where the points lie.
        encode: Its places.
    """

    def __init__(self, space: SearchSpace, encode: Encoder) -> None:
        self._space, self._encode = space, encode
        self._list: tuple[list[Params], list[int], Array] | None = None
        if space.size is not None and space.size <= LISTED:
            points = list(space.points())
            self._list = points, [digest(params) for params in points], encode.places(points)

    def best(
        self,
        score: Score,
        centers: Array,
        strides: Array,
        taken: Callable[[int], bool],
        rng: np.random.Generator,
    ) -> Params | None:
        """The candidate with the highest score, or ``None`` where all is taken.

        Args:
            score: What places are worth.
            centers: Good places (C, D), to look around.
            strides: How far to step in each dimension, relative to the others, (D,).
            taken: Whether the point of a digest was had.
            rng: For all draws.
        """
        if self._list is not None:
            return _best_listed(*self._list, score, taken)
        n_dimensions = len(self._space.names)
        legal = self._encode.legal
        pool = legal(rng.random((ANYWHERE, n_dimensions)))
        for distance in DISTANCES:
            pool = np.vstack([pool, legal(self._around(centers, distance * strides, rng))])
        scores = score(pool)
        for distance in CLOSER:
            promising = np.array(list(islice(self._allowed(pool, scores), PROMISING)))
            if not len(promising):
                break
            more = legal(self._around(promising, distance * strides, rng))
            pool, scores = np.vstack([pool, more]), np.concatenate([scores, score(more)])
        for place in self._allowed(pool, scores):
            params = self._encode.params(place)
            if not taken(digest(params)):
                return params
        return None

    def _allowed(self, pool: Array, scores: Array) -> Iterator[Array]:
        """The places of the pool (N, D) that the constraints allow, the highest score first.

        They are asked for a few at a time: each is read by Python, and most places are not looked at.
        """
        ranked = np.argsort(-scores, kind="stable")
        for start in range(0, len(ranked), PROMISING):
            places = pool[ranked[start : start + PROMISING]]
            yield from places[self._encode.allowed(places)]

    def _around(self, centers: Array, widths: Array, rng: np.random.Generator) -> Array:
        """Places around each of ``centers``: some of the dimensions move, by a cell or more."""
        encode, shape = self._encode, (len(centers) * NEAR, len(widths))
        start = np.repeat(centers, NEAR, axis=0)
        anywhere = rng.random(shape)
        start = np.where(np.isnan(start), anywhere, start)  # inactive so far
        share = rng.random((shape[0], 1))  # how many dimensions move: one, or all, or some
        moves = rng.random(shape) < share
        moves[np.arange(shape[0]), rng.integers(shape[1], size=shape[0])] = True
        stepped = start + np.maximum(widths, 1.0 / encode.sizes) * rng.standard_normal(shape)
        stepped = np.where(encode.is_choice, anywhere, np.clip(stepped, 0.0, 1.0))
        return np.where(moves, stepped, start)


def any_left(space: SearchSpace, taken: Seen, rng: np.random.Generator) -> Params | None:
    """A legal point that was not taken, looked for as long as it takes; ``None`` when there is none."""
    n_dimensions = len(space.names)
    draws = iter(lambda: rng.random(n_dimensions).tolist(), None)
    return next(distinct(space, draws, taken, rng), None)


def _best_listed(
    points: Sequence[Params],
    digests: Sequence[int],
    places: Array,
    score: Score,
    taken: Callable[[int], bool],
) -> Params | None:
    """The best of all the points of a small space that are left."""
    left = np.array([not taken(point) for point in digests], dtype=bool)
    if not left.any():
        return None
    scores = np.full(len(points), -np.inf)
    scores[left] = score(places[left]) if left.sum() > 1 else 0.0
    return points[int(np.argmax(scores))]
