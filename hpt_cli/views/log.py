"""A log that any program may have written, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hpt_cli.views.text import clean

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


def for_a_terminal(blocks: Iterable[bytes]) -> Iterator[str]:
    """Its lines: without colors and movements, of a progress bar the last state, nothing else left out."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from map(_shown, lines)
    if rest:
        yield _shown(rest)


def _shown(line: bytes) -> str:
    text = _ESCAPE.sub("", line.decode("utf-8", "replace")).rstrip("\r")
    return clean(text.rpartition("\r")[2].expandtabs())
