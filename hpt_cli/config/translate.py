"""pydantic's findings in our words: each at its line, with what was found and what to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from hpt_cli.config import models
from hpt_cli.config.hyperparameters import SEARCHABLE
from hpt_cli.config.messages import (
    ALIASES,
    did_you_mean,
    listed,
    nearest,
    number_hint,
    plain_number,
    safe,
    shown,
)
from hpt_cli.config.yaml_loader import BROKEN, Document, KeyPath
from hpt_cli.data.settings import DECIMALS, TASKS
from hpt_cli.data.settings import SCALES as DATA_SCALES
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.objectives import settings as own
from hpt_cli.pruning import METHODS
from hpt_cli.space import SCALES

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "": models.Config,
    "data": models.Data,
    "data.split": models.Split,
    "objective": models.Objective,
    "search": models.Search,
    "search.rounds": models.Round,
    "search.prune": models.Prune,
    "search.refine": models.Refine,
    "execution": models.Execution,
    "args": models.Args,
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    **{section: tuple(model.model_fields) for section, model in _SECTIONS.items()},
    "network": (*HYPERPARAMETERS, "layers"),
    "space": SEARCHABLE,
}
_RANGE_KEYS = tuple(dict.fromkeys((*models.Range.model_fields, *models.Choices.model_fields)))
"""Of an entry under ``space``."""

# What to write where the whole form of a value is wrong.
_FORMS = {
    "data": "write data: {source: digits}",
    "data.split": "write split: {validation: 0.2, test: 0.2}",
    "objective": "write objective: {metric: validation_loss}",
    "network": "write its keys on lines of their own, indented: `hidden_layers: 2`",
    "space": "write its keys on lines of their own, indented: `learning_rate: {low: 1e-4, high: 1}`",
    "constraints": 'write constraints: ["hidden_units * batch_size <= 16384"]',
    "search": "write its keys on lines of their own, indented: `strategy: random`",
    "search.warm_start": "write warm_start: [runs/old]",
    "search.enqueue": "write enqueue: [{learning_rate: 0.01}]",
    "search.prune": "write prune: {method: successive_halving}",
    "search.refine": "write refine: {doubt: 0.025}",
    "search.rounds": "write a number, or a list of {strategy, trials, repeats}",
    "execution": "write its keys on lines of their own, indented: `workers: auto`",
    "args": 'write args: {form: "--name=value"}',
    "env": "write its keys on lines of their own, indented: `CUDA_VISIBLE_DEVICES: 0`",
    "function": "write function: package.module:name",
    "results": "write results: metrics.json",
    "data.source": "a built-in set (digits, wine, breast_cancer, iris, diabetes), or a file's path",
    "name": "letters, digits, '.', '_' and '-', at most 64, the first a letter or a digit",
}


def add_problems(errors: Iterable[ErrorDetails], document: Document) -> list[KeyPath]:
    """Put pydantic's errors into the document's problems; returns where they are."""
    paths = []
    for error in errors:
        path = _path(error["loc"])
        paths.append(path)
        uncertain = error["type"] == "missing" and (
            path[:-1] in document.partial or _misspelled(str(path[-1]), error["input"])
        )
        if error["input"] is not BROKEN and not uncertain:
            what, hint = _words(error, path)
            if error["type"] == "extra_forbidden":
                what, hint = unknown_key(path)
            document.refuse(path, what, hint)
    return paths


def _misspelled(key: str, section: Any) -> bool:
    """Whether a missing key is there under a name that is nearly its own: one problem, not two."""
    return isinstance(section, dict) and any(nearest(str(other), [key]) for other in section)


def _path(loc: Sequence[str | int]) -> KeyPath:
    """pydantic's place of an error, without the name of the alternative that it has taken for the value."""
    path = tuple(loc)
    if path[:2] == ("data", "split"):
        return path[:3]
    has_alternatives = path[:1] == ("space",) or path[:2] == ("search", "rounds")
    return path[:2] + path[3:] if has_alternatives else path


def _words(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    """What is wrong, with what was found, and what to write instead."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    form = _FORMS.get(".".join(part for part in path if isinstance(part, str)), "")
    if path[0] == "space" and path[-1] == "when":
        form = "write when: {optimizer: sgd}"
    found = f", found {shown(value)}"
    match kind:
        case "refused":
            return context["what"], context["hint"] or form
        case "missing":
            return "is missing", form or _missing_hint(path)
        case "literal_error":
            return _not_one_of(path, value)
        case "bool_type":
            return f"must be true or false{found}", "remove the quotes" if value in ("true", "false") else ""
        case "string_type":
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            quoted = f'write "{plain_number(value)}"' if number and path == ("name",) else ""
            return f"must be text{found}", quoted or form
        case "string_too_short" | "string_pattern_mismatch":
            return ("must not be empty" if value == "" else f"cannot be a name{found}"), form
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            word, limit = _LIMITS[kind]
            percent = path[:2] == ("data", "split") and limit == "lt" and 1 < value < 100
            hint = f"write {plain_number(value / 100)}" if percent else ""
            return f"must be {word} {plain_number(context[limit])}{found}", hint
        case "too_short":
            return "is empty", form
        case "too_long":
            return f"must have at most {context['max_length']} entries, found {context['actual_length']}", ""
        case "list_type":
            return f"must be a list{found}", form or (number_hint(value) if isinstance(value, str) else "")
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"must be a mapping of keys to values{found}", form
        case _:
            return f"cannot be read{found}", form


_LIMITS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _missing_hint(path: KeyPath) -> str:
    return "a range has low and high; a list is a choice" if path[0] == "space" else ""


def _not_one_of(path: KeyPath, value: Any) -> tuple[str, str]:
    key = path[-1]
    allowed: Mapping[Any, tuple[str, ...]] = {
        "task": TASKS,
        "decimal": DECIMALS,
        "goal": ("minimize", "maximize"),
        "scale": tuple(SCALES) if path[0] == "space" else DATA_SCALES,
        "type": ("int", "float"),
        "strategy": models.STRATEGIES,
        "method": METHODS,
        "engine": models.ENGINES,
        "form": own.FORMS,
        "names": own.NAMES,
        "booleans": own.BOOLEANS,
    }
    what = f"must be {listed(allowed[key])}, found {shown(value)}"
    if not isinstance(value, str):
        return what, ""
    meant = _SYNONYMS.get(value.lower())
    return what, f"did you mean '{meant}'?" if meant in allowed[key] else did_you_mean(value, allowed[key])


_SYNONYMS = {
    "bayesian": "bayes",
    "categorical": "classification",
    "double": "float",
    "asha": "successive_halving",
    "gp": "bayes",
    "sha": "successive_halving",
    "integer": "int",
    "log10": "log",
    "logarithmic": "log",
    "loguniform": "log",
    "max": "maximize",
    "maximise": "maximize",
    "min": "minimize",
    "minimise": "minimize",
    "quasirandom": "sobol",
    "tpe": "bayes",
    "uniform": "linear",
}


def unknown_key(path: KeyPath) -> tuple[str, str]:
    """The words for an unknown key; the hint is where it belongs, what it may mean, or what there is."""
    key = str(path[-1])
    section = ".".join(part for part in path[:-1] if isinstance(part, str))
    known = _RANGE_KEYS if path[0] == "space" and len(path) > 2 else _KEYS.get(section, ())
    name, colon, value = key.partition(":")
    if colon and name in known:
        return f"a colon needs a blank after it, found '{safe(key)}'", f"write {name}: {safe(value)}"
    if path[0] == "space" and len(path) > 2 and key in _RANGE_KEYS:
        return "does not go with choices", "write a range, or a list of choices: not both"
    what = (
        "unknown key" if key.isprintable() else f"unknown key, found '{safe(key)}' with invisible characters"
    )
    if section == "data.split" and key.lower() in ("train", "training"):
        return what, "leave it out: training takes what validation and test leave"
    if key.lower() in ALIASES or not (nearest(key, known)):
        if section and key in _KEYS[""]:
            return what, f"'{key}' is not part of {safe(section)}: write it at the start of a line"
        places = [place for place in _KEYS if place not in ("", "search.rounds", "search.prune", section)]
        homes = [place for place in places if _home(key, _KEYS[place])]
        meant = ALIASES.get(key.lower(), key)
        if homes and meant not in known:
            name = meant if any(meant in _KEYS[place] for place in homes) else key
            return what, f"did you mean {listed(f'{place}.{name}' for place in homes)}?"
    return what, did_you_mean(key, known, "known keys")


def _home(key: str, keys: tuple[str, ...]) -> bool:
    return key in keys or ALIASES.get(key.lower()) in keys
