"""A YAML file to a validated study; every problem with its line, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from hpt_cli.config import models
from hpt_cli.config.column_rules import check_columns
from hpt_cli.config.data_rules import read_data
from hpt_cli.config.enqueue_rules import check_warm_start, with_enqueued
from hpt_cli.config.hyperparameters import Names, Setting, Study
from hpt_cli.config.overrides import merge_override
from hpt_cli.config.own_rules import (
    check_own_names,
    check_sections,
    is_own_code,
    read_own_code,
    read_own_objective,
    read_own_space,
)
from hpt_cli.config.prune_rules import read_prune
from hpt_cli.config.settings import ExecutionSettings, ObjectiveSettings, StudyConfig
from hpt_cli.config.space_rules import check_names, flatten_network, read_hyperparameters, read_space
from hpt_cli.config.study_rules import (
    check_class_weight,
    check_engine,
    check_target,
    read_objective,
    read_search,
    study_name,
)
from hpt_cli.config.translate import add_problems
from hpt_cli.config.yaml_loader import Document, KeyPath, read_file, read_yaml
from hpt_cli.data.settings import DataSettings
from hpt_cli.errors import ConfigError
from hpt_cli.objectives.settings import OwnCode
from hpt_cli.space import SearchSpace

_MAY_BE_EMPTY = ("objective", "network", "constraints", "search", "execution", "args", "env")
"""Sections that have defaults for everything: a key without a value is as good as none."""
_STAND_IN = "digits"  # for a source that was refused, so that the rest can be judged


def load_config(
    path: Path, overrides: Sequence[str] = (), options: Mapping[str, str] = MappingProxyType({})
) -> StudyConfig:
    """Read a config.

    Args:
        path: The YAML file.
        overrides: ``key.path=value`` from the command line, read by the rules of the file and merged before
            anything is judged.
        options: Overrides that have an option of their own, by its name: ``--trials``.  They come last, and
            what is wrong with one is told under its name.

    Raises:
        ConfigError: Something is wrong; it holds every problem, by line.
    """
    path = Path(path)
    return parse_config(read_file(path), path, overrides, options)


def parse_config(
    text: bytes,
    path: Path,
    overrides: Sequence[str] = (),
    options: Mapping[str, str] = MappingProxyType({}),
) -> StudyConfig:
    """As :func:`load_config`, from the file's bytes.

    Raises:
        ConfigError: Something is wrong; it holds every problem, by line.
    """
    document = read_yaml(text)
    config = None
    if document.data or not document.problems:
        for override in overrides:
            merge_override(document, override, Names())
        for option, override in options.items():
            document.options[override.partition("=")[0]] = option
            merge_override(document, override, Names())
        config = _study(document, text, path)
    if document.problems or config is None:
        raise ConfigError(path, sorted(document.problems, key=lambda problem: problem.line))
    return config


def _study(document: Document, text: bytes, path: Path) -> StudyConfig | None:
    """The study, if ``document.problems`` is empty afterwards."""
    for section in _MAY_BE_EMPTY:
        if section in document.data and document.data[section] is None:
            del document.data[section]
    if document.data.get("space") == {}:
        document.refuse(
            ("space",), "is empty", "write what is searched: `learning_rate: {low: 1e-4, high: 1}`"
        )
    check_sections(document)
    read = _own_code if is_own_code(document) else _network
    parts = read(document, path)
    shape, space = parts.shape, parts.space
    search = read_search(shape.search, space, document)
    check_engine(shape.execution, document)
    if parts.own_code is None:  # whose numbers only its author knows
        check_target(search.target, parts.objective, document)
    search = replace(search, prune=read_prune(shape.search.prune, parts.study, document))
    search = replace(search, warm_start=tuple(shape.search.warm_start))
    check_warm_start(search, document)
    if space is not None:
        search = with_enqueued(search, shape.search.enqueue, space, shape.seed, document)
    name = study_name(shape.name, path, document)
    if document.problems and parts.data is not None:
        check_columns(parts.data, path.parent, document)
    if space is None:
        return None
    return StudyConfig(
        path=path,
        text=text,
        folder=path.parent,
        name=name,
        seed=shape.seed,
        data=parts.data,
        objective=parts.objective,
        network=parts.network,
        space=space,
        search=search,
        execution=ExecutionSettings(**shape.execution.model_dump()),
        own_code=parts.own_code,
    )


@dataclass(frozen=True)
class _Parts:
    """What is read in another way of a network than of own code."""

    shape: models.Config
    space: SearchSpace | None
    objective: ObjectiveSettings
    data: DataSettings | None = None
    network: Mapping[str, Setting] = field(default_factory=dict)
    own_code: OwnCode | None = None
    study: Study | None = None


def _network(document: Document, path: Path) -> _Parts:
    layers = flatten_network(document)
    check_names(document, layers)
    shape = _validated(document)
    data = shape.data or models.Data.model_validate({"source": _STAND_IN})
    found = read_hyperparameters(shape.network, shape.space, layers, document)
    space = read_space(found.dimensions, found.network, shape.constraints, document)
    settings = read_data(data, path.parent, document)
    check_class_weight(found, data, document)
    objective = read_objective(shape.objective, data, document)
    return _Parts(shape, space, objective, settings, found.network, study=found.study())


def _own_code(document: Document, path: Path) -> _Parts:
    check_own_names(document)
    shape = _validated(document)
    space = read_own_space(shape, document)
    own_code = read_own_code(shape, space, path.parent, document)
    return _Parts(shape, space, read_own_objective(shape.objective, document), own_code=own_code)


def _validated(document: Document) -> models.Config:
    """The document by its models; what is refused is left out, so that the rest can still be judged."""
    data = document.data
    try:
        return models.Config.model_validate(data)
    except ValidationError as error:
        paths = add_problems(error.errors(include_url=False), document)
    return models.Config.model_validate(_without(data, paths))


def _without(data: dict[str, Any], paths: Sequence[KeyPath]) -> dict[str, Any]:
    """``data`` without the settings at ``paths``: an entry of its section, or all of it."""
    kept = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    for path in paths:
        section = kept.get(str(path[0])) if path else None
        if isinstance(section, dict) and len(path) > 1:
            section.pop(str(path[1]), None)
        elif path:
            kept.pop(str(path[0]), None)
    source = kept.get("data")
    if "data" in kept and not (isinstance(source, dict) and "source" in source):
        kept["data"] = {**(source if isinstance(source, dict) else {}), "source": _STAND_IN}
    kept.setdefault("space", {})
    return kept
