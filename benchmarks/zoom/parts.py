"""A part of the benchmark: one player on some seeds of one function, played once by one state of the code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import benchmarks.zoom
import hpt_cli
from benchmarks.zoom.functions import NOISES, make
from benchmarks.zoom.players import PLAYERS, Outcome, rule
from hpt_cli.rounds import RefineSettings

BLOCK = 50
"""Seeds of a part: a minute of bayes at most is lost when the benchmark is stopped."""
FOLDER = Path(".cache/zoom")


@dataclass(frozen=True)
class Part:
    """One player on ``seeds`` functions of a kind, from the seed ``first`` on."""

    player: str
    noise: str
    kind: str
    d: int
    where: str
    first: int
    seeds: int
    budget: int


def play(part: Part, settings: RefineSettings) -> list[Outcome]:
    """True regret, and whether the optimum was kept, for each seed; read where this code has played it."""
    players = {**PLAYERS, "rule": partial(rule, settings=settings)}
    asked = json.dumps([asdict(part), asdict(settings) if part.player == "rule" else None, _code()])
    file = FOLDER / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
    if file.exists():
        return [(regret, kept) for regret, kept in json.loads(file.read_text())]
    outcomes = []
    for seed in range(part.first, part.first + part.seeds):
        function = make(part.kind, part.d, part.where, seed)
        outcomes.append(players[part.player](function, NOISES[part.noise], seed, part.budget))
    FOLDER.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps([(regret, bool(kept)) for regret, kept in outcomes]))
    draft.replace(file)
    return outcomes


@cache
def _code() -> str:
    """A hash of all that decides what a player does: the package's modules, and the benchmark's own."""
    digest = hashlib.sha256()
    for package in (hpt_cli, benchmarks.zoom):
        folder = Path(package.__path__[0])
        for file in sorted(folder.rglob("*.py")):
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
