"""The decision in words."""

from __future__ import annotations

from hpt_cli.noise import Noise
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


def noise_in_words(noise: Noise | None) -> str:
    """How far trainings of one trial differ, and how far two trials on the same seed, in a sentence."""
    if noise is None:
        return "the noise is unknown: no trial was trained twice"
    if noise.spread == 0:
        return "no noise: trainings of the same params on other seeds came out the same"
    on = plural(noise.trials, "trial")
    if noise.repeated > noise.trials:
        on = f"the best {on}, of {noise.repeated} with repeats"
    spread, paired = f"{noise.spread:.2g}", f"{noise.paired:.2g}"
    if noise.paired == 0:
        return (
            f"trainings of one trial differ by {spread}, but a seed moves all trials alike: between trials "
            f"on the same seeds there is no noise (measured on {on})"
        )
    alike = noise.paired > 0.9 * noise.spread
    of_pairs = "" if alike else f", of which {paired} is left between trials on the same seed"
    return f"trainings of one trial differ by {spread}{of_pairs} (measured on {on})"


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
