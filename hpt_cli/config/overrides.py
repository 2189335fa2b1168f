"""``--set key.path=value``: one key of a config, from the command line."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from hpt_cli.config.yaml_loader import Document, dotted, read_yaml


def merge_override(document: Document, text: str, names: Container[str]) -> None:
    """Put ``key.path=value`` into the document, where its line is 0; what is wrong goes into ``problems``.

    Args:
        document: The config as read so far.
        text: The value is read as the YAML file's are.
        names: Of hyperparameters.  They hold dots themselves (``space.batch_norm.momentum.low``).
    """
    key, equals, value_text = text.partition("=")
    path = _key_path(key.strip(), document.data, names)
    if not equals or not all(part and part == part.strip() for part in path):
        document.refuse_override(key.strip(), "must be key=value", "for example: --set search.trials=5")
        return
    value = read_yaml(b"value: " + value_text.encode("utf-8", "surrogateescape"))
    if value.problems or value.data.keys() != {"value"}:
        problem = value.problems[0] if value.problems else None
        what, hint = (problem.what, problem.hint) if problem else ("must be one value", "")
        document.refuse_override(key.strip(), what, hint)
        return
    here = document.data
    for depth, part in enumerate(path[:-1], start=1):
        if part not in here:
            here[part] = {}
            document.lines[path[:depth]] = 0
        if not isinstance(here[part], dict):
            around = dotted(path[:depth])
            what = f"{around} is not a mapping"
            document.refuse_override(key.strip(), what, f"give all of it: --set '{around}={{...}}'")
            return
        here = here[part]
    here[path[-1]] = value.data["value"]
    for known in [known for known in document.lines if known[: len(path)] == path]:
        del document.lines[known]  # of what was replaced
    document.lines[path] = 0


def _key_path(key: str, data: Mapping[str, Any], names: Container[str]) -> tuple[str, ...]:
    """Split at the dots, except those inside a name: of a mapping that is there, or of a hyperparameter."""
    path: tuple[str, ...] = ()
    parts = key.split(".")
    here: Any = data
    while parts:
        lengths = range(len(parts), 0, -1)
        keys = [".".join(parts[:length]) for length in lengths]
        fits = [
            name
            for name in keys
            if isinstance(here, dict) and name in here and (name == keys[0] or isinstance(here[name], dict))
        ]
        known = [name for name in keys if path in (("space",), ("network",)) and name in names]
        part = (fits or known or keys[-1:])[0]
        path = (*path, part)
        parts = parts[part.count(".") + 1 :]
        here = here.get(part) if isinstance(here, dict) else None
    return path
