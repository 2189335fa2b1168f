"""The config: YAML text to a validated study, every problem with its line, its key and a hint.

Nothing here imports pydantic before a config is really loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from hpt_cli.config.settings import (
    ExecutionSettings,
    ObjectiveSettings,
    RoundSettings,
    SearchSettings,
    StudyConfig,
    changes,
)


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
    from hpt_cli.config.load import load_config as load

    return load(path, overrides, options)


def check_images(config: StudyConfig, image: tuple[int, int, int] | None) -> None:
    """See that the layers of a config fit the images (height, width, channels) of its data, if it has layers.

    Raises:
        ConfigError: One does not fit, or the rows are no images (``None``).
    """
    from hpt_cli.config.layer_rules import check_images as check

    check(config, image)


__all__ = [
    "ExecutionSettings",
    "ObjectiveSettings",
    "RoundSettings",
    "SearchSettings",
    "StudyConfig",
    "changes",
    "check_images",
    "load_config",
]
