"""The best trial's params: for reading, for a YAML file, for a command line."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from hpt_cli.board import Row
from hpt_cli.ranking import sort_key
from hpt_cli.space import Params
from hpt_cli.trial import finite
from hpt_cli.views.standing import Standing
from hpt_cli.views.text import clean, exact


@dataclass(frozen=True)
class Bests:
    """Which trial is best, in each sense of the word.

    Args:
        row: At the top of the leaderboard: the confirmed one, or the one with the best mean.
        seen: With the best objective of its planned repeats: of many the luckiest.
        believed: What the model believes best by which ``hpt confirm`` takes its candidates, and which has
            also seen what is near it; ``None`` where there is no such model.
        confirmed: What ``hpt confirm`` chose; ``None`` before it, and where trials have finished since.
    """

    row: Row
    seen: int
    believed: int | None
    confirmed: int | None

    def said(self) -> list[tuple[str, str]]:
        """Each in some words."""
        confirmed = "none yet: hpt confirm" if self.confirmed is None else f"trial {self.confirmed}"
        said = [("best seen", f"trial {self.seen}")]
        if self.believed is not None:
            said.append(("best believed", f"trial {self.believed}, by the model"))
        return [*said, ("confirmed", confirmed)]


def bests_of(standing: Standing, row: Row, believed: int | None) -> Bests:
    """The bests of a study.

    Args:
        standing: Of the study.
        row: The top of its leaderboard.
        believed: The model's.
    """
    done = standing.board.rows.results[: standing.board.done]
    seen = min(done, key=lambda result: sort_key(result, standing.goal))
    return Bests(row, seen.number, believed, row.result.number if row.confirmed else None)


def best_json(standing: Standing, bests: Bests) -> dict[str, Any]:
    """The best trial as plain JSON types."""
    best = bests.row
    return {
        "study": standing.name,
        "number": best.result.number,
        "params": dict(best.result.params),
        "metric": standing.metric,
        "objective": finite(best.result.objective),
        "mean": finite(best.mean),
        "interval": None
        if best.interval is None
        else [finite(best.interval.low), finite(best.interval.high)],
        "metrics": {name: finite(of) for name, of in best.metrics.items()},
        "seen": bests.seen,
        "believed": bests.believed,
        "confirmed": bests.confirmed,
    }


def plain_best(standing: Standing, bests: Bests) -> list[str]:
    """A name, a tab and the whole value on each line."""
    best = bests.row
    lines = [f"trial\t{best.result.number}", f"{standing.metric}\t{exact(best.mean)}"]
    lines += [f"{name}\t{said}" for name, said in bests.said()]
    return lines + [f"params.{clean(name)}\t{exact(of)}" for name, of in best.result.params.items()]


def as_yaml(params: Params) -> str:
    """Lines for the ``network`` of a config."""
    import yaml

    return str(yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True)) if params else ""


def as_args(params: Params) -> str:
    """``--name=value`` for each, quoted for a shell; with ``=``, or ``-1e-4`` would look like an option."""
    return " ".join(shlex.quote(f"--{name}={exact(of)}") for name, of in params.items())
