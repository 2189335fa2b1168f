"""Points from a stream of places in the unit cube, each at most once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.space import key
from hpt_cli.space.search_space import ENUMERATION_LIMIT

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace
    from hpt_cli.trial import TrialResult

MISSES = 100
"""Known or refused draws in a row after which what is left of a small space is listed instead."""
MISSES_OF_A_LARGE_SPACE = 100_000
"""Known or refused draws in a row after which a space too large to list counts as exhausted: seconds."""


class Seen:
    """The points that were had, 8 bytes each (a false match has odds of 1e-9 at 100,000 points)."""

    def __init__(self, history: Iterable[TrialResult] = ()) -> None:
        self._digests = {digest(result.params) for result in history}

    def add(self, params: Params) -> bool:
        """Remember a point; whether it is new."""
        point = digest(params)
        if point in self._digests:
            return False
        self._digests.add(point)
        return True

    def __contains__(self, params: Params) -> bool:
        return digest(params) in self._digests

    def copy(self) -> Seen:
        """A copy to which more can be added."""
        other = Seen()
        other._digests = set(self._digests)
        return other


def digest(params: Params) -> int:
    """8 bytes that stand for a point."""
    return int.from_bytes(blake2b(key(params).encode(), digest_size=8).digest(), "little")


def distinct(
    space: SearchSpace, places: Iterable[Sequence[float]], seen: Seen, rng: np.random.Generator
) -> Iterator[Params]:
    """The legal points at ``places`` that were not seen before; at the end of a small space, what is left.

    Drawing again on a repeat is sampling without replacement, each point by its mass; so is the list of
    what is left, and the seam does not show.

    Args:
        space: Where the points lie.
        places: An endless stream of places in its unit cube.
        seen: What not to give; what is given is added.
        rng: Orders what is left.
    """
    small = space.size is not None and space.size <= ENUMERATION_LIMIT
    patience = MISSES if small else MISSES_OF_A_LARGE_SPACE
    misses = 0
    for place in places:
        params = space.from_unit(place)
        if space.allows(params) and seen.add(params):
            misses = 0
            yield params
            continue
        misses += 1
        if misses == patience:
            break
    if small:
        yield from remaining(space, seen, rng)


def remaining(space: SearchSpace, seen: Seen, rng: np.random.Generator) -> Iterator[Params]:
    """The points of a small finite space that were not seen, in an order drawn by their mass.

    Source:
        Efraimidis and Spirakis, "Weighted random sampling with a reservoir", Information Processing
        Letters 97 (2006), https://doi.org/10.1016/j.ipl.2005.11.003: ascending keys -log(u) / mass.
    """
    left = [params for params in space.points() if params not in seen]
    mass = np.array([space.mass(params) for params in left])
    keys = rng.exponential(size=len(left)) / mass
    for index in np.argsort(keys, kind="stable"):
        seen.add(left[index])
        yield left[index]
