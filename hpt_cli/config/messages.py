"""The words of a config's problems: user text made safe to print, and what to write instead."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

LONGEST = 60
"""Characters of user text that a message quotes."""

# What other tools, and habit, call our keys.  Used for hints, and only where the right-hand side is a key.
ALIASES = {
    "algorithm": "strategy",
    "arch": "network",
    "batchnorm": "batch_norm",
    "batchsize": "batch_size",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "bn": "batch_norm",
    "bs": "batch_size",
    "cond": "when",
    "condition": "when",
    "dataset": "data",
    "direction": "goal",
    "distribution": "scale",
    "dropout_rate": "dropout",
    "dtype": "type",
    "early_stopping": "patience",
    "eps": "epsilon",
    "file": "source",
    "hidden_size": "hidden_units",
    "hyperparameters": "space",
    "init": "initialization",
    "iterations": "trials",
    "jobs": "workers",
    "kernel_initializer": "initialization",
    "label": "target",
    "layers": "hidden_layers",
    "log": "scale",
    "lower": "low",
    "lr": "learning_rate",
    "max": "high",
    "max_evals": "trials",
    "max_epochs": "epochs",
    "max_trials": "trials",
    "maximum": "high",
    "method": "strategy",
    "min": "low",
    "minibatch_size": "batch_size",
    "minimum": "low",
    "mode": "goal",
    "model": "network",
    "n_epochs": "epochs",
    "n_iter": "trials",
    "n_jobs": "workers",
    "n_layers": "hidden_layers",
    "n_trials": "trials",
    "n_units": "hidden_units",
    "net": "network",
    "neurons": "hidden_units",
    "num_epochs": "epochs",
    "num_layers": "hidden_layers",
    "num_trials": "trials",
    "num_workers": "workers",
    "nodes": "hidden_units",
    "options": "choices",
    "optim": "optimizer",
    "parameters": "space",
    "params": "space",
    "path": "source",
    "prior": "scale",
    "problem": "task",
    "processes": "workers",
    "q": "step",
    "random_seed": "seed",
    "random_state": "seed",
    "sampler": "strategy",
    "schedule": "schedule.kind",
    "schedule.gamma": "schedule.factor",
    "schedule.method": "schedule.kind",
    "schedule.name": "schedule.kind",
    "schedule.step_size": "schedule.every",
    "schedule.type": "schedule.kind",
    "scheduler": "schedule",
    "search_space": "space",
    "shuffle_seed": "seed",
    "space_type": "scale",
    "target_column": "target",
    "timeout": "trial_timeout",
    "train": "network",
    "tuner": "search",
    "type_": "type",
    "units": "hidden_units",
    "upper": "high",
    "val": "validation",
    "valid": "validation",
    "values": "choices",
    "width": "hidden_units",
    "y": "target",
}


class Refused(ValueError):  # noqa: N818 - read as "the value is refused"
    """A value that cannot be taken: what is wrong with it, and what to write instead."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint


def safe(text: str) -> str:
    """User text with every invisible character escaped, cut to :data:`LONGEST` characters."""
    escaped = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[: LONGEST + 1]
    )
    return escaped if len(escaped) <= LONGEST else escaped[: LONGEST - 3] + "..."


def shown(value: Any) -> str:
    """A value as it is quoted in a message: in the words of YAML, safe and short."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return plain_number(value)
        case str():
            return f"'{safe(value)}'" if value else "an empty text"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case _:
            return "something else"


def plain_number(value: float) -> str:
    """A number as a person writes it: ``0.0001``, not ``1e-04``; ``1e-12`` stays."""
    if isinstance(value, int) or value == 0 or 1e-6 <= abs(value) < 1e15:
        text = (
            str(value) if isinstance(value, int) else f"{abs(value) and value:.10f}".rstrip("0").rstrip(".")
        )
        if float(text) == value:
            return text
    return repr(value)


def listed(values: Iterable[Any]) -> str:
    """``a, b or c``."""
    words = [value if isinstance(value, str) else shown(value) for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if there is one."""
    known = list(known)
    visible = "".join(char for char in unicodedata.normalize("NFKC", word) if char.isprintable())
    plain = visible.partition(":")[0].strip().strip("\"'").replace("-", "_").replace(" ", "_")
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain).lower()  # learningRate
    if plain in known:
        return plain
    if ALIASES.get(plain) in known:
        return ALIASES[plain]
    near = difflib.get_close_matches(plain, known, n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str], kind: str = "allowed") -> str:
    """A hint: the nearest known word, or all of them."""
    known = list(known)
    near = nearest(word, known)
    return f"did you mean '{near}'?" if near else f"{kind}: {', '.join(known)}"


_FRACTION = re.compile(r"([0-9.]+) ?/ ?([0-9.]+)", re.ASCII)
_POWER = re.compile(r"([0-9.]+) ?(?:\*\*|\^) ?([+-]?[0-9]+)", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ ,'][0-9]{3})+", re.ASCII)
_PERCENT = re.compile(r"([0-9.]+) ?%", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SUFFIX = re.compile(r"([0-9.]+) ?([kKmM])", re.ASCII)
_FROM_TO = re.compile(r"([0-9.]+(?:e-?[0-9]+)?) ?(?:-|\.\.|\.\.\.|to) ?([0-9.]+(?:e-?[0-9]+)?)", re.ASCII)
_SEVERAL = re.compile(r"[0-9.e-]+(?:(?:, ?| )[0-9.e-]+){2,}", re.ASCII)


def is_quoted_collection(text: str) -> bool:
    """Whether a text would be a list or a mapping, had it no quotes."""
    return bool(re.fullmatch(r"\[.*\]|\{.*\}", text.strip(), re.DOTALL))


def number_hint(text: str) -> str:
    """What to write instead of a text that stands where a number is due."""
    text = text.strip()
    if is_quoted_collection(text):
        return "leave the quotes out"
    if text.lower().strip("+-.") in ("inf", "nan", "infinity"):
        return "write a number"
    if re.fullmatch(r"-\S+( -\S+)+", text):
        return "a list needs a blank after each dash"
    if match := _FROM_TO.fullmatch(text):
        return f"a range is {{low: {match[1]}, high: {match[2]}}}"
    if _SEVERAL.fullmatch(text) and not _GROUPED.fullmatch(text):
        return f"a list is [{', '.join(re.split('[ ,]+', text))}]"
    meant: float | None = None
    try:
        if match := _FRACTION.fullmatch(text):
            meant = float(match[1]) / float(match[2])
        elif (match := _POWER.fullmatch(text)) and abs(int(match[2])) <= 64:
            meant = float(match[1]) ** int(match[2])
        elif _GROUPED.fullmatch(text):
            meant = float(re.sub(r"[ ,']", "", text))
        elif match := _PERCENT.fullmatch(text):
            meant = float(match[1]) / 100
        elif _DECIMAL_COMMA.fullmatch(text):
            meant = float(text.replace(",", "."))
        elif match := _SUFFIX.fullmatch(text):
            meant = float(match[1]) * (1000 if match[2] in "kK" else 1_000_000)
        elif text.isascii() and "_" not in text:
            float(text)
            return f"write {text} without quotes"
    except (ValueError, ZeroDivisionError, OverflowError):
        return ""
    if meant is None:
        return ""
    return f"write {plain_number(int(meant) if meant.is_integer() else meant)}"
