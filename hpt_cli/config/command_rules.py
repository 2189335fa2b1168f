"""The rules of ``command``: its words, its placeholders, and whether there is such a program."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from hpt_cli.config import models
from hpt_cli.config.messages import did_you_mean, listed, safe, shown
from hpt_cli.config.yaml_loader import Document, KeyPath
from hpt_cli.objectives import template
from hpt_cli.objectives.settings import ArgsSettings, CommandSettings
from hpt_cli.space import SearchSpace

_SHELL_SIGNS = ("|", "||", "&&", "&", ";", "<", ">", ">>", "2>", "2>&1")
_INTERPRETERS = re.compile(r"python[0-9.]*|\{python\}|bash|sh|Rscript|julia|node|perl|ruby", re.ASCII)
_SCRIPT = re.compile(r".+\.(py|sh|R|r|jl|js|mjs|pl|rb)", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ALL_PARAMS = (template.ARGS, template.PARAMS_FILE)


def read_command(
    shape: models.Config, space: SearchSpace | None, folder: Path, document: Document
) -> CommandSettings | None:
    """The command; ``None`` when something is wrong."""
    before = len(document.problems)
    args = ArgsSettings(shape.args.form, shape.args.names, shape.args.booleans)
    if args.booleans != "value" and args.form == "name=value":
        what = f"{args.booleans} needs a form with dashes, found form: 'name=value'"
        document.refuse(("args", "booleans"), what, 'write form: "--name=value"')
    env = _read_env(shape, document)
    _check_results(shape.results, document)
    words = _read_words(shape, document)
    if words is None:
        return None
    settings = CommandSettings(words, shape.shell, args, env, shape.results)
    _check_placeholders(settings, space, document)
    if not settings.shell:
        _check_program(settings, folder, document)
    return settings if len(document.problems) == before else None


def _read_words(shape: models.Config, document: Document) -> tuple[str, ...] | None:
    path: KeyPath = ("command",)
    given = shape.command
    if given is None:  # it was refused
        return None
    if shape.shell:
        if isinstance(given, str):
            return (given,)
        document.refuse(path, "must be one text with shell: true, found a list", "write it as in a shell")
        return None
    words = given if not isinstance(given, str) else _split(given, document)
    sign = next((word for word in words or () if word in _SHELL_SIGNS), None)
    if sign is not None and isinstance(given, str):
        document.refuse(path, f"no shell reads it, found '{sign}'", "write shell: true beside it")
        return None
    return words


def _split(text: str, document: Document) -> tuple[str, ...] | None:
    """The words of a text, as a shell would split it."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        document.refuse(("command",), f"cannot be split into words: {str(error).lower()}", "close the quote")
        return None


def _read_env(shape: models.Config, document: Document) -> dict[str, str]:
    env = {}
    for name, value in shape.env.items():
        if not _VARIABLE.fullmatch(name):
            document.refuse(("env", name), f"is no variable's name, found '{safe(name)}'")
        elif "\0" in (text := template.written(value)):
            document.refuse(("env", name), "must not hold a zero byte")
        else:
            env[name] = text
    return env


def _check_results(results: str | None, document: Document) -> None:
    if results is None:
        return
    path = Path(results)
    if path.is_absolute() or ".." in path.parts or not path.name or "{" in results:
        what = f"must be a file in the trial's own folder, found {shown(results)}"
        document.refuse(("results",), what, "write results: metrics.json, and {results.json} in the command")


def _check_placeholders(settings: CommandSettings, space: SearchSpace | None, document: Document) -> None:
    """Every placeholder is known, always has a value, and together they hand over all that is searched."""
    used: list[str] = []
    texts: list[tuple[KeyPath, str]] = [(("command",), word) for word in settings.words]
    texts += [(("env", name), text) for name, text in settings.env.items()]
    if settings.results is not None:
        used.append(template.RESULTS_FILE)
    for path, text in texts:
        try:
            names = template.names_in(text)
        except ValueError as error:
            document.refuse(path, str(error), "a brace that is meant as one is written twice: {{ and }}")
            continue
        if path == ("command",) and not settings.shell and template.ARGS in names and text != "{args}":
            document.refuse(path, f"{{args}} is several words, found {shown(text)}", "let it stand alone")
        used += names
        if space is not None:
            _check_names(path, names, space, document)
    if space is not None:
        _check_handed_over(used, space, document)


def _check_names(path: KeyPath, names: Iterable[str], space: SearchSpace, document: Document) -> None:
    known = [*space.names, *template.PLACEHOLDERS]
    for name in dict.fromkeys(names):
        if name not in known:
            hint = did_you_mean(name, known, "there are")
            document.refuse(path, f"no placeholder has this name, found {{{safe(name)}}}", hint)
        elif name in space.names and (when := space.dimensions[name].when):
            where = " and ".join(f"{parent} is {listed(values)}" for parent, values in when.items())
            what = f"{{{name}}} has a value only where {where}"
            document.refuse(path, what, "write {args} or {params.json}: they leave out what is absent")


def _check_handed_over(used: Sequence[str], space: SearchSpace, document: Document) -> None:
    """Who names some params by placeholders and forgets others would search what has no effect."""
    searched = [name for name, of in space.dimensions.items() if of.size != 1]
    if any(name in used for name in _ALL_PARAMS) or not any(name in used for name in space.names):
        return  # none at all: the command may read HPT_PARAMS
    for name in searched:
        if name not in used:
            what = "is searched, but the command does not get it"
            document.refuse(("space", name), what, f"write {{{name}}} or {{args}} in the command")


def _check_program(settings: CommandSettings, folder: Path, document: Document) -> None:
    """The program, and the script that an interpreter is given, are there."""
    program, *others = settings.words
    if program != "{python}":
        if template.names_in(program):
            return
        where = settings.env.get("PATH", os.environ.get("PATH"))
        if "/" in program:
            _check_own_program(program, folder / program, document)
        elif shutil.which(program, path=where) is None:
            here = "it is in the config's folder: write ./" + program if (folder / program).is_file() else ""
            what = f"there is no program of this name on PATH, found {shown(program)}"
            document.refuse(("command",), what, here or _near_program(program, where))
    script = next((word for word in others if not word.startswith("-")), "")
    is_script = _INTERPRETERS.fullmatch(Path(program).name) and _SCRIPT.fullmatch(script)
    if others[:1] != [script] or not is_script or template.names_in(script):
        return
    if not (folder / script).is_file():
        near = _near_file(folder / script)
        hint = f"did you mean '{safe(near)}'?" if near else "relative paths start at the config's folder"
        document.refuse(("command",), f"there is no such file, found {shown(script)}", hint)


def _check_own_program(program: str, path: Path, document: Document) -> None:
    if not path.is_file():
        near = _near_file(path)
        hint = f"did you mean '{safe(near)}'?" if near else "relative paths start at the config's folder"
        document.refuse(("command",), f"there is no such program, found {shown(program)}", hint)
    elif not os.access(path, os.X_OK):
        what = f"may not be executed, found {shown(program)}"
        document.refuse(("command",), what, f"chmod +x {shlex.quote(str(path))}, or name its interpreter")


def _near_program(program: str, where: str | None) -> str:
    for other in (f"{program}3", program.lower()):
        if other != program and shutil.which(other, path=where):
            return f"did you mean '{other}'?"
    return "write {python} for the Python that runs hpt" if program.startswith("python") else ""


def _near_file(path: Path) -> str | None:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return None
    near = difflib.get_close_matches(path.name, names, n=1)
    return near[0] if near else None
