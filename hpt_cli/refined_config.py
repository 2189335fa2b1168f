"""A refine's decision as a config of its own, in which every line that changed says what it was, and why."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpt_cli.config import RoundSettings, StudyConfig, load_config
from hpt_cli.config.hyperparameters import Study
from hpt_cli.data import DataSettings
from hpt_cli.errors import ConfigError, InputError
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.rounds import Move, RefineSettings, RoundPlan, sentence
from hpt_cli.space import Choice, Constraint, Dimension, SearchSpace, same


def write_refined(path: Path, plan: RoundPlan, config: StudyConfig, study: str) -> None:
    """Write the round of ``plan`` as a config that runs on its own.

    Args:
        path: A file that is not there yet.
        plan: What was decided.
        config: Of the study that was refined.
        study: Its name.

    Raises:
        InputError: The file is there, or cannot be written, or its config would not be valid.
    """
    if path.exists():
        raise InputError(f"--to {path}: the file is there already; name another")
    text = refined_text(path, plan, config, study)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--to {path}: cannot be written: {error.strerror}") from error
    try:
        load_config(path)
    except ConfigError as error:
        path.unlink()
        raise InputError(f"--to: the refined space makes no valid config of its own: {error}") from error


def refined_text(path: Path, plan: RoundPlan, config: StudyConfig, study: str) -> str:
    """The YAML."""
    resolved = config.resolved()
    moves = {move.name: move for move in plan.moves}
    settings = RoundSettings(plan.strategy, plan.asked or plan.trials, plan.repeats)
    lines = [
        f"# Round {plan.number} of study {study}, as hpt refine --to decided it.",
        *([f"# {plan.note}"] if plan.note else []),
        f"name: {_text(path.stem)}",
        f"seed: {resolved['seed']}",
    ]
    for key, value in _trained(config, resolved).items():
        lines += _section(key, _relocated(value, config.folder, path.parent))
    lines += _section("objective", resolved["objective"])
    lines += ["", "space:"]
    left_out = []
    for name, dimension in plan.space.dimensions.items():
        written = _reachable(dimension, plan.space)
        if written is None:
            left_out.append(name)
            lines.append(f"  # {name} is left out: it is never active any more")
        else:
            lines += _dimension_lines(name, written, moves.get(name))
    constraints = [
        text for text in plan.space.constraints if not Constraint.parse(text).names & set(left_out)
    ]
    lines += _section("constraints", constraints) if constraints else []
    search = {
        "strategy": settings.strategy,
        **({} if settings.strategy == "grid" else {"trials": settings.trials}),
        "repeats": settings.repeats,
        **_unusual(resolved["search"], _SEARCH),
    }
    lines += _section("search", search)
    lines += _section("execution", _unusual(resolved["execution"], _EXECUTION))
    return "\n".join(lines) + "\n"


_SEARCH: Mapping[str, Any] = {
    "parallel": 4,
    "model": "gp",
    "budget": None,
    "prune": {"method": "none"},
    "refine": dataclasses.asdict(RefineSettings()),
}
_EXECUTION: Mapping[str, Any] = {
    "workers": "auto",
    "engine": "local",
    "trial_timeout": None,
    "max_failures": 20,
    "max_first_failures": 3,
    "retries": 1,
    "threads_per_worker": 1,
}
_DATA: Mapping[str, Any] = dataclasses.asdict(DataSettings(""))
"""Defaults, which need not be written: one that has changed since is only written out."""


def _unusual(section: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as it would be anyway; of a mapping in it, its own unusual keys."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        default = defaults.get(key)
        if key in ("rounds", "target", "enqueue") and "parallel" in defaults:
            continue  # the new config has one round; the others were for the old study
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            value = _unusual(value, default)
        if value not in (None, {}, []) and value != default:
            found[key] = value
    return found


def _trained(config: StudyConfig, resolved: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial does, without what is a default anyway."""
    known = ("name", "seed", "objective", "space", "space_order", "constraints", "search", "execution")
    trained = {
        key: value for key, value in resolved.items() if key not in known and value not in (None, {}, [])
    }
    if "data" in trained:
        trained["data"] = _unusual(trained["data"], _DATA)
    if "network" in trained:
        study = Study(config.network, config.space.dimensions)
        trained["network"] = {
            name: value
            for name, value in trained["network"].items()
            if study.idle_because(name) is None
            and not study.overridden(name)
            and (name not in HYPERPARAMETERS or value != HYPERPARAMETERS[name].default)
        }
    return {key: value for key, value in trained.items() if value != {}}


def _reachable(dimension: Dimension, space: SearchSpace) -> Dimension | None:
    """The dimension with the values of its conditions that are left; ``None`` where none are."""
    when = {}
    for parent, allowed in dimension.when.items():
        if parent not in space.dimensions:
            if not any(same(space.fixed[parent], value) for value in allowed):
                return None
            continue
        values = tuple(value for value in allowed if value in space.dimensions[parent])
        if not values:
            return None
        if _reachable(space.dimensions[parent], space) is None:
            return None
        when[parent] = values
    return dataclasses.replace(dimension, when=when)


def _dimension_lines(name: str, dimension: Dimension, move: Move | None) -> list[str]:
    usual = {
        "type": ("choice", "float", "int") if name in HYPERPARAMETERS else ("choice",),
        "scale": ("linear",),
    }
    entry = {key: value for key, value in dimension.to_json().items() if value not in usual.get(key, ())}
    lines = []
    if move is not None and move.new != move.old:
        lines.append(f"  # {sentence(move.name, move.action, move.old, move.new, move.why)}")
        was = entry_of(move.old)
        return [*lines, f"  {_text(name)}: {_flow(entry)}  # was {was}"]
    if move is not None:
        lines.append(f"  # {sentence(move.name, move.action, move.old, move.new, move.why)}")
    return [*lines, f"  {_text(name)}: {_flow(entry)}"]


def entry_of(dimension: Dimension) -> str:
    """``low: 0.001, high: 1``, or the choices."""
    if isinstance(dimension, Choice):
        return _flow(list(dimension.choices))
    return f"low: {_flow(dimension.low)}, high: {_flow(dimension.high)}"


def _section(key: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        inside = [f"  {_text(str(name))}: {_flow(of)}" for name, of in value.items() if of is not None]
        return ["", f"{key}:", *inside] if inside else []
    return ["", f"{key}: {_flow(value)}"]


def _flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, Mapping):
        inside = (f"{_text(str(key))}: {_flow(of)}" for key, of in value.items() if of is not None)
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Text, quoted unless it is a plain word that YAML cannot take for anything else."""
    plain = text.replace("_", "a").replace(".", "a").isalnum() and text[0].isalpha()
    return text if plain and text.lower() not in _NOT_TEXT else json.dumps(text, ensure_ascii=False)


_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}


def _relocated(value: Any, old: Path, new: Path) -> Any:
    """The same with the paths of files that are there, which are relative to ``old``, relative to ``new``."""
    if isinstance(value, Mapping):
        return {key: _relocated(of, old, new) for key, of in value.items()}
    if isinstance(value, list):
        return [_relocated(of, old, new) for of in value]
    if isinstance(value, str) and value and not Path(value).is_absolute() and (old / value).exists():
        return os.path.relpath(old / value, new.resolve() if str(new) else Path.cwd())
    return value
