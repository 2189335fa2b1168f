"""The rules for ``network.layers``: the list itself, and whether its layers fit the data's images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpt_cli.config.messages import did_you_mean, safe
from hpt_cli.config.settings import StudyConfig
from hpt_cli.config.yaml_loader import BROKEN, Document, KeyPath, dotted, read_yaml
from hpt_cli.errors import ConfigError, Problem
from hpt_cli.network.architecture import KEYS, ImageShape, LayerProblem, image_problem, layer_problems

LIST: KeyPath = ("network", "layers")


def read_list(value: Any, document: Document) -> Any:
    """A list of layers, its whole numbers as such; :data:`BROKEN` if something is wrong with it."""
    broken = set(_broken(value, ()))
    if () in broken:
        return BROKEN
    found = [problem for problem in layer_problems(value) if not _touches(problem, broken)]
    for problem in found:
        what, hint = problem.what, problem.hint
        if problem.what.startswith("unknown key"):
            kind = next(kind for kind in KEYS if kind in value[problem.position])
            hint = did_you_mean(str(problem.key), KEYS[kind], "known keys")
        document.refuse(_path(problem), what, hint)
    if found or broken:
        return BROKEN
    return [{key: _plain(setting) for key, setting in entry.items()} for entry in value]


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
