"""The rules of the network's hyperparameters, all read off the registry in :mod:`hpt_cli.network.settings`.

One check of a value serves ``network``, the choices and bounds of ``space``, and the values of ``when``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hpt_cli.config.messages import (
    Refused,
    did_you_mean,
    is_quoted_collection,
    listed,
    number_hint,
    plain_number,
    shown,
)
from hpt_cli.network.architecture import LAYER_OVERRIDES, MAX_WIDTH, WIDTH_NAME
from hpt_cli.network.settings import HYPERPARAMETERS, Hyperparameter
from hpt_cli.space import Dimension, Value, same

Setting = Value | list[int] | list[dict[str, Value]] | None
"""What may stand under ``network``: a value, the list of widths, the list of layers, or null for what is off
by default."""

MAX_LAYERS = int(HYPERPARAMETERS["hidden_layers"].high or 0)
GROUPS = tuple(dict.fromkeys(name.partition(".")[0] for name in HYPERPARAMETERS if "." in name))
"""The first parts of dotted names; under ``network`` they may be written as mappings."""
SEARCHABLE = tuple(name for name, spec in HYPERPARAMETERS.items() if spec.searchable)

DEPTH: tuple[str, ...] = ("hidden_layers", "hidden_units")
"""What says the layers where no list does."""

LISTED_WIDTH = Hyperparameter(
    int,
    None,
    "Channels of the first, second, ... `conv` entry of `layers`, and units of its `dense` entries, where "
    "the list leaves them open: `{conv: , kernel: 3}`.",
    1,
    MAX_WIDTH,
)
"""Of ``conv_1``, ``dense_1``, ..."""

_LAYER = re.compile(r"hidden_units_([1-9][0-9]{0,3})", re.ASCII)


def layer_of(name: str) -> int | None:
    """k for ``hidden_units_k``, a layer's own width; ``None`` for every other name."""
    match = _LAYER.fullmatch(name)
    return int(match[1]) if match else None


def spec_of(name: str) -> Hyperparameter | None:
    """What the registry says of a name; ``None`` for a name that is none."""
    if WIDTH_NAME.fullmatch(name):
        return LISTED_WIDTH
    return HYPERPARAMETERS["hidden_units" if layer_of(name) else name] if is_name(name) else None


def is_name(name: str) -> bool:
    """Whether a hyperparameter has this name."""
    return name in HYPERPARAMETERS or layer_of(name) is not None or bool(WIDTH_NAME.fullmatch(name))


class Names:
    """All names, for ``in``: of the registry, of each layer's own width, of what a list leaves open."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and is_name(name)


def check_setting(name: str, value: Any) -> Setting:
    """A value under ``network``: as :func:`check_value`, a list of widths, or null where that is the default.

    Raises:
        Refused: It is not allowed.
    """
    if name == "hidden_units" and isinstance(value, list):
        if not 1 <= len(value) <= MAX_LAYERS:
            raise Refused(f"must list 1 to {MAX_LAYERS} widths, found {len(value)}", "or `hidden_layers: 0`")
        return [int(check_value(name, width)) for width in value]
    if value is None and HYPERPARAMETERS.get(name) and HYPERPARAMETERS[name].default is None:
        return None
    if name == "hidden_layers" and isinstance(value, list):
        raise Refused("must be a whole number, found a list", "write the widths as hidden_units: [64, 32]")
    try:
        return check_value(name, value)
    except Refused as refused:
        if isinstance(value, (list, dict)):
            raise Refused(refused.what, "what is searched stands under `space`") from refused
        raise


def check_value(name: str, value: Any) -> Value:
    """A legal value of a hyperparameter, as its own type: 1e2 becomes 100 for a whole number.

    Raises:
        Refused: It is not allowed.
    """
    spec = spec_of(name)
    if spec is None:
        raise ValueError(f"there is no hyperparameter {name!r}")
    if spec.kind is bool:
        if not isinstance(value, bool):
            meant = {
                "true": "true",
                "True": "true",
                "1": "true",
                "false": "false",
                "False": "false",
                "0": "false",
            }
            hint = f"write {meant[str(value)]}" if str(value) in meant else ""
            raise Refused(f"must be true or false, found {shown(value)}", hint)
        return value
    if spec.kind is str:
        choices = [str(choice) for choice in spec.choices]
        if value not in choices or not isinstance(value, str):
            word = value if isinstance(value, str) else ""
            quoted = is_quoted_collection(word)
            hint = "leave the quotes out" if quoted else did_you_mean(word, choices)
            raise Refused(f"must be {listed(choices)}, found {shown(value)}", hint)
        return value
    number = whole_number(value) if spec.kind is int else real_number(value)
    _check_bounds(spec, number)
    return number


_EMPTY = "write a value, or remove the key"


def real_number(value: Any) -> float:
    """A number, or :class:`Refused`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        hint = number_hint(value) if isinstance(value, str) else _EMPTY if value is None else ""
        raise Refused(f"must be a number, found {shown(value)}", hint)
    return float(value)


def whole_number(value: Any) -> int:
    """A whole number, which may be written ``1e4``, or :class:`Refused`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        hint = number_hint(value) if isinstance(value, str) else _EMPTY if value is None else ""
        raise Refused(f"must be a whole number, found {shown(value)}", hint)
    if not float(value).is_integer():
        raise Refused(
            f"must be a whole number, found {shown(value)}", f"write {math.floor(value + 0.5) or 1}"
        )
    if abs(value) >= 10**18:
        raise Refused(f"must have at most 18 digits, found {shown(value)}")
    return int(value)


def _check_bounds(spec: Hyperparameter, number: float) -> None:
    """The registry's bounds.

    Raises:
        Refused: ``number`` lies outside.
    """
    low, high = spec.low, spec.high
    found = f", found {shown(number)}"
    if low is not None and (number <= low if spec.open_low else number < low):
        small = plain_number(min(1e-4, (high or 1) / 2))
        raise Refused(
            f"must be above {plain_number(low)}{found}"
            if spec.open_low
            else f"must be at least {plain_number(low)}{found}",
            f"write {small}" if spec.open_low and number == low else "",
        )
    if high is not None and (number >= high if spec.open_high else number > high):
        percent = high == 1 and low == 0 and not spec.open_low and 1 < number < 100
        hint = f"write {plain_number(number / 100)}" if percent else ""
        if spec.open_high and number == high:
            hint = f"write {plain_number(high - 0.001)}"
        raise Refused(
            f"must be below {plain_number(high)}{found}"
            if spec.open_high
            else f"must be at most {plain_number(high)}{found}",
            hint,
        )


def bounds_text(spec: Hyperparameter) -> str:
    """``above 0, at most 1``: the registry's bounds in words."""
    parts = []
    if spec.low is not None:
        parts.append(f"{'above' if spec.open_low else 'at least'} {plain_number(spec.low)}")
    if spec.high is not None:
        parts.append(f"{'below' if spec.open_high else 'at most'} {plain_number(spec.high)}")
    return ", ".join(parts)


class Study:
    """What is known of a study's hyperparameters: what is fixed, what is searched, the defaults.

    Args:
        network: What stands under ``network``, by dotted name.
        searched: What stands under ``space``.
        unknown: Names that stand somewhere but could not be read: nothing is concluded from them.
    """

    def __init__(
        self,
        network: Mapping[str, Setting],
        searched: Mapping[str, Dimension],
        unknown: Container[str] = (),
    ) -> None:
        self.network = dict(network)
        self.searched = searched
        self.unknown = unknown
        widths, layers = network.get("hidden_units"), network.get("layers")
        if isinstance(widths, list):
            self.network["hidden_layers"] = len(widths)
        self.layers: list[Any] | None = layers if isinstance(layers, list) else None

    def fixed(self, name: str) -> Setting:
        """The value of a name that is not searched."""
        if name in self.network:
            return self.network[name]
        if self.layers is not None and (name in DEPTH or layer_of(name)):
            return None
        return HYPERPARAMETERS[name].default if name in HYPERPARAMETERS else None

    def values(self, name: str) -> Sequence[Value]:
        """The values that a listable hyperparameter can have in this study."""
        if name in self.searched:
            dimension = self.searched[name]
            return dimension.values()
        value = self.fixed(name)
        return () if value is None or isinstance(value, list) else (value,)

    def effect(self, name: str) -> dict[str, tuple[Value, ...]]:
        """Where a hyperparameter has an effect: other names, and of each the values at which it has.

        The registry's condition; for a layer's own width, the depths that have the layer; for
        ``hidden_units``, the depths at which some layer has no width of its own.
        """
        spec = spec_of(name)
        condition = dict(spec.when) if spec else {}
        if self.layers is not None:
            if any(entry.get("batch_norm") for entry in self.layers):  # whatever the others have
                condition.pop("batch_norm", None)
            return condition
        layer = layer_of(name)
        if layer:
            condition["hidden_layers"] = tuple(range(layer, MAX_LAYERS + 1))
        elif name == "hidden_units" and not isinstance(self.network.get(name), list):
            own = {layer_of(other) for other in (*self.network, *self.searched)}
            shared = [k for k in range(1, MAX_LAYERS + 1) if k not in own]
            condition["hidden_layers"] = tuple(range(shared[0], MAX_LAYERS + 1)) if shared else ()
        return condition

    def idle_because(self, name: str) -> str | None:
        """Why a hyperparameter can have no effect in this study: the name of what stands against it."""
        if self.layers is not None and (name in DEPTH or layer_of(name)):
            return "layers"
        for parent, allowed in self.effect(name).items():
            possible = parent in self.unknown or any(among(value, allowed) for value in self.values(parent))
            if not possible:
                return parent
        return None

    def overridden(self, name: str) -> bool:
        """Whether every layer of a list has its own activation, batch norm or dropout, or none has any."""
        if self.layers is None or name not in LAYER_OVERRIDES:
            return False
        return all(name in entry for entry in self.layers if "conv" in entry or "dense" in entry)

    def with_defaults(self) -> dict[str, Setting]:
        """What stands under ``network``, and the default of every other hyperparameter that has an effect."""
        settings = dict(self.network)
        if isinstance(settings.get("hidden_units"), list):
            del settings["hidden_layers"]  # the list says it
        for name, spec in HYPERPARAMETERS.items():
            given = name in self.network or name in self.searched
            if not given and self.idle_because(name) is None:
                settings[name] = spec.default
        return settings

    def constants(self, names: Iterable[str]) -> dict[str, Value]:
        """The values of those of ``names`` that are fixed, for conditions and constraints to refer to."""
        constants: dict[str, Value] = {}
        settings = self.with_defaults()
        settings["hidden_layers"] = self.fixed("hidden_layers")
        for name in names:
            value = self._constant(name, settings)
            if name not in self.searched and value is not None:
                constants[name] = value
        return constants

    def _constant(self, name: str, settings: Mapping[str, Setting]) -> Value | None:
        value = settings.get(name)
        layer, widths = layer_of(name), settings.get("hidden_units")
        if layer and name not in settings and isinstance(widths, list) and layer <= len(widths):
            width = widths[layer - 1]
            return None if isinstance(width, dict) else width
        return None if isinstance(value, list) else value


def among(value: Value, allowed: Iterable[Value]) -> bool:
    """Whether ``value`` is one of ``allowed``; true is not 1."""
    return any(same(value, other) for other in allowed)


def flat_names(raw: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """What stands under ``network`` by dotted name: (name, keys below ``network``, value).

    ``batch_norm: {momentum: 0.8}`` is ``batch_norm: true`` and ``batch_norm.momentum: 0.8``;
    ``schedule: cosine`` is ``schedule.kind: cosine``.
    """
    for key, value in raw.items():
        if key not in GROUPS:
            yield key, (key,), value
        elif not isinstance(value, dict) or not value:
            yield (key if key in HYPERPARAMETERS else f"{key}.kind"), (key,), value
        else:
            if key in HYPERPARAMETERS:
                yield key, (key,), True
            for part, below in value.items():
                yield f"{key}.{part}", (key, part), below
