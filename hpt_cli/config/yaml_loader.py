"""YAML text to plain values, with the line of every key, and nothing guessed.

PyYAML reads YAML 1.1, where ``1e-4`` is text, ``017`` is 15, ``1:30`` is 90, ``no`` is false and the second
of two equal keys wins without a word.  Here PyYAML only finds the structure; what a scalar means is decided
by the few rules below, and what a person may have meant otherwise is refused with the line and what to write.
"""

from __future__ import annotations

import difflib
import errno
import math
import os
import re
import shlex
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hpt_cli.config.messages import safe
from hpt_cli.data.files import SUFFIXES
from hpt_cli.data.messages import escaped
from hpt_cli.errors import ConfigError, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50
MAX_NODES = 20_000
MAX_DIGITS = 18
"""Whole numbers beyond this do not fit into the 64 bits that arrays have."""
MAX_FLOAT_TEXT = 100
_MOST_LISTED = 8

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the root."""


class _Broken:
    """Stands for a value whose problem is already on the list, so that nothing else is said about it."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final = _Broken()


@dataclass
class Document:
    """What a config's text says, and where it says it.

    Args:
        data: Plain dicts, lists and scalars; :data:`BROKEN` in the place of what could not be read.
        lines: Of each key (of a list's entry: of the entry), counted from 1; 0 for command-line overrides.
        problems: What was refused so far.
        partial: Mappings of which a key could not be read: nothing in them is missing for certain.
        options: Keys that an option of the command line has set, other than ``--set``: its name.
    """

    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    partial: set[KeyPath] = field(default_factory=set)
    options: dict[str, str] = field(default_factory=dict)

    def section(self, name: str) -> dict[str, Any]:
        """A mapping at the root; empty if it is none."""
        value = self.data.get(name)
        return value if isinstance(value, dict) else {}

    def line(self, path: KeyPath) -> int:
        """The line of ``path``, or of the nearest thing around it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def refuse(self, path: KeyPath, what: str, hint: str = "") -> None:
        """Add a problem at ``path``."""
        line = self.line(path)
        key = dotted(path)
        self.problems.append(Problem(line, self._said(key) if line == 0 else key, what, hint))

    def refuse_override(self, key: str, what: str, hint: str = "") -> None:
        """Add a problem of an override that could not be merged."""
        self.problems.append(Problem(0, self._said(safe(key)), what, hint))

    def _said(self, key: str) -> str:
        return self.options.get(key, f"--set {key}")


def dotted(path: KeyPath) -> str:
    """``search.rounds[0].trials``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{safe(part)}" if text else safe(part)
    return text


def read_file(path: Path) -> bytes:
    """The bytes of a config: a regular file of at most :data:`MAX_BYTES`.

    Raises:
        ConfigError: There is no such file, or it is not one to read.
    """

    def refuse(what: str, hint: str = "") -> ConfigError:
        return ConfigError(path, [Problem(0, "", what, hint)])

    try:
        # not blocking: opening a named pipe would wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise refuse("there is no such file", _near_file(path)) from error
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None)
        reason = os.strerror(code).lower() if code else "that is not a file's name"
        raise refuse(
            "links lead in a circle" if code == errno.ELOOP else f"cannot be read: {reason}"
        ) from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise refuse("is a folder, not a config", "name the YAML file in it")
        if not stat.S_ISREG(status.st_mode):
            raise refuse("is not a regular file")
        if path.name.lower().endswith(SUFFIXES):
            raise ConfigError(path, [_no_config(path)])
        with open(descriptor, "rb", closefd=False) as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refuse(f"cannot be read: {os.strerror(error.errno or errno.EIO).lower()}") from error
    finally:
        os.close(descriptor)
    if len(text) > MAX_BYTES:
        raise refuse("is larger than 1 MiB", "a config holds settings; data belongs into a file of its own")
    return text


def _no_config(path: Path) -> Problem:
    """What to do with a file of data in a config's place."""
    arrays = path.name.lower().endswith(".npz")
    command = shlex.join(["hpt", "init", str(path), *([] if arrays else ["--target", "COLUMN"])])
    what = "an archive of arrays" if arrays else "a table"
    return Problem(1, "", f"this is {what}, not a config", f"first: {escaped(command)}")


def _near_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except (OSError, ValueError):
        return ""
    stems = {name.rpartition(".")[0].casefold(): name for name in sorted(names)}
    stem = path.stem if path.suffix in (".yaml", ".yml") else path.name
    if near := difflib.get_close_matches(stem.casefold(), stems, n=1):
        return f"did you mean '{safe(stems[near[0]])}'?"
    more = f" and {len(stems) - _MOST_LISTED} more" if len(stems) > _MOST_LISTED else ""
    listed = ", ".join(safe(name) for name in list(stems.values())[:_MOST_LISTED])
    return f"in that folder: {listed}{more}" if stems else ""


def read_yaml(text: bytes) -> Document:
    """Read one YAML document that is a mapping.  Never raises: what is wrong is in ``problems``."""
    try:
        decoded = _decode(text)
        node = _compose(decoded)
        if node is None or (isinstance(node, ScalarNode) and node.tag == _PLAIN and not node.value):
            raise _UnreadableError(1, "is empty", "a config has at least `data` and `space`")
        if not isinstance(node, MappingNode):
            raise _UnreadableError(
                node.start_mark.line + 1, "must be a mapping of keys to values", "write `key: value`"
            )
    except _UnreadableError as error:
        return Document({}, {(): error.line}, [Problem(error.line, "", error.what, error.hint)])
    document = Document({}, {(): node.start_mark.line + 1})
    data = _value(node, (), document)
    document.data = data if isinstance(data, dict) else {}
    return document


class _UnreadableError(Exception):
    """The text as a whole cannot be read; nothing more can be said about it."""

    def __init__(self, line: int, what: str, hint: str = "") -> None:
        super().__init__(line, what, hint)
        self.line = line
        self.what = what
        self.hint = hint


def _decode(text: bytes) -> str:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _UnreadableError(1, "is not UTF-8 but UTF-16", "save it as UTF-8")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(
            line, f"is not UTF-8: byte 0x{text[error.start]:02x}", "save it as UTF-8"
        ) from error
    if control := yaml.reader.Reader.NON_PRINTABLE.search(decoded):
        line = decoded.count("\n", 0, control.start()) + 1
        hint = "save it as UTF-8" if control[0] == "\0" else "remove it"
        raise _UnreadableError(line, f"contains the control character {safe(control[0])}", hint)
    return decoded


# Plain scalars.  The classes are ASCII: digits of other scripts are text.
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_INT = re.compile(rf"[-+]?{_DIGITS}")
_FLOAT = re.compile(rf"[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"([-+]?)0([xXoObB])([0-9a-fA-F_]+)")
_LEADING_ZERO = re.compile(r"([-+]?)0[0-9_]+")
_AFTER_COMMA = re.compile(r"[0-9]+(?:[eE][-+]?[0-9]+)?")
_BASES = {"x": 16, "o": 8, "b": 2}
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_AMBIGUOUS = {"yes": "true", "on": "true", "no": "false", "off": "false"}

_TAG = "tag:yaml.org,2002:"
_PLAIN = "!plain"
"""Our own mark of an unquoted scalar without a tag."""
_ALIAS = "!alias"


class _NodeLoader(yaml.SafeLoader):
    """Composes nodes: no aliases, a bounded depth and size, and no opinion about what a scalar means."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 - PyYAML's
        """An unquoted scalar keeps its text for :func:`_scalar`; all else is what it looks like."""
        if kind is ScalarNode:
            return _PLAIN if implicit[0] else _TAG + "str"
        return _TAG + ("seq" if kind is SequenceNode else "map")

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """One node with all below it, within the limits."""
        if self.check_event(AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            return ScalarNode(_ALIAS, "", mark, mark)
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise _UnreadableError(line, f"is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise _UnreadableError(line, f"has more than {MAX_NODES} values")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _compose(text: str) -> Node | None:
    loader = _NodeLoader(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_problem(error, text) from error
    except (yaml.YAMLError, ValueError, OverflowError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets some of its own slips through: chr() of a huge \U escape, a damaged %YAML line
        raise _UnreadableError(loader.line + 1, "is not YAML") from error
    finally:
        loader.dispose()


_SECOND_COLON = "a second ': ' on one line, or an indentation that does not fit"

# Part of PyYAML's words, where the fault is (its mark, or that of what it was in), our sentence, the hint.
_SYNTAX = (
    ("character '\\t'", "problem", "a tab where only blanks may stand", "use spaces"),
    ("character '%'", "problem", "text cannot start with '%'", "quote it"),
    ("character '@'", "problem", "text cannot start with '@'", "quote it"),
    ("character '`'", "problem", "text cannot start with a backtick", "quote it"),
    (
        "mapping values are not allowed",
        "problem",
        _SECOND_COLON,
        "quote text that holds ': ', or put each key on a line of its own",
    ),
    ("expected ':'", "context", "a key without ': '", "write `key: value`, with a blank after the colon"),
    ("expected <block end>", "problem", "the indentation does not fit the lines above", ""),
    ("expected ',' or", "context", "a bracket that is never closed, or a comma that is missing", ""),
    ("unexpected end of stream", "context", "a quote that is never closed", ""),
    (
        "expected a single document",
        "problem",
        "more than one YAML document",
        "write one document, without `---`",
    ),
    ("unknown escape", "problem", "an unknown \\ in double quotes", "use 'single quotes'"),
    ("tag handle", "problem", "tags (!name) are not read", "remove it, or quote the text"),
    ("sequence entries are not allowed", "problem", "a list in a place where it cannot start", ""),
    ("alphabetic or numeric", "problem", "text cannot start with '*' or '&'", "quote it"),
    ("duplicate anchor", "problem", "anchors (&name) are not read", "remove it, or quote the text"),
    ("expected '<document start>'", "problem", "the indentation does not fit the lines above", ""),
    ("expected the node content", "problem", "a value is missing", ""),
)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> _UnreadableError:
    said = f"{error.context or ''} {error.problem or ''}"
    marks = {"problem": error.problem_mark, "context": error.context_mark or error.problem_mark}
    where, what, hint = next(
        (rest for words, *rest in _SYNTAX if words in said), ("problem", "is not YAML", "")
    )
    mark = marks[where] or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines() or [""]
    if what == _SECOND_COLON and (before := _line_without_colon(lines[: line - 1])):
        # `learning_rate 0.1` goes on into the next line, which is where PyYAML stumbles
        line, what, hint = before, "a key without ': '", "write `key: value`, with a blank after the colon"
    around = lines[min(line, len(lines)) - 1]
    if "\t" in around[: len(around) - len(around.lstrip())]:
        what, hint = _SYNTAX[0][2:]
    elif re.match(r"\s*(- )?\w+: \{\w+\}.*\S", around):
        what, hint = "a text cannot start with a brace", "quote all of it: '{python} train.py'"
    elif "{{" in around or "{%" in around:
        hint = "is this a template that was not filled in?"
    elif not hint and re.search(r"\w:[^\s/\\]", around):
        hint = "a colon needs a blank after it"
    return _UnreadableError(line, f"{what}, found '{safe(around.strip())}'" if around.strip() else what, hint)


def _line_without_colon(lines: list[str]) -> int | None:
    """The number of the last line that says something, if that is neither a key nor a list's entry."""
    for number in range(len(lines), 0, -1):
        words = lines[number - 1].split(" #")[0].strip()
        if words and not words.startswith("#"):
            is_key = re.search(r":(\s|$)", words) or words.startswith("-")
            return None if is_key else number
    return None


def _value(node: Node | None, path: KeyPath, document: Document) -> Any:
    """The plain value of a node; puts lines and problems into ``document``."""
    if isinstance(node, MappingNode) and node.tag == _TAG + "map":
        return _mapping(node, path, document)
    if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
        values = []
        for position, entry in enumerate(node.value):
            document.lines[*path, position] = entry.start_mark.line + 1
            values.append(_value(entry, (*path, position), document))
        return values
    if isinstance(node, ScalarNode):
        try:
            return _scalar(node.tag, node.value)
        except ValueError as error:
            document.refuse(path, *error.args)
            return BROKEN
    document.refuse(path, f"the tag {_shown_tag(node.tag if node else '')} is not read", "remove it")
    return BROKEN


def _mapping(node: MappingNode, path: KeyPath, document: Document) -> dict[str, Any] | _Broken:
    values: dict[str, Any] = {}
    for position, (key_node, value_node) in enumerate(node.value):
        line = key_node.start_mark.line + 1
        if position and (number := _decimal_comma(node.value[position - 1][1], key_node, value_node)):
            here = (*path, *list(values)[-1:])
            what = f"the decimal sign is a point, found {number}"
            document.problems.append(Problem(line, dotted(here), what, f"write {number.replace(',', '.')}"))
            values.update(dict.fromkeys(list(values)[-1:], BROKEN))
            continue
        try:
            key = _key(key_node)
        except ValueError as error:
            what, hint = error.args
            where = (*path, key_node.value) if isinstance(key_node, ScalarNode) and key_node.value else path
            document.problems.append(Problem(line, dotted(where), what, hint))
            document.partial.add(path)
            continue
        here = (*path, key)
        if key in values:
            first = document.lines[here]
            what = f"is written twice: on line {first} and on line {line}"
            document.problems.append(Problem(line, dotted(here), what, "keep one of them"))
            continue
        document.lines[here] = line
        values[key] = _value(value_node, here, document)
    return BROKEN if path in document.partial and not values else values


def _decimal_comma(before: Node, key: Node, value: Node) -> str | None:
    """``0,001`` where it stands in brackets, which makes of it the value 0 and a key 001 without a value."""
    if not all(isinstance(node, ScalarNode) and node.tag == _PLAIN for node in (before, key, value)):
        return None
    adjacent = key.start_mark.index == before.end_mark.index + 1
    digits = _INT.fullmatch(before.value) and _AFTER_COMMA.fullmatch(key.value)
    return f"{before.value},{key.value}" if adjacent and digits and not value.value else None


def _key(node: Node) -> str:
    """A mapping's key; ValueError(what, hint) when it is not text."""
    if not isinstance(node, ScalarNode):
        raise ValueError("a key must be text, found brackets", "is this a template that was not filled in?")
    if node.tag == _PLAIN and node.value == "<<":
        raise ValueError("merge keys (<<) are not read", "write the keys out")
    key = _scalar(node.tag, node.value)
    if not isinstance(key, str):
        raise ValueError(f"a key must be text, found {safe(node.value) or 'nothing'}", "quote it")
    return key


def _shown_tag(tag: str) -> str:
    return safe(tag.replace(_TAG, "!!"))


def _scalar(tag: str, text: str) -> Any:
    """What a scalar means; ValueError(what, hint) when it is refused."""
    if tag == _ALIAS:
        raise ValueError("aliases (*name) are not read", "write the value out, or quote the text")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds half a character (a lone surrogate)", "write the character itself")
    if tag == _TAG + "str":
        return text
    if tag == _PLAIN:
        return _plain(text)
    if tag not in (_TAG + "int", _TAG + "float", _TAG + "bool"):
        raise ValueError(f"the tag {_shown_tag(tag)} is not read", "remove it")
    kind = tag.removeprefix(_TAG)
    value = _plain(text)
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value).__name__ != kind:
        raise ValueError(f"is not what its tag !!{kind} says, found '{safe(text)}'", "remove the tag")
    return value


def _plain(text: str) -> Any:
    """The rules for an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text.lower() in _AMBIGUOUS and text in (text.lower(), text.capitalize(), text.upper()):
        meant = _AMBIGUOUS[text.lower()]
        raise ValueError(f"{text} may mean {meant} or a text", f'write {meant}, or "{text}" in quotes')
    if text == "None":
        raise ValueError("None is not a value in YAML", 'write null, or "None" in quotes')
    if match := _LEADING_ZERO.fullmatch(text):
        digits = text.removeprefix(match[1]).replace("_", "").lstrip("0") or "0"
        raise ValueError(
            f"{safe(text)} may be read as octal",
            f'write {match[1]}{digits[:MAX_DIGITS]}, or "{safe(text)}" in quotes',
        )
    if match := _OTHER_BASE.fullmatch(text):
        return _other_base(text, match)
    if _INT.fullmatch(text):
        digits = text.lstrip("+-").replace("_", "")
        if len(digits) > MAX_DIGITS:
            raise ValueError(f"has more than {MAX_DIGITS} digits, found {safe(text)}", "")
        return int(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        return _float(text)
    return text


def _other_base(text: str, match: re.Match[str]) -> str:
    sign, letter, digits = match.groups()
    try:
        number = int(digits.replace("_", ""), _BASES[letter.lower()])
    except ValueError:
        return text  # 0b12 is a text like any other
    meant = f"write {sign}{number}, " if number < 10**MAX_DIGITS else ""
    raise ValueError(
        f"{safe(text)} is not a decimal number", f'{meant}or "{safe(text)}" in quotes'.removeprefix("or ")
    )


def _float(text: str) -> float:
    if len(text) > MAX_FLOAT_TEXT:
        raise ValueError(f"has more than {MAX_FLOAT_TEXT} characters, found {safe(text)}", "round it")
    value = float(text.replace("_", ""))
    if math.isinf(value):
        raise ValueError(f"is too large for a number, found {safe(text)}", "")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise ValueError(f"is too small: it would be 0, found {safe(text)}", "")
    return value
