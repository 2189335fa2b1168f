"""``python -m benchmarks.search``: run searchers on problems, keep the results, print what they say."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.search.ablations import WITHOUT
from benchmarks.search.problems import HELD_OUT, PROBLEMS, Problem
from benchmarks.search.report import report
from benchmarks.search.searchers import SEARCHERS

FOLDER = Path(__file__).parent.parent / "results" / "search"


def main() -> None:
    """Run what is missing, then report."""
    parser = argparse.ArgumentParser(prog="benchmarks.search", description=__doc__)
    parser.add_argument("--searchers", nargs="+", default=list(SEARCHERS), metavar="NAME")
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), metavar="NAME")
    parser.add_argument("--held-out", action="store_true", help="those on which nothing was decided instead")
    parser.add_argument("--seeds", type=int, default=5, help="searches of each problem")
    parser.add_argument("--budget", type=int, default=100, help="trials of each search")
    parser.add_argument("--again", action="store_true", help="forget earlier results of these searchers")
    parser.add_argument("--label", help="keep the results under this name (with --set: what was left out)")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="MODULE.NAME=VALUE", help="a constant of strategies"
    )
    parser.add_argument("--without", choices=sorted(WITHOUT), help="an ingredient of ours to leave out")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are kept")
    parser.add_argument("--report", nargs="*", metavar="NAME", help="run nothing; compare these, or all")
    arguments = parser.parse_args()
    threadpool_limits(1)  # everybody gets one core
    if arguments.report is not None:
        report(arguments.folder, arguments.report)
        return
    for assignment in arguments.set:
        _set(*assignment.split("=", maxsplit=1))
    if arguments.without:
        WITHOUT[arguments.without]()
    problems = list(HELD_OUT) if arguments.held_out else arguments.problems
    labels = []
    for searcher in arguments.searchers:
        without = f"{searcher}-without-{arguments.without}" if arguments.without else searcher
        labels.append(arguments.label or without)
        path = arguments.folder / f"{labels[-1]}.json"
        if arguments.again:
            path.unlink(missing_ok=True)
        _run(searcher, path, problems, arguments.seeds, arguments.budget)
    report(arguments.folder, labels)


def _set(place: str, value: str) -> None:
    """Change ``module.NAME``, or ``module.NAME.field`` of a dataclass, in the strategies of this process."""
    room, name, *field = place.split(".")
    module = importlib.import_module(f"hpt_cli.strategies.{room}")
    new = ast.literal_eval(value)
    setattr(module, name, replace(getattr(module, name), **{field[0]: new}) if field else new)


def _run(searcher: str, path: Path, problems: list[str], seeds: int, budget: int) -> None:
    """The searches that ``path`` does not hold yet."""
    runs: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    had = {(run["problem"], run["seed"]) for run in runs if len(run["truth"]) >= min(budget, run["budget"])}
    had &= {(run["problem"], run["seed"]) for run in runs if run["budget"] >= budget}
    for name in problems:
        missing = [seed for seed in range(seeds) if (name, seed) not in had]
        if not missing:
            continue
        try:
            problem = {**PROBLEMS, **HELD_OUT}[name]()
            fresh = [search(searcher, problem, seed, budget) for seed in missing]
        except ImportError as error:
            print(f"{searcher} on {name}: skipped: {error}")
            continue
        runs = [run for run in runs if run["problem"] != name or run["seed"] not in missing] + fresh
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in runs)
        path.write_text(f"[\n{lines}\n]\n")
        seconds = np.mean([np.mean(run["ms"]) for run in fresh])
        print(f"{searcher} on {name}: {seconds:.1f} ms a suggestion", flush=True)


def search(searcher: str, problem: Problem, seed: int, budget: int) -> dict[str, Any]:
    """One search: what was seen, what was true, what each suggestion cost (ask plus tell, processor ms)."""
    made = SEARCHERS[searcher](problem.space, seed, budget)
    noise = np.random.default_rng([seed, 99])
    seen: list[float | None] = []
    truths: list[float | None] = []
    costs: list[float] = []
    for _ in range(budget):
        started = time.process_time()
        try:
            params = made.ask()
        except StopIteration:
            break
        asked = time.process_time()
        value, truth = problem.see(params, noise)
        resumed = time.process_time()
        made.tell(params, value)
        costs.append(1e3 * (time.process_time() - resumed + asked - started))
        seen.append(value if value is None else float(f"{value:.6g}"))
        truths.append(truth if truth is None else float(f"{truth:.6g}"))
    return {
        "problem": problem.name,
        "kind": problem.kind,
        "seed": seed,
        "budget": budget,
        "optimum": problem.optimum,
        "median": problem.median,
        "truth": truths,
        "ms": [round(cost, 1) for cost in costs],
        **({} if seen == truths else {"seen": seen}),
    }


if __name__ == "__main__":
    main()
