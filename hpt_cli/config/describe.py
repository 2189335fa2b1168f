"""The config described, for editors and for people: a JSON Schema and ``docs/config.md``.

Both are made from the models and the registry that check a config; the words around the tables are in
``page.md``.  ``python -m hpt_cli.config.describe docs/`` writes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hpt_cli.config import models
from hpt_cli.config.hyperparameters import GROUPS, LISTED_WIDTH, SEARCHABLE, bounds_text
from hpt_cli.config.messages import listed, shown
from hpt_cli.config.schema import entry_schema, layers_schema, setting_schema
from hpt_cli.network.architecture import KEYS
from hpt_cli.network.metric_names import METRICS, PARTS
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.objectives.template import PLACEHOLDERS

LAYER_PATTERN = "^hidden_units_[1-9][0-9]?$"
WIDTH_PATTERN = "^(conv|dense)_[1-9][0-9]?$"
SCHEMA_FILE, PAGE_FILE = "hpt.schema.json", "config.md"


def config_schema() -> dict[str, Any]:
    """The JSON Schema of a config, draft 2020-12."""
    schema = _tidy(models.Config.model_json_schema())
    parts = schema["$defs"]
    scalar: dict[str, Any] = {"type": ["boolean", "number", "string"]}
    parts["when"] = {
        "description": "Names and their allowed values; where one has another value, this one is absent.",
        "type": "object",
        "additionalProperties": {"anyOf": [scalar, {"type": "array", "items": scalar, "minItems": 1}]},
    }
    _describe_network(parts["Network"])
    for searched in ("Choices", "Range"):
        parts[searched]["properties"]["when"] = {"$ref": "#/$defs/when"}
    own_entry = schema["properties"]["space"]["additionalProperties"]
    schema["properties"]["space"] = {
        "description": "What is searched; a name stands here or under `network`, never in both.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 100,
    }
    of_network = {
        "type": "object",
        "properties": {name: entry_schema(name) for name in SEARCHABLE},
        "patternProperties": {
            LAYER_PATTERN: {**entry_schema("hidden_units_1"), "description": _LAYER},
            WIDTH_PATTERN: entry_schema("conv_1"),
        },
        "additionalProperties": False,
    }
    of_own_code = {"type": "object", "additionalProperties": own_entry}
    metric = {
        "description": parts["Objective"]["properties"]["metric"]["description"],
        "enum": [f"{part}{name}" for part in PARTS for name in METRICS],
    }
    judged = {
        "description": parts["Objective"]["description"],
        "type": "object",
        "properties": {"metric": metric},
    }
    schema["anyOf"] = [
        {"required": ["data"], "properties": {"space": of_network, "objective": judged}},
        {"required": ["command"], "properties": {"space": of_own_code}},
        {"required": ["function"], "properties": {"space": of_own_code}},
    ]
    schema["properties"]["data"] = {
        "description": schema["properties"]["data"]["description"],
        "$ref": "#/$defs/Data",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hpt study", **schema}


def schema_text() -> str:
    """The schema as the content of a file."""
    return json.dumps(config_schema(), indent=1) + "\n"


_LAYER = "A layer's own width, counted from 1; it has an effect when the net is that deep."


def _describe_network(network: dict[str, Any]) -> None:
    properties = network["properties"]
    for name, spec in HYPERPARAMETERS.items():
        properties[name]["default"] = spec.default
    properties["layers"] = layers_schema()
    network["patternProperties"] = {
        LAYER_PATTERN: {**setting_schema("hidden_units_1"), "description": _LAYER}
    }
    for group in GROUPS:
        names = [name for name in HYPERPARAMETERS if name.startswith(f"{group}.")]
        own = group if group in HYPERPARAMETERS else f"{group}.kind"
        mapping = {
            "type": "object",
            "properties": {name.partition(".")[2]: properties[name] for name in names},
            "additionalProperties": False,
            "minProperties": 1,
        }
        short = {
            key: value for key, value in properties[own].items() if key not in ("description", "default")
        }
        properties[group] = {"description": HYPERPARAMETERS[own].about, "anyOf": [short, mapping]}


def _tidy(schema: Any) -> Any:
    """pydantic's schema in one form, whichever version wrote it.

    Without titles; without a default of null, which only says that a key may be left out; without a type
    beside the list of all values.
    """
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: {name: _tidy(part) for name, part in value.items()} if key == "properties" else _tidy(value)
        for key, value in sorted(schema.items())
        if key != "title" and not (key == "default" and value is None)
    }
    if len(tidy.get("allOf", ())) == 1:
        tidy.update(tidy.pop("allOf")[0])
    if "const" in tidy:
        tidy.pop("enum", None)
    if "const" in tidy or "enum" in tidy:
        tidy.pop("type", None)
    return dict(sorted(tidy.items()))


def page() -> str:
    """The text of ``docs/config.md``."""
    schema = config_schema()
    sections = {
        "ROOT": _table(schema, only=("name", "seed", "constraints")),
        "DATA": _table(schema["$defs"]["Data"]),
        "SPLIT": _table(schema["$defs"]["Split"], prefix="split."),
        "OBJECTIVE": _table(schema["$defs"]["Objective"]),
        "OWN": _table(
            schema,
            only=("command", "shell", "args", "env", "results", "function"),
            below={"args": schema["$defs"]["Args"]},
        ),
        "PLACEHOLDERS": "\n".join(_placeholder_rows()),
        "NETWORK": "\n".join(_hyperparameter_rows()),
        "LAYERS": "\n".join(_layer_rows()),
        "RANGE": _table(_tidy(models.Range.model_json_schema())),
        "SEARCH": _table(
            schema["$defs"]["Search"],
            below={"prune": schema["$defs"]["Prune"], "refine": schema["$defs"]["Refine"]},
        ),
        "EXECUTION": _table(schema["$defs"]["Execution"]),
    }
    text = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    for name, table in sections.items():
        text = text.replace(f"<{name}>", table)
    return text


def _table(
    section: Mapping[str, Any],
    *,
    prefix: str = "",
    only: Sequence[str] = (),
    below: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> str:
    """The rows of a section; of the mappings in ``below``, those of their keys instead of their own."""
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    for key in section["properties"]:
        if key in below and (not only or key in only):
            rows += _rows(below[key], f"{prefix}{key}.")
        elif not only or key in only:
            rows += _rows(section, prefix, key)
    return "\n".join(rows)


def _rows(section: Mapping[str, Any], prefix: str, *only: str) -> Iterator[str]:
    for key in only or section["properties"]:
        described = section["properties"][key]
        default = "required" if key in section.get("required", ()) else _default(described)
        about = described.get("description", "")
        yield f"| `{prefix}{key}` | {_type(described)} | {default} | {about} |"


def _default(described: Mapping[str, Any]) -> str:
    default = described.get("default")
    return "" if default in (None, []) else f"`{_yaml(default)}`"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else "null" if value is None else shown(value)


def _type(described: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in described:
        return "mapping"
    if "const" in described:
        return f"`{described['const']}`"
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    for several in ("anyOf", "oneOf"):
        if several in described:
            words = [_type(part) for part in described[several] if part.get("type") != "null"]
            return listed(words)
    kinds = described.get("type", "value")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    words = [_KINDS[kind] for kind in kinds if kind != "null"]
    return ", ".join([listed(words), *_limits(described)])


_KINDS = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
    "value": "value",
}


def _limits(described: Mapping[str, Any]) -> Iterator[str]:
    for key, word in (
        ("exclusiveMinimum", "above"),
        ("minimum", "at least"),
        ("exclusiveMaximum", "below"),
        ("maximum", "at most"),
    ):
        if key in described:
            yield f"{word} {shown(described[key])}"


def _hyperparameter_rows() -> Iterator[str]:
    yield "| key | value | default | searched | |"
    yield "|---|---|---|---|---|"
    for name, spec in HYPERPARAMETERS.items():
        if spec.choices:
            value = ", ".join(f"`{choice}`" for choice in spec.choices)
        else:
            kind = {bool: "true or false", int: "whole number", float: "number", str: "text"}[spec.kind]
            value = ", ".join(part for part in (kind, bounds_text(spec)) if part)
        if name == "hidden_units":
            value += "; or a list"
        effect = "".join(
            f" Only with `{parent}: {listed(map(_yaml, values))}`." for parent, values in spec.when.items()
        )
        default = "" if spec.default is None else f"`{_yaml(spec.default)}`"
        searched = "yes" if spec.searchable else "no"
        yield f"| `{name}` | {value} | {default} | {searched} | {spec.about}{effect} |"
    bounds = bounds_text(HYPERPARAMETERS["hidden_units"])
    yield f"| `hidden_units_1`, `hidden_units_2`, ... | whole number, {bounds} | | yes | {_LAYER} |"
    yield f"| `conv_1`, ..., `dense_1`, ... | whole number, {bounds} | | yes | {LISTED_WIDTH.about} |"
    yield f"| `layers` | list | | no | {layers_schema()['description']} |"


def _placeholder_rows() -> Iterator[str]:
    yield "| placeholder | stands for |"
    yield "|---|---|"
    yield "| `{learning_rate}` | that param's value; `true` and `false` of a choice between them |"
    for name, about in PLACEHOLDERS.items():
        yield f"| `{{{name}}}` | {about} |"


def _layer_rows() -> Iterator[str]:
    yield "| layer | key | value | default | |"
    yield "|---|---|---|---|---|"
    for kind, keys in KEYS.items():
        for key, spec in keys.items():
            if spec.choices:
                value = ", ".join(f"`{choice}`" for choice in spec.choices)
            else:
                value = {bool: "true or false", int: "whole number", float: "number"}[spec.kind]
            if spec.kind is int:
                value += f", {spec.low:g} to {spec.high:g}"
            layer = f"`{kind}`" if key == kind else ""
            default = "required" if key == kind else spec.default
            yield f"| {layer} | `{key}` | {value} | {default} | {spec.about} |"


def write(folder: Path) -> None:
    """Write both files into ``folder``."""
    (folder / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    (folder / PAGE_FILE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
