"""A round's plan: all that its trials follow from, and what became of each dimension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpt_cli.space import Dimension, Params, SearchSpace, dimension_from_json

SCHEMA = 1
"""Version of the plan's JSON; a reader refuses a newer one."""


@dataclass(frozen=True)
class Evidence:
    """What a move rests on.

    Args:
        trials: How many trials in the old range were judged.
        contenders: How many of them may be the best.
        kept: How many of the contenders lie in the new range.
        p: How likely such evidence is if the dimension does not matter; ``None`` where it was not tested.
        share: Share of the places where the optimum may be that lie in the new range.
        edge: ``low`` or ``high``, the end at which the optimum may be; empty for none.
        places: Where the contenders lie in the old range, 0 at its low end and 1 at its high end on its
            scale; of a choice, the index of each one's value.
    """

    trials: int
    contenders: int
    kept: int
    p: float | None = None
    share: float | None = None
    edge: str = ""
    places: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "trials": self.trials,
            "contenders": self.contenders,
            "kept": self.kept,
            "p": self.p,
            "share": self.share,
            "edge": self.edge,
            "places": list(self.places),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evidence:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not evidence's JSON.
        """
        return cls(
            trials=int(data["trials"]),
            contenders=int(data["contenders"]),
            kept=int(data["kept"]),
            p=None if data["p"] is None else float(data["p"]),
            share=None if data["share"] is None else float(data["share"]),
            edge=str(data["edge"]),
            places=tuple(float(place) for place in data["places"]),
        )


@dataclass(frozen=True)
class Move:
    """What a round did to one dimension.

    Args:
        name: The dimension.
        action: ``narrow``, ``widen`` (an end moved outward, or a choice came back), ``shift`` (one end
            outward, the other inward), ``hold``, ``drop`` (choices left out) or ``freeze`` (one choice
            is left).
        old: Before.
        new: After.
        why: The evidence, in a plain sentence that names counts.
        evidence: The same in numbers; ``None`` where there was nothing to judge by.
    """

    name: str
    action: str
    old: Dimension
    new: Dimension
    why: str
    evidence: Evidence | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "name": self.name,
            "action": self.action,
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "why": self.why,
            "evidence": None if self.evidence is None else self.evidence.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Move:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a move's JSON.
        """
        evidence = data.get("evidence")  # which older versions did not write
        return cls(
            name=str(data["name"]),
            action=str(data["action"]),
            old=dimension_from_json(data["old"]),
            new=dimension_from_json(data["new"]),
            why=str(data["why"]),
            evidence=None if evidence is None else Evidence.from_json(evidence),
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
        probes: Params of the round's first trials, which look outside its space; ``trials`` counts them.
        noise: Standard deviation of a training that the decision reckoned with; ``None`` if it was unknown.
        note: What the decision has to say of the whole; may be empty.
        asked: How many trials were asked for; 0 if that is not known to differ from ``trials``.
        ahead: How many rounds of the same refine are to follow.
        hold: Dimensions that this refine leaves as they are, because somebody asked for that.
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
    probes: tuple[Params, ...] = ()
    noise: float | None = None
    note: str = ""
    asked: int = 0
    ahead: int = 0
    hold: tuple[str, ...] = ()

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
            "probes": [dict(params) for params in self.probes],
            "noise": self.noise,
            "note": self.note,
            "asked": self.asked,
            "ahead": self.ahead,
            "hold": list(self.hold),
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
            probes=tuple(dict(params) for params in data.get("probes", ())),
            noise=None if data.get("noise") is None else float(data["noise"]),
            note=str(data.get("note", "")),
            asked=int(data.get("asked", 0)),
            ahead=int(data.get("ahead", 0)),
            hold=tuple(map(str, data.get("hold", ()))),
        )
