"""A round's plan: all that its trials follow from, and what became of each dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpt_cli.space import Dimension, SearchSpace, dimension_from_json

SCHEMA = 1
"""Version of the plan's JSON; a reader refuses a newer one."""


@dataclass(frozen=True)
class Move:
    """What a round did to one dimension.

    Args:
        name: The dimension.
        action: ``narrow`` or ``hold``.
        old: Before.
        new: After.
        why: The evidence, in a plain sentence that names counts.
    """

    name: str
    action: str
    old: Dimension
    new: Dimension
    why: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "name": self.name,
            "action": self.action,
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "why": self.why,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Move:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a move's JSON.
        """
        return cls(
            name=str(data["name"]),
            action=str(data["action"]),
            old=dimension_from_json(data["old"]),
            new=dimension_from_json(data["new"]),
            why=str(data["why"]),
        )


@dataclass(frozen=True)
class RoundPlan:
    """All that a round's trials follow from, beside the study's seed and the results before it.

    Args:
        number: Counts the study's rounds from 0.
        first: The study's number of the round's first trial.
        space: Where its params come from.
        strategy: Who chooses them.
        trials: How many trials are planned; an exhausted space may give fewer.
        repeats: Trainings a trial.
        parallel: How many trials may be open when the next is chosen.
        origin: ``config``, or ``refine`` for a round that was added by hand.
        moves: What became of each dimension of the round before; empty for the first.
    """

    number: int
    first: int
    space: SearchSpace
    strategy: str
    trials: int
    repeats: int
    parallel: int
    origin: str = "config"
    moves: tuple[Move, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "schema": SCHEMA,
            "number": self.number,
            "first": self.first,
            "strategy": self.strategy,
            "trials": self.trials,
            "repeats": self.repeats,
            "parallel": self.parallel,
            "origin": self.origin,
            "space": self.space.to_json(),
            "moves": [move.to_json() for move in self.moves],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RoundPlan:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a plan's JSON, or one of a newer version.
        """
        if data["schema"] != SCHEMA:
            raise ValueError(f"the plan has schema {data['schema']!r}, this version reads {SCHEMA}")
        return cls(
            number=int(data["number"]),
            first=int(data["first"]),
            space=SearchSpace.from_json(data["space"]),
            strategy=str(data["strategy"]),
            trials=int(data["trials"]),
            repeats=int(data["repeats"]),
            parallel=int(data["parallel"]),
            origin=str(data["origin"]),
            moves=tuple(Move.from_json(move) for move in data["moves"]),
        )
