"""Texts with placeholders: ``--lr {learning_rate}``; a brace that is meant as one is written twice."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hpt_cli.objectives.settings import ArgsSettings
from hpt_cli.space import Params, Value

ARGS = "args"
PARAMS_FILE = "params.json"
RESULTS_FILE = "results.json"
FOLDER = "dir"
PLACEHOLDERS: Mapping[str, str] = {
    ARGS: "all params, as the section `args` spells them",
    PARAMS_FILE: "the path of a JSON file with the params",
    RESULTS_FILE: "the path of the file that the results are read from",
    "trial": "the trial's number",
    "repeat": "which of its repeats, from 0",
    "seed": "the training seed, from 0 to 4294967295",
    FOLDER: "a folder of the trial's own, empty at the start",
    "python": "the Python that runs hpt",
}
"""What may stand in braces besides the names of the space."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Piece:
    """A part of a text: as it stands, or the name of a placeholder."""

    text: str
    is_placeholder: bool


def parse(text: str) -> tuple[Piece, ...]:
    """Take a text apart.

    Raises:
        ValueError: A brace that neither stands around a name nor is written twice; a sentence says where.
    """
    pieces = []
    for match in _PIECE.finditer(text):
        found, name = match[0], match[1]
        if name is not None and _NAME.fullmatch(name):
            pieces.append(Piece(name, True))
        elif name is not None or found in "{}":
            raise ValueError(f"a brace stands around a name, found {found[:40]!r}")
        else:
            pieces.append(Piece(found[0] if found in ("{{", "}}") else found, False))
    return tuple(pieces)


def names_in(text: str) -> list[str]:
    """The placeholders of a text, in order."""
    return [piece.text for piece in parse(text) if piece.is_placeholder]


def fill(text: str, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
    """The text with ``values`` in place of the placeholders, each ``quote``-d."""
    return "".join(quote(values[piece.text]) if piece.is_placeholder else piece.text for piece in parse(text))


def fill_words(words: Sequence[str], values: Mapping[str, str], args: Sequence[str]) -> list[str]:
    """A command's words, where ``{args}`` alone becomes as many words as there are ``args``."""
    filled: list[str] = []
    for word in words:
        filled += args if word == f"{{{ARGS}}}" else [fill(word, values)]
    return filled


def fill_shell(text: str, values: Mapping[str, str], args: Sequence[str]) -> str:
    """A line for a shell, in which no value can be more than one word."""
    texts = {**{name: shlex.quote(value) for name, value in values.items()}, ARGS: shlex.join(args)}
    return fill(text, texts)


def written(value: Value) -> str:
    """A value as a command gets it: ``true``, ``0.001``, ``1e-05``, text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def spelled(params: Params, settings: ArgsSettings) -> list[str]:
    """The words of ``{args}``."""
    words: list[str] = []
    for name, value in params.items():
        shown = name.replace("_", "-") if settings.names == "dashes" else name
        if isinstance(value, bool) and settings.booleans != "value":
            if value:
                words.append(f"--{shown}")
            elif settings.booleans == "flag_or_no":
                words.append(f"--no-{shown}")
        elif settings.form == "--name value":
            words += [f"--{shown}", written(value)]
        else:
            words.append(f"{settings.form.removesuffix('name=value')}{shown}={written(value)}")
    return words


def as_json(params: Params) -> str:
    """The params as JSON, in one line, with the types that they have."""
    return json.dumps(params, ensure_ascii=False)
