"""A config for a command: its space is read off the script's argparse options, without running it."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hpt_cli.errors import InputError
from hpt_cli.proposal.starter import SCHEMA_FILE, Draft, study_name
from hpt_cli.proposal.text import heading, scalar

_LARGEST_SCRIPT = 2**20  # bytes
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z][A-Za-z0-9_.-]*)\}(?!\})")
_RESERVED = {"args", "params.json", "results.json", "trial", "repeat", "seed", "dir", "python"}
_SHARES = re.compile(r"drop|subsample|fraction|ratio|share|prob")
_NEAR_ONE = re.compile(r"momentum|beta|gamma")
_SIZES = re.compile(
    r"unit|hidden|width|channel|layer|depth|size|dim|neighbo|estimator|tree|lea[fv]|batch|head|rank"
)
_FEW = re.compile(r"layer|depth|head")
_LARGER = re.compile(r"acc|auc|f1|r2|score|precision|recall|reward|iou|dice|bleu")
_SMALLER = re.compile(r"loss|err|mse|mae|perplexity|nll|deviance|brier")
_EXAMPLES = {
    "learning_rate": "{type: float, low: 1e-4, high: 1e-1, scale: log} # each decade alike",
    "hidden_units": "{type: int, low: 16, high: 256, scale: log}",
}


@dataclass(frozen=True)
class Option:
    """One of a script's options.

    Args:
        name: Without the leading dashes, as it is typed.
        kind: ``float``, ``int``, ``choice``, ``flag`` (there or not), ``flag_or_no``; or another, empty.
        default: What it is where it is not given, if that is written plainly.
        choices: Its values, if they are written plainly.
    """

    name: str
    kind: str
    default: object = None
    choices: tuple[object, ...] = ()


def command_draft(command: str, path: Path, *, written_by: str) -> Draft:
    """A config that tunes a command.

    Args:
        command: As it is typed in a shell, without the options that are to be tuned; or with placeholders.
        path: Where the config belongs; the command will run in its folder.
        written_by: The command line of hpt, for the heading.

    Raises:
        InputError: The command cannot be read.
        ConfigError: The program is not there.
    """
    from hpt_cli.config.load import parse_config

    script = script_of(command)
    tree = _parsed(script) if script else None
    options = _options(tree) if tree else []
    metric = _metric(tree) if tree else None
    if script and path.parent.resolve() != Path.cwd():
        command = command.replace(str(script), os.path.relpath(script, path.parent), 1)
    named = [name for name in _PLACEHOLDER.findall(command) if name not in _RESERVED]
    lines = [
        *heading(command_name(command), SCHEMA_FILE, written_by),
        "",
        *_command(command, options, named),
        "",
    ]
    lines += [*_objective(metric), "", *_space(options, named), "", *_SEARCH]
    text = "\n".join(lines) + "\n"
    return Draft(path, text, parse_config(text.encode(), path), _notes(script, options, named))


def command_name(command: str) -> str:
    """A study's name: the script's, or else the program's."""
    script = script_of(command)
    return study_name(script.stem if script else Path(_words(command)[0]).name)


def script_of(command: str) -> Path | None:
    """The Python script among the words of a command, if it is there."""
    return next(
        (Path(word) for word in _words(command) if word.endswith(".py") and Path(word).is_file()), None
    )


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"--command {command!r}: a quote is not closed") from error
    if not words:
        raise InputError('--command is empty; write what you would type, such as --command "python train.py"')
    return words


def _parsed(script: Path) -> ast.Module | None:
    """The script, which is not run; ``None`` if it is no Python of this version."""
    try:
        return ast.parse(script.read_bytes()[:_LARGEST_SCRIPT])
    except (SyntaxError, ValueError):
        return None


def _calls(tree: ast.Module) -> list[ast.Call]:
    """In the order of the script."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _options(tree: ast.Module) -> list[Option]:
    """What ``add_argument`` is called with."""
    return [option for call in _calls(tree) for option in _option(call)]


def _metric(tree: ast.Module) -> tuple[str, str] | None:
    """The metric among the keys that are given to ``json.dumps``, and its goal; validation's go first."""
    names = [
        key.value
        for call in _calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("dump", "dumps")
        for given in call.args[:1]
        if isinstance(given, ast.Dict)
        for key in given.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]
    for name in sorted(names, key=lambda name: not name.lower().startswith("val")):
        lowered = name.lower()
        smaller = _SMALLER.search(lowered)
        if lowered.startswith(("train", "test")) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            continue
        if smaller or _LARGER.search(lowered):
            return name, "minimize" if smaller else "maximize"
    return None


def _objective(metric: tuple[str, str] | None) -> list[str]:
    if metric is None:
        return _OBJECTIVE
    return [
        "# What the script gives to json.dumps; a line of JSON with this key is read for the result.",
        f"objective: {{metric: {scalar(metric[0])}, goal: {metric[1]}}}",
    ]


def _option(call: ast.Call) -> Iterator[Option]:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_argument":
        return
    flags = [_plain(argument) for argument in call.args]
    name = next((flag[2:] for flag in flags if isinstance(flag, str) and flag.startswith("--")), "")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*", name):
        return
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    action = ast.unparse(given["action"]) if "action" in given else ""
    kind = ast.unparse(given["type"]) if "type" in given else ""
    choices = _plain(given.get("choices"))
    if action == "'store_true'":
        kind = "flag"
    elif action.endswith("BooleanOptionalAction"):
        kind = "flag_or_no"
    elif isinstance(choices, (list, tuple)) and choices:
        kind = "choice"
    yield Option(
        name,
        kind if kind in ("float", "int", "choice", "flag", "flag_or_no") else "",
        _plain(given.get("default")),
        tuple(choices) if isinstance(choices, (list, tuple)) else (),
    )


def _plain(node: ast.expr | None) -> object:
    """A value that is written out; ``None`` for whatever would have to be run."""
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def _searched(options: Sequence[Option]) -> dict[str, str]:
    """What may stand under ``space`` for each option that is worth searching."""
    booleans = _booleans(options)
    entries = {}
    for option in options:
        lowered = option.name.lower()
        if option.kind == "choice" and all(isinstance(value, (str, int, float)) for value in option.choices):
            entries[option.name] = scalar(option.choices)
        elif option.kind == booleans and option.kind:
            entries[option.name] = "[true, false]"
        elif option.kind == "float" and "seed" not in lowered:
            entries[option.name] = _floats(lowered, option.default)
        elif option.kind == "int" and _SIZES.search(lowered):
            entries[option.name] = _ints(lowered, option.default)
    return entries


def _booleans(options: Sequence[Option]) -> str:
    """The one way of writing booleans that the script's options have most often."""
    kinds = [option.kind for option in options if option.kind in ("flag", "flag_or_no")]
    return max(sorted(set(kinds)), key=kinds.count, default="")


def _floats(name: str, default: object) -> str:
    if _SHARES.search(name):
        return "{type: float, low: 0, high: 0.9}"
    if _NEAR_ONE.search(name):
        return "{type: float, low: 0.5, high: 0.999, scale: log1m}"
    if isinstance(default, (int, float)) and 0 < default < 1e9:
        bounds = f"low: {default / 10:.3g}, high: {default * 10:.3g}"
        return f"{{type: float, {bounds}, scale: log}} # now {default:g}"
    return "{type: float, low: 1e-4, high: 1, scale: log}"


def _ints(name: str, default: object) -> str:
    if isinstance(default, int) and 0 < default < 10**8:
        return f"{{type: int, low: {max(default // 4, 1)}, high: {default * 4}, scale: log}} # now {default}"
    return f"{{type: int, low: 1, high: {16 if _FEW.search(name) else 256}, scale: log}}"


def _command(command: str, options: Sequence[Option], named: Sequence[str]) -> list[str]:
    lines = ["# Runs in this file's folder, once for each trial and repeat."]
    if named or "{args}" in command or "{params.json}" in command:
        return [*lines, f"command: {scalar(command)}"]
    seeded = " --seed {seed}" if any(option.name == "seed" for option in options) else ""
    lines += ["# {args} is every param under `space`, such as: --learning_rate 0.01 --hidden_units 64"]
    lines += [f"command: {scalar(command + ' {args}' + seeded)}"]
    if booleans := _booleans(options):
        lines.append(f"args: {{booleans: {booleans}}}")
    return lines


def _space(options: Sequence[Option], named: Sequence[str]) -> list[str]:
    entries = _searched(options)
    if named:
        entries = {name: entries.get(name) or _guess(name) for name in dict.fromkeys(named)}
        head = "space: # what is searched: the placeholders of the command"
    elif entries:
        head = "space: # what is searched: options of the script"
    else:
        entries = _EXAMPLES
        head = "space: # what is searched; two examples: put your own options in their place"
    lines = [head, *(f"  {name}: {entry}" for name, entry in entries.items())]
    left = [
        option for option in options if option.name not in entries and option.name not in ("seed", "help")
    ]
    if left and not named:
        told = ", ".join(
            option.name + (f" ({option.default})" if isinstance(option.default, (int, float)) else "")
            for option in left
        )
        lines += [f"  # Left as they are: {told}"]
    return lines


def _guess(name: str) -> str:
    lowered = name.lower()
    return _ints(lowered, None) if _SIZES.search(lowered) else _floats(lowered, None)


def _notes(script: Path | None, options: Sequence[Option], named: Sequence[str]) -> tuple[str, ...]:
    if named:
        return ("The ranges are guessed from the placeholders' names: look them through.",)
    found = _searched(options)
    if found:
        return (f"Options of {script} that are searched: {', '.join(found)}. Look their ranges through.",)
    where = f"{script} has" if script else "There are"
    return (
        f"{where} no options that could be read: the space holds two examples. Put your own in their place.",
    )


_OBJECTIVE = [
    "# What the command prints is read for the result: a line of JSON that holds the metric by this name,",
    '# such as {"loss": 0.25}, or a number alone on the last line. For an accuracy: goal: maximize.',
    "objective: {metric: loss, goal: minimize}",
]
_SEARCH = [
    "search:",
    "  strategy: bayes # a model of the results so far chooses what to try next",
    "  trials: 20",
    "# execution: {trial_timeout: 10m} # the longest that a trial may take",
]
