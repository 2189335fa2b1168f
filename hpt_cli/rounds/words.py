"""The decision in words."""

from __future__ import annotations

from hpt_cli.space import Choice, Dimension, Value


def number(value: float) -> str:
    """A number in few digits."""
    return f"{value:.3g}"


def plural(count: int, thing: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def shown(value: Value) -> str:
    """A value as it is written in YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def range_of(dimension: Dimension) -> str:
    """``0.001..0.1``, or the choices."""
    if isinstance(dimension, Choice):
        return ", ".join(map(shown, dimension.choices))
    return f"{shown(dimension.low)}..{shown(dimension.high)}"


def chance(p: float) -> str:
    """``p = 0.02``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.1g}" if p < 0.095 else f"p = {p:.2g}"


def percent(share: float) -> str:
    """``97 %``; only what is all is 100 %."""
    rounded = min(round(100 * share), 99 if share < 1 else 100)
    return f"{rounded} %"


SAID = {
    "narrow": "narrowed",
    "widen": "widened",
    "shift": "shifted",
    "drop": "dropped choices",
    "freeze": "frozen",
    "hold": "held",
}


def sentence(name: str, action: str, old: Dimension, new: Dimension, why: str) -> str:
    """What became of a dimension and why, in one sentence."""
    if action == "hold":
        return f"{name}: held at {range_of(old)}: {why}"
    if action == "drop":
        return f"{name}: from {range_of(old)} to {range_of(new)}: {why}"
    return f"{name}: {SAID[action]} from {range_of(old)} to {range_of(new)}: {why}"
