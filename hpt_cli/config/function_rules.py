"""The rules of ``function``: that there is such a module and such a function; neither is run to see it."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tokenize
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from hpt_cli.config.messages import did_you_mean, safe, shown
from hpt_cli.config.yaml_loader import Document, KeyPath
from hpt_cli.objectives.settings import FunctionSettings
from hpt_cli.space import SearchSpace

_PATH: KeyPath = ("function",)
_TARGET = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
_FORM = "write function: package.module:name"
_GIVEN = ("params", "seed", "trial", "dir")
"""What a function may have besides the params of the space."""


def read_function(
    target: str | None, space: SearchSpace | None, folder: Path, document: Document
) -> FunctionSettings | None:
    """The function; ``None`` when something is wrong."""
    if target is None:
        if document.data.get("function") is None:
            document.refuse(_PATH, "is empty", _FORM)
        return None
    match = _TARGET.fullmatch(target)
    if match is None or match[1].endswith(".py"):
        document.refuse(_PATH, f"must name a module and a function, found {shown(target)}", _form_for(target))
        return None
    settings = FunctionSettings(match[1], match[2])
    before = len(document.problems)
    _check_module(settings, space, folder, document)
    return settings if len(document.problems) == before else None


def _form_for(target: str) -> str:
    """What was meant by a path, or by a name without a colon."""
    module, colon, name = target.partition(":")
    if module.endswith(".py"):
        return f"write function: {module.removesuffix('.py').replace('/', '.').lstrip('.')}:{name or 'name'}"
    if not colon and re.fullmatch(r"\w+(\.\w+)+", target):
        return f"write function: {':'.join(target.rsplit('.', 1))}"
    return _FORM


def _check_module(
    settings: FunctionSettings, space: SearchSpace | None, folder: Path, document: Document
) -> None:
    first = settings.module.partition(".")[0]
    try:
        spec = _find(settings.module, folder)
    except (ImportError, ValueError, AttributeError):
        return  # a finder of its own; the trial will tell
    if spec is None:
        there = sorted(
            {path.stem for path in folder.glob("*.py")}
            | {p.parent.name for p in folder.glob("*/__init__.py")}
        )
        hint = (
            did_you_mean(first, there, "in the config's folder")
            if there
            else "modules are looked for in the config's folder first"
        )
        document.refuse(_PATH, f"there is no module {shown(settings.module)}", hint)
        return
    origin = Path(spec.origin) if spec.origin else None
    if first in sys.stdlib_module_names and (origin is None or not origin.is_relative_to(folder.resolve())):
        return
    if first in sys.stdlib_module_names:
        document.refuse(_PATH, f"a module of Python's own is called {shown(first)}", "rename the file")
    elif origin is not None and origin.suffix == ".py":
        _check_source(settings, origin, space, document)


def _find(module: str, folder: Path) -> ModuleSpec | None:
    """Where a module is, without importing the packages that it is in."""
    first, *others = module.split(".")
    spec = PathFinder.find_spec(first, [str(folder.resolve())]) or importlib.util.find_spec(first)
    name = first
    for part in others:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def _check_source(
    settings: FunctionSettings, path: Path, space: SearchSpace | None, document: Document
) -> None:
    try:
        with tokenize.open(path) as file:
            tree = ast.parse(file.read(), str(path))
    except SyntaxError as error:
        what = f"{safe(path.name)} is no Python, line {error.lineno}: {error.msg}"
        document.refuse(_PATH, what, "mend it first")
        return
    except (OSError, ValueError) as error:
        document.refuse(_PATH, f"{safe(path.name)} cannot be read: {safe(str(error))}")
        return
    defined = list(_defined(tree.body))
    first = settings.name.partition(".")[0]
    found = [node for name, node in defined if name in (first, "*")]
    if not found:
        names = [name for name, node in defined if isinstance(node, ast.FunctionDef)]
        hint = did_you_mean(first, names, "it defines") if names else "it defines no function"
        document.refuse(_PATH, f"{safe(path.name)} has no {shown(first)}", hint)
    elif isinstance(found[-1], ast.AsyncFunctionDef):
        document.refuse(_PATH, f"{shown(first)} is an async function", "wrap it: asyncio.run(...)")
    elif isinstance(found[-1], ast.FunctionDef) and not found[-1].decorator_list and space is not None:
        _check_signature(found[-1], space, document)


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """The names that a module's statements define, with the statement; ``*`` for an import of everything."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], node
        else:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id, node
                elif isinstance(inner, ast.FunctionDef | ast.ClassDef):
                    yield inner.name, node
                elif isinstance(inner, ast.Import | ast.ImportFrom):
                    for alias in inner.names:
                        yield alias.asname or alias.name.partition(".")[0], node


def _check_signature(function: ast.FunctionDef, space: SearchSpace, document: Document) -> None:
    """It takes what it will be given, and is given what it needs."""
    given = function.args
    names = [argument.arg for argument in (*given.args, *given.kwonlyargs)]
    positional = len(given.defaults)
    needed = [argument.arg for argument in given.args[: len(given.args) - positional]]
    needed += [
        a.arg for a, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None
    ]
    if given.posonlyargs:
        what = f"{function.name} takes {shown(given.posonlyargs[0].arg)} by position only"
        document.refuse(_PATH, what, "params are given by name: remove the /")
        return
    if "params" not in names and given.kwarg is None:
        for name in space.names:
            if name not in names:
                what = f"{function.name}({', '.join(names)}) does not take it"
                hint = "params are given by name; one parameter called params gets them all as a dict"
                document.refuse(("space", name), what, hint)
    for name in needed:
        if name in _GIVEN:
            continue
        if "params" in names or name not in space.names:
            what = f"{function.name} needs {shown(name)}, which the space does not have"
            hint = f"give it a default, or write `{name}` under space: one value is a constant"
            if "params" in names:
                what = f"{function.name} needs {shown(name)} beside params, which has all"
                hint = "take it out of params"
            document.refuse(_PATH, what, hint)
        elif space.dimensions[name].when:
            what = f"{function.name} needs {shown(name)}, which is absent where its condition does not hold"
            document.refuse(_PATH, what, f"give it a default: {name}=None")
