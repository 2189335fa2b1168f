"""The JSON Schema of single hyperparameters: a value of one, and what may stand for it under ``space``."""

from __future__ import annotations

from typing import Any

from hpt_cli.config.hyperparameters import MAX_LAYERS, spec_of
from hpt_cli.network.architecture import KEYS, MAX_LISTED, Key
from hpt_cli.network.settings import HYPERPARAMETERS

RANGE_ABOUT = {
    "low": "Least value, included.",
    "high": "Greatest value, included.",
    "scale": "Draws are uniform in x, in log10 x, or in log10 (1 - x).",
    "type": "Whole numbers or all numbers; left out, what the hyperparameter takes.",
    "step": "Only low, low + step, ... high; on the linear scale.",
    "points": "How many values a grid takes, spaced on the scale, both ends included.",
    "hard_low": "No later round looks below it.",
    "hard_high": "No later round looks above it.",
}
"""The sentence of each key of a range."""
CHOICES_ABOUT = "The values."
WEIGHTS_ABOUT = (
    "One number above 0 for each choice: how likely it is to be drawn, relative to the others; a grid takes "
    "each once."
)
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def value_schema(name: str) -> dict[str, Any]:
    """One legal value of a hyperparameter."""
    spec = spec_of(name)
    if spec is None:
        raise ValueError(f"there is no hyperparameter {name!r}")
    if spec.choices:
        return {"enum": list(spec.choices)}
    schema: dict[str, Any] = {"type": _TYPES[spec.kind]}
    if spec.low is not None:
        schema["exclusiveMinimum" if spec.open_low else "minimum"] = spec.low
    if spec.high is not None:
        schema["exclusiveMaximum" if spec.open_high else "maximum"] = spec.high
    return schema


def setting_schema(name: str) -> dict[str, Any]:
    """What may stand under ``network``: a value; a list of widths; null for what is off by default."""
    schema = value_schema(name)
    if name == "hidden_units":
        return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_LAYERS}]}
    if name in HYPERPARAMETERS and HYPERPARAMETERS[name].default is None:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def layers_schema() -> dict[str, Any]:
    """What may stand under ``network.layers``."""
    entries = [
        {
            "type": "object",
            "properties": {
                key: _layer_key_schema(spec, open_width=key == kind) for key, spec in keys.items()
            },
            "required": [kind],
            "additionalProperties": False,
        }
        for kind, keys in KEYS.items()
    ]
    about = (
        "Every layer, in order, where a stack of equal ones is not enough; then no `hidden_layers` and no "
        "`hidden_units`."
    )
    return {
        "description": about,
        "type": "array",
        "items": {"anyOf": entries},
        "minItems": 1,
        "maxItems": MAX_LISTED,
    }


def _layer_key_schema(spec: Key, *, open_width: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": spec.about}
    if spec.choices:
        return {**schema, "enum": list(spec.choices)}
    schema["type"] = _TYPES[spec.kind]
    if spec.kind is int:
        schema |= {"minimum": spec.low, "maximum": spec.high}
        if open_width:
            schema = {"description": schema.pop("description"), "anyOf": [schema, {"type": "null"}]}
    elif spec.kind is float:
        schema |= {"minimum": spec.low, "exclusiveMaximum": spec.high}
    return schema


def entry_schema(name: str) -> dict[str, Any]:
    """What may stand under ``space``: a constant, a list, ``{choices: ...}`` or, for numbers, a range."""
    value = value_schema(name)
    listed = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
    when = {"$ref": "#/$defs/when"}
    forms: list[dict[str, Any]] = [
        value,
        listed,
        {
            "type": "object",
            "properties": {
                "choices": {"description": CHOICES_ABOUT, **listed},
                "weights": {
                    "description": WEIGHTS_ABOUT,
                    "type": "array",
                    "items": {"type": "number", "exclusiveMinimum": 0},
                },
                "when": when,
            },
            "required": ["choices"],
            "additionalProperties": False,
        },
    ]
    spec = spec_of(name)
    if spec and spec.kind in (int, float):
        keys: dict[str, dict[str, Any]] = {
            "low": value,
            "high": value,
            "scale": {"enum": ["linear", "log"] if spec.kind is int else ["linear", "log", "log1m"]},
            "type": {"const": "int" if spec.kind is int else "float"},
            "step": {"type": value["type"], "exclusiveMinimum": 0},
            "points": {"type": "integer", "minimum": 2},
            "hard_low": value,
            "hard_high": value,
        }
        described = {key: {"description": RANGE_ABOUT[key], **schema} for key, schema in keys.items()}
        forms.append(
            {
                "type": "object",
                "properties": {**described, "when": when},
                "required": ["low", "high"],
                "additionalProperties": False,
            }
        )
    return {"description": spec.about if spec else "", "anyOf": forms}
