"""What is searched: functions of several kinds, of which each seed makes another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hpt_cli.space import Float, SearchSpace

Array = np.ndarray

KINDS = ("bowl", "ridge", "multimodal", "cliff")
WHERE = ("inside", "edge", "outside")
NOISES = {"none": 0.0, "mild": 0.1, "strong": 0.5}
"""Standard deviations, where the median regret of the range is 1."""
MEDIAN_OF = 2000


@dataclass(frozen=True)
class Function:
    """Something to minimize over [0, 1]^d, or beyond.

    Args:
        space: The user's range.
        relevant: The dimensions that matter.
        optimum: Where the least value is; what it says of the others means nothing.
        regret: From places (N, D) to how much worse they are, in medians of the range, (N,).
    """

    space: SearchSpace
    relevant: tuple[int, ...]
    optimum: Array
    regret: Callable[[Array], Array]

    def of(self, params: Mapping[str, object]) -> float:
        """The regret of a point."""
        return float(self.regret(np.array([[float(value) for value in params.values()]]))[0])  # type: ignore[arg-type]

    def seen(self, params: Mapping[str, object], noise: float, rng: np.random.Generator) -> float:
        """What one training of a point shows."""
        return self.of(params) + noise * float(rng.standard_normal())

    def kept(self, space: SearchSpace) -> bool:
        """Whether the optimum is in a space, in the dimensions that matter."""
        dimensions = list(space.dimensions.values())
        return all(
            dimensions[i].low - 1e-9 <= self.optimum[i] <= dimensions[i].high + 1e-9  # type: ignore[union-attr]
            for i in self.relevant
        )


def make(kind: str, d: int, where: str, seed: int) -> Function:
    """A function of a kind; half of the dimensions, at least two, matter."""
    rng = np.random.default_rng([seed, KINDS.index(kind), d, WHERE.index(where)])
    k = max(2, (d + 1) // 2)
    relevant = rng.permutation(d)[:k]
    optimum = rng.uniform(0.2, 0.8, d)
    side = 1 if rng.random() < 0.5 else -1
    if where != "inside":
        depth = rng.uniform(0.01, 0.06) if where == "edge" else -rng.uniform(0.1, 0.35)
        optimum[relevant[0]] = depth if side < 0 else 1 - depth
    # a learning rate too low trains slowly, one too high not at all: outside, the range is on the slow side
    steep = float(side if where == "outside" else rng.choice([-1, 1]))
    shape = _shape(kind, k, steep, rng)

    def bare(places: Array) -> Array:
        return shape(places[:, relevant] - optimum[relevant])

    median = float(np.median(bare(np.random.default_rng(0).random((MEDIAN_OF, d)))))
    space = SearchSpace({f"x{index}": Float(0.0, 1.0) for index in range(d)})
    return Function(space, tuple(relevant.tolist()), optimum, lambda places: bare(places) / median)


def _shape(kind: str, k: int, steep: float, rng: np.random.Generator) -> Callable[[Array], Array]:
    """A function of the differences (N, k) from the optimum, 0 there."""
    weights = np.exp(rng.uniform(math.log(0.4), math.log(2.5), k))
    if kind == "bowl":
        return lambda z: (weights * z**2).sum(axis=1)
    if kind == "ridge":
        turned = np.linalg.qr(rng.standard_normal((k, k)))[0]
        widths = np.exp(np.linspace(0.0, math.log(30.0), k))
        return lambda z: (widths * (z @ turned) ** 2).sum(axis=1)
    if kind == "multimodal":
        waves = rng.uniform(1.5, 3.0, k)
        return lambda z: (weights * (z**2 + 0.0375 * (1.0 - np.cos(2 * math.pi * waves * z)))).sum(axis=1)

    def cliff(z: Array) -> Array:
        t = z[:, 0] * steep
        plateau = 1.0 - np.exp(-6.0 * t**2)
        along = np.where(t > 0.12, 1.0, np.where(t > 0, 8.0 * t**2, plateau))
        return np.minimum(1.2, along + 0.5 * (weights[1:] * z[:, 1:] ** 2).sum(axis=1))

    return cliff


def suite(dimensions: tuple[int, ...] = (2, 4, 10)) -> Iterator[tuple[str, int, str]]:
    """Kind, number of dimensions, place of the optimum: of each combination one."""
    for kind in KINDS:
        for d in dimensions:
            for where in WHERE:
                yield kind, d, where
