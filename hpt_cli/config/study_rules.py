"""The rules for the rest of a config: its name, the objective, the rounds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from hpt_cli.config import models
from hpt_cli.config.constraint_rules import check_satisfiable, without_value
from hpt_cli.config.hyperparameters import among
from hpt_cli.config.messages import nearest, safe, shown
from hpt_cli.config.settings import ObjectiveSettings, RoundSettings, SearchSettings
from hpt_cli.config.space_rules import Hyperparameters
from hpt_cli.config.yaml_loader import Document, KeyPath
from hpt_cli.data.settings import BUILTIN
from hpt_cli.network import METRICS, metric_goal, metrics_for
from hpt_cli.rounds import LEAST_FINISHED, RefineSettings
from hpt_cli.space import SearchSpace

DEFAULT_TRIALS = 20
PARTS = ("validation", "training")


def study_name(given: str | None, path: Path, document: Document) -> str:
    """The study's name: as given, or the file's, which may not be one."""
    name = path.stem if given is None else given
    if given is None and "name" not in document.data and not re.fullmatch(models.NAME_PATTERN[1:-1], name):
        what = f"is missing, and the file's name cannot stand in for it: {safe(name)}"
        document.refuse(("name",), what, "write name: my-study")
    return name


def read_objective(objective: models.Objective, data: models.Data, document: Document) -> ObjectiveSettings:
    """The objective with its goal."""
    path: KeyPath = ("objective", "metric")
    known = [f"{part}_{metric}" for part in PARTS for metric in METRICS]
    metric, part, bare = objective.metric, *objective.metric.partition("_")[::2]
    if part == "test":
        what = f"test rows are not for choosing: the best would look too good, found {shown(metric)}"
        document.refuse(path, what, f"write validation_{bare or 'loss'}")
        return ObjectiveSettings("validation_loss", "minimize")
    if metric not in known:
        document.refuse(path, f"unknown metric, found {shown(metric)}", _metric_hint(metric))
        return ObjectiveSettings("validation_loss", "minimize")
    _check_task(metric, data, document)
    goal = metric_goal(metric)
    if objective.goal not in (None, goal):
        better = "less" if goal == "minimize" else "more"
        what = f"{better} {metric} is better: must be {goal}, found {objective.goal}"
        document.refuse(("objective", "goal"), what, "leave it out")
    return ObjectiveSettings(metric, goal)


def _metric_hint(metric: str) -> str:
    words = metric.lower().replace("-", "_").replace(" ", "_")
    for part, spellings in (("validation", ("val_", "valid_", "dev_")), ("training", ("train_",))):
        for spelling in spellings:
            words = f"{part}_{words.removeprefix(spelling)}" if words.startswith(spelling) else words
    bare = words.rpartition("validation_")[2].rpartition("training_")[2]
    meant = _METRIC_SYNONYMS.get(bare, bare)
    if nearest(bare, METRICS) or meant != bare:
        part = "training" if words.startswith("training_") else "validation"
        return f"did you mean '{part}_{nearest(meant, METRICS)}'?"
    return f"write validation_ or training_ and one of {', '.join(METRICS)}"


_METRIC_SYNONYMS = {
    "acc": "accuracy",
    "cross_entropy": "loss",
    "error": "loss",
    "f1": "f1_macro",
    "mse": "rmse",
    "roc_auc": "auc",
    "score": "accuracy",
}


def _check_task(metric: str, data: models.Data, document: Document) -> None:
    """A metric of classes does not judge numbers, nor the other way round, where the task is known by now."""
    task = _known_task(data)
    if task != "auto" and metric not in metrics_for(task, 0):
        hint = "write validation_accuracy" if task == "classification" else "write validation_rmse"
        document.refuse(("objective", "metric"), f"{metric} does not judge a {task}", hint)


def _known_task(data: models.Data) -> str:
    """What the config says of the task; ``auto`` where the labels will tell."""
    if data.task == "auto" and data.source in BUILTIN:
        return "regression" if data.source == "diabetes" else "classification"
    return str(data.task)


def check_target(target: float | None, objective: ObjectiveSettings, document: Document) -> None:
    """A target that every trial or none can reach is a slip."""
    metric = objective.metric.partition("_")[2]
    if target is None or metric not in METRICS:
        return
    path: KeyPath = ("search", "target")
    if objective.goal == "maximize" and target > 1:
        percent = f"write {target / 100:g}" if 1 < target <= 100 else ""
        document.refuse(path, f"{objective.metric} is at most 1, found {shown(target)}", percent)
    if objective.goal == "minimize" and target < 0:
        document.refuse(path, f"{objective.metric} is never below 0, found {shown(target)}", "")


def check_engine(execution: models.Execution, document: Document) -> None:
    """Dask is an extra, and an address is its own."""
    if execution.engine != "dask":
        if execution.address is not None:
            what = "has no effect: trials run on this machine"
            document.refuse(("execution", "address"), what, "write engine: dask, or remove it")
    elif find_spec("distributed") is None:
        what = "needs Dask, which is not installed"
        document.refuse(("execution", "engine"), what, "install it with: pip install 'hpt-cli[dask]'")


def check_class_weight(found: Hyperparameters, data: models.Data, document: Document) -> None:
    """Numbers have no classes to weigh."""
    name = "class_weight"
    if _known_task(data) == "regression" and among("balanced", found.study().values(name)):
        section = "network" if name in found.network else "space"
        what = "has no effect: there are no classes in a regression"
        document.refuse((section, name), what, "remove it")


def read_search(search: models.Search, space: SearchSpace | None, document: Document) -> SearchSettings:
    """The rounds, with the product of each grid."""
    path: KeyPath = ("search",)
    before = len(document.problems)
    rounds: list[RoundSettings] = []
    if isinstance(search.rounds, list):
        for position, plan in enumerate(search.rounds):
            strategy = plan.strategy or search.strategy
            given = plan.trials
            if given is None and (strategy == "grid") == (search.strategy == "grid"):
                given = search.trials
            where = (*path, "rounds", position) if plan.trials else path
            trials = _trials(strategy, given, where, space, document)
            rounds.append(RoundSettings(strategy, trials, plan.repeats or search.repeats))
    else:
        trials = _trials(search.strategy, search.trials, path, space, document)
        rounds = [RoundSettings(search.strategy, trials, search.repeats)] * search.rounds
    drawn = any(plan.strategy != "grid" for plan in rounds)
    if space is not None and space.constraints and drawn:
        check_satisfiable(space, document)
    total = sum(plan.trials for plan in rounds)
    if total > models.MAX_TRIALS:
        what = f"all rounds together must have at most {models.MAX_TRIALS} trials, found {total}"
        document.refuse((*path, "rounds" if len(rounds) > 1 else "trials"), what)
    if len(rounds) > 1 and len(document.problems) == before:
        _check_first_round(rounds, space, document)
    refine = RefineSettings(**search.refine.model_dump())  # type: ignore[attr-defined]
    return SearchSettings(
        search.parallel, search.model, tuple(rounds), search.budget, search.target, refine=refine
    )


def _check_first_round(
    rounds: Sequence[RoundSettings], space: SearchSpace | None, document: Document
) -> None:
    """The second round's space comes from the trials of the first: so many must be possible at all."""
    if space is None and rounds[0].strategy == "grid":
        return  # of which the number of trials is not known
    size = space.size if space else None
    possible = rounds[0].trials if size is None else min(rounds[0].trials, size)
    if possible < LEAST_FINISHED:
        trials = f"{possible} trial{'s' * (possible != 1)}"
        what = f"the first round has {trials}, and the next is decided from at least {LEAST_FINISHED}"
        few = rounds[0].trials < LEAST_FINISHED and rounds[0].strategy != "grid"
        more = f"write trials: {LEAST_FINISHED} or more, or leave" if few else "leave"
        document.refuse(("search", "rounds"), what, f"{more} `rounds` out")


def _trials(
    strategy: str, given: int | None, path: KeyPath, space: SearchSpace | None, document: Document
) -> int:
    if strategy != "grid":
        return given or DEFAULT_TRIALS
    count = _grid_count(space, path, document) if space is not None else None
    if count is not None and given not in (None, count):
        what = f"the grid has {count} trials, found {given}"
        document.refuse((*path, "trials"), what, f"leave it out, or write {count}")
    return count or 1


def _grid_count(space: SearchSpace, path: KeyPath, document: Document) -> int | None:
    """The product of the grid; ``None`` when something stands against it."""
    sizes: list[int] = []
    for name, dimension in space.dimensions.items():
        try:
            sizes.append(len(dimension.grid()))
        except ValueError:
            what = "a grid needs to know how many values to take"
            problem = ("space", name), what, "write points: 5 (or step), or a list"
            if not any(
                found.key.endswith(f"space.{name}") and found.what == what for found in document.problems
            ):
                document.refuse(*problem)
    if len(sizes) < len(space.dimensions):
        return None
    most = math.prod(sizes)
    try:
        count = space.grid_count()
    except ValueError:
        count = most
    if count > models.MAX_TRIALS:
        what = f"the grid has {count} trials, more than {models.MAX_TRIALS}"
        document.refuse((*path, "strategy"), what, "fewer points, or strategy: random")
        return None
    if count == 0:
        if not without_value(space, document):
            document.refuse((*path, "strategy"), "the constraints leave no point of the grid", "loosen them")
        return None
    return count
