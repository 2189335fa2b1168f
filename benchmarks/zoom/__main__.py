"""``python -m benchmarks.zoom``: true regret of the final pick, and how often the optimum was kept.

Hours of two cores, nearly all of them bayes: what is done is kept under ``.cache/zoom``, and the same command
goes on from there.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.report import keep
from benchmarks.zoom.functions import KINDS, NOISES, WHERE, suite
from benchmarks.zoom.parts import BLOCK, Part, play
from benchmarks.zoom.players import PLAYERS, Outcome
from hpt_cli.rounds import RefineSettings

Row = dict[str, Any]


def main() -> None:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(prog="benchmarks.zoom", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="functions of each kind")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--budget", type=int, default=96, help="trainings of each study")
    parser.add_argument("--dimensions", type=int, nargs="+", default=[2, 4, 10], metavar="D")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--where", nargs="+", default=list(WHERE), choices=WHERE)
    parser.add_argument("--noise", nargs="+", default=list(NOISES), choices=list(NOISES))
    parser.add_argument("--players", nargs="+", default=list(PLAYERS), choices=list(PLAYERS))
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=NUMBER", help="numbers of the rule, as in search.refine"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--quiet", action="store_true", help="sums alone")
    parser.add_argument("--keep", action="store_true", help="write a file under benchmarks/results")
    arguments = parser.parse_args()
    numbers = dict(assignment.split("=") for assignment in arguments.set)
    known = {field.name: type(field.default) for field in fields(RefineSettings)}
    settings = RefineSettings(**{name: known[name](number) for name, number in numbers.items()})
    started = time.perf_counter()
    rows: list[Row] = []
    cells = [
        (kind, d, where)
        for kind, d, where in suite(tuple(arguments.dimensions))
        if kind in arguments.kinds and where in arguments.where
    ]
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    with ProcessPoolExecutor(arguments.workers, initializer=threadpool_limits, initargs=(1,)) as pool:
        for noise in arguments.noise:
            print(f"\nnoise {noise}: regret in medians of the range (how often the optimum was kept)")
            parts = [
                Part(name, noise, *cell, first, min(BLOCK, seeds.stop - first), arguments.budget)
                for cell in cells
                for name in arguments.players
                for first in seeds[::BLOCK]
            ]
            of_noise = []
            played = pool.map(partial(play, settings=settings), parts)
            for kind, d, where in cells:
                row: Row = {"noise": noise, "kind": kind, "d": d, "where": where, "players": {}}
                for name in arguments.players:
                    row["players"][name] = _in_sum([next(played) for _ in seeds[::BLOCK]])
                of_noise.append(row)
                if not arguments.quiet:
                    print(_line(row), flush=True)
            _sum_up(of_noise, arguments.players)
            rows += of_noise
    print(f"\n{time.perf_counter() - started:.0f} s, {arguments.seeds} seeds of each function")
    if arguments.keep:
        print(f"kept in {keep('zoom', rows)}")


def _in_sum(parts: Sequence[Sequence[Outcome]]) -> dict[str, float]:
    outcomes = [outcome for part in parts for outcome in part]
    regrets = np.array([regret for regret, _ in outcomes])
    return {
        "regret": float(regrets.mean()),
        "error": float(regrets.std(ddof=1) / math.sqrt(len(regrets))),
        "kept": float(np.mean([kept for _, kept in outcomes])),
    }


def _line(row: Row) -> str:
    parts = [f"{row['kind']:10} {row['d']:2}d {row['where']:8}"]
    for name, found in row["players"].items():
        kept = f" ({100 * found['kept']:3.0f} %)" if name not in ("random", "bayes") else ""
        parts.append(f"{name} {found['regret']:.4f}{kept}")
    random, rule = row["players"].get("random"), row["players"].get("rule")
    if random and rule and random["regret"] < rule["regret"] - math.hypot(random["error"], rule["error"]):
        parts.append("<- random search wins")
    return "  ".join(parts)


def _sum_up(rows: Sequence[Row], players: Sequence[str]) -> None:
    for name in players:
        found = [row["players"][name] for row in rows]
        by_place = []
        for where in WHERE:
            kept = [row["players"][name]["kept"] for row in rows if row["where"] == where]
            if kept:
                by_place.append(f"{where} {100 * np.mean(kept):.0f} % (least {100 * min(kept):.0f} %)")
        ratios = ""
        if "random" in players and name != "random":
            ratio = np.mean(
                [row["players"][name]["regret"] / row["players"]["random"]["regret"] for row in rows]
            )
            ratios = f", {ratio:.2f} of random's"
        print(
            f"  {name:9} mean regret {np.mean([f['regret'] for f in found]):.4f}{ratios}; "
            f"optimum kept: {', '.join(by_place)}"
        )


if __name__ == "__main__":
    main()
