"""The rules of a study of the user's own code: which keys go with it, its names, its space, its objective."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hpt_cli.config import models
from hpt_cli.config.command_rules import read_command
from hpt_cli.config.function_rules import read_function
from hpt_cli.config.hyperparameters import whole_number
from hpt_cli.config.messages import Refused, did_you_mean, nearest, safe, shown
from hpt_cli.config.models import Choices, Range
from hpt_cli.config.settings import ObjectiveSettings
from hpt_cli.config.space_rules import MAX_PARAMS, culprit, read_choice, read_space, sentence
from hpt_cli.config.yaml_loader import BROKEN, Document, KeyPath
from hpt_cli.objectives.settings import RESERVED, OwnCode
from hpt_cli.space import Dimension, Float, Int, SearchSpace, Value

KINDS = ("command", "function")
"""The keys that make a study one of own code."""
OF_A_COMMAND = ("shell", "args", "env", "results")
OF_THE_NETWORK = ("data", "network")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*", re.ASCII)
_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_./@:-]{0,63}", re.ASCII)
_CONSTANT = "a constant is a single value under space: `epochs: 10`"


def is_own_code(document: Document) -> bool:
    """Whether the study tunes a command or a function."""
    return any(kind in document.data for kind in KINDS)


def check_sections(document: Document) -> None:
    """Refuse, and take out, what does not go with the kind of the study."""
    data = document.data
    kind = next((kind for kind in KINDS if kind in data), None)
    if kind is None:
        for key in OF_A_COMMAND:
            if key in data:
                document.refuse((key,), "goes with a command only", "write command: ..., or remove it")
                del data[key]
        misspelled = any(nearest(str(key), ["data"]) for key in data)
        if data.get("data") is None and ("data" in data or not misspelled) and () not in document.partial:
            data.pop("data", None)
            ways = "write data: {source: digits}; or, for code of your own, command: or function:"
            document.refuse(("data",), "is missing", ways)
        return
    if all(kind in data for kind in KINDS):
        what = f"stands beside command (line {document.line(('command',))}): a study has one or the other"
        document.refuse(("function",), what, "keep one of them")
        del data["function"]
    for key in OF_THE_NETWORK:
        if key in data:
            hint = _CONSTANT if key == "network" else "remove it: your code reads its own data"
            document.refuse((key,), f"is for the built-in network and does not go with {kind}", hint)
            del data[key]
    if kind == "function":
        for key in OF_A_COMMAND:
            if key in data:
                document.refuse((key,), "goes with a command only, not with a function", "remove it")
                del data[key]


def check_own_names(document: Document) -> None:
    """Names under ``space``; what is refused is replaced by :data:`BROKEN`."""
    space = document.section("space")
    if len(space) > MAX_PARAMS:
        document.refuse(("space",), f"must have at most {MAX_PARAMS} names, found {len(space)}")
    for name in space:
        path = ("space", name)
        if name in RESERVED:
            what = f"is a name that hpt itself gives to your code: {', '.join(RESERVED)} are not for params"
            document.refuse(path, what, f"write {name}_ or another name")
        elif not _NAME.fullmatch(name):
            what = f"is no name for a param, found '{safe(name)}'"
            document.refuse(path, what, "letters, digits and _, parts joined by . or -, a letter first")
        else:
            continue
        space[name] = BROKEN


def read_own_space(shape: models.Config, document: Document) -> SearchSpace | None:
    """The space; ``None`` when something is wrong."""
    dimensions: dict[str, Dimension] = {}
    for name, entry in shape.space.items():
        dimension = _dimension(name, entry, document)
        if dimension is not None:
            dimensions[name] = dimension
    return read_space(dimensions, None, shape.constraints, document)


def _dimension(name: str, entry: Any, document: Document) -> Dimension | None:
    before = len(document.problems)
    when = _when(name, entry.when or {}, document) if isinstance(entry, Choices | Range) else {}
    if isinstance(entry, Range):
        return _range(name, entry, when, document)
    choice = read_choice(name, entry, document)
    return None if choice is None or len(document.problems) > before else replace(choice, when=when)


def _when(name: str, given: Mapping[str, list[Value]], document: Document) -> dict[str, tuple[Value, ...]]:
    names = document.section("space")
    when: dict[str, tuple[Value, ...]] = {}
    for parent, values in given.items():
        path: KeyPath = ("space", name, "when", parent)
        if parent == name:
            document.refuse(path, "cannot depend on itself")
        elif parent not in names:
            document.refuse(path, "is not under space", did_you_mean(parent, names, "there are"))
        elif not values:
            document.refuse(path, "lists no value", "write the values for which this one is searched")
        else:
            when[parent] = tuple(values)
    return when


def _range(
    name: str, entry: Range, when: Mapping[str, tuple[Value, ...]], document: Document
) -> Dimension | None:
    path: KeyPath = ("space", name)
    written = document.section("space")[name]
    whole = all(isinstance(written.get(key, 0), int) for key in ("low", "high", "step"))
    if entry.type is None and whole:
        what = "may be whole numbers or any numbers, which only you can know"
        document.refuse(path, what, "write type: int, or type: float")
        return None
    if entry.low > entry.high:
        low, high = shown(entry.low), shown(entry.high)
        what = f"must be below high, found low: {low} and high: {high}"
        document.refuse((*path, "low"), what, f"write low: {high}, high: {low}")
        return None
    options: dict[str, Any] = {"scale": entry.scale, "points": entry.points, "when": when}
    try:
        if entry.type != "int":
            options |= {"step": entry.step, "hard_low": entry.hard_low, "hard_high": entry.hard_high}
            return Float(entry.low, entry.high, **options)
        for key in ("low", "high", "step", "hard_low", "hard_high"):
            given = getattr(entry, key)
            options[key] = None if given is None else whole_number(given)
        return Int(**options)
    except Refused as refused:
        document.refuse((*path, key), refused.what, refused.hint)
    except ValueError as error:
        document.refuse(culprit(str(error), path, document), *sentence(str(error)))
    return None


def read_own_objective(objective: models.Objective, document: Document) -> ObjectiveSettings:
    """The metric, by whatever name the code has for it, and its goal, which only its author knows."""
    if not _METRIC.fullmatch(objective.metric):
        what = f"is no name for a metric, found {shown(objective.metric)}"
        document.refuse(("objective", "metric"), what, "the name that your code reports it by")
    if objective.goal is None:
        if not any(problem.key == "objective.goal" for problem in document.problems):
            hint = "write minimize or maximize: objective: {metric: validation_loss, goal: minimize}"
            document.refuse(
                ("objective", "goal"), "is missing, and of your own metric nobody else knows", hint
            )
        return ObjectiveSettings(objective.metric, "minimize")
    return ObjectiveSettings(objective.metric, objective.goal)


def read_own_code(
    shape: models.Config, space: SearchSpace | None, folder: Path, document: Document
) -> OwnCode | None:
    """The command or the function; ``None`` when something is wrong."""
    if "function" in document.data:
        return read_function(shape.function, space, folder, document)
    return read_command(shape, space, folder, document)
