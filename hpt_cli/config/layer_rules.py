"""The rules for ``network.layers``: the list itself, and whether its layers fit the data's images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpt_cli.config.messages import did_you_mean, safe
from hpt_cli.config.settings import StudyConfig
from hpt_cli.config.yaml_loader import BROKEN, Document, KeyPath, dotted, read_yaml
from hpt_cli.errors import ConfigError, Problem
from hpt_cli.network.architecture import (
    KEYS,
    ImageShape,
    LayerProblem,
    image_problem,
    layer_problems,
    width_names,
)

LIST: KeyPath = ("network", "layers")


def read_list(value: Any, document: Document) -> Any:
    """A list of layers, its whole numbers as such; :data:`BROKEN` if something is wrong with it."""
    broken = set(_broken(value, ()))
    if () in broken:
        return BROKEN
    searched = document.section("space")
    found = [problem for problem in layer_problems(value, searched) if not _touches(problem, broken)]
    for problem in found:
        what, hint = problem.what, problem.hint
        if problem.what.startswith("unknown key"):
            kind = next(kind for kind in KEYS if kind in value[problem.position])
            hint = did_you_mean(str(problem.key), KEYS[kind], "known keys")
        document.refuse(_path(problem), what, hint)
    if found or broken:
        return BROKEN
    return [{key: _plain(setting) for key, setting in entry.items()} for entry in value]


def check_open_width(name: str, layers: Any, document: Document) -> bool:
    """Whether a list of layers leaves the number of that name open; if not, the name is refused."""
    if layers is BROKEN:
        return True
    path: KeyPath = ("space", name)
    kind = name.partition("_")[0]
    names = width_names(layers) if layers else {}
    position = next((position for position, own in names.items() if own == name), None)
    if position is None:
        count = sum(own.startswith(kind) for own in names.values())
        what = f"is no layer's: network.layers has {count or 'no'} {kind} entr{'y' if count == 1 else 'ies'}"
        document.refuse(path, what, f"write {{{kind}: }} among network.layers")
        return False
    if layers[position][kind] is not None:
        line = document.line((*LIST, position, kind))
        what = f"network.layers[{position}] (line {line}) says it already"
        document.refuse(path, what, f"leave it open there: {{{kind}: }}")
        return False
    return True


def _broken(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where values lie that could not be read."""
    if value is BROKEN:
        yield place
    elif isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _broken(below, (*place, key))


def _touches(problem: LayerProblem, broken: set[tuple[Any, ...]]) -> bool:
    """Whether a problem is about something that could not be read, or may be."""
    place = tuple(part for part in (problem.position, problem.key) if part is not None)
    return any(lost[: len(place)] == place or place[: len(lost)] == lost for lost in broken)


def _path(problem: LayerProblem) -> KeyPath:
    path = LIST if problem.position is None else (*LIST, problem.position)
    return (*path, problem.key) if problem.key else path


def _plain(setting: Any) -> Any:
    return int(setting) if isinstance(setting, float) and setting.is_integer() else setting


def check_images(config: StudyConfig, image: ImageShape | None) -> None:
    """See that the layers fit the images of the data, as far as a config has layers for images.

    Args:
        config: What the study is.
        image: Height, width and channels; ``None`` if the rows are no images.

    Raises:
        ConfigError: A layer does not fit, or there are no images; with its line.
    """
    layers: Any = config.network.get("layers")
    problem = image_problem(layers, image) if layers else None
    if problem is None:
        return
    path = _path(problem)
    document = read_yaml(config.text)
    written = document.section("network").get("layers")
    line = document.line(path) if written else 0  # it may come from the command line
    raise ConfigError(config.path, [Problem(line, safe(dotted(path)), problem.what, problem.hint)])
