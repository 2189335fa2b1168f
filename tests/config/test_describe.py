from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hpt_cli.config.describe import PAGE_FILE, SCHEMA_FILE, config_schema, page, write
from hpt_cli.config.yaml_loader import read_yaml
from hpt_cli.network import HYPERPARAMETERS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def test_the_page_is_current():
    """If this fails: make docs."""
    assert (ROOT / "docs" / PAGE_FILE).read_text(encoding="utf-8") == page()


def test_the_schema_is_current():
    """If this fails: make docs."""
    assert json.loads((ROOT / "docs" / SCHEMA_FILE).read_text(encoding="utf-8")) == config_schema()


def test_both_files_are_written(tmp_path):
    write(tmp_path)
    assert (tmp_path / PAGE_FILE).read_bytes() == (ROOT / "docs" / PAGE_FILE).read_bytes()
    assert (tmp_path / SCHEMA_FILE).exists()


def test_every_hyperparameter_has_a_row_with_default_and_sentence():
    rows = {line.split("`")[1]: line for line in page().splitlines() if line.startswith("| `")}
    for name, spec in HYPERPARAMETERS.items():
        assert spec.about in rows[name]
        assert ("| no |" in rows[name]) == (not spec.searchable)


def test_pruning_has_a_row_with_its_value_and_default():
    assert "| `prune.method` | `none` | `none` |" in page()
    assert "`prune` |" not in page()


def test_every_key_has_a_sentence():
    assert not [line for line in page().splitlines() if line.startswith("| `") and line.endswith("|  |")]


def test_no_placeholder_is_left():
    assert not [line for line in page().splitlines() if line.startswith("<") and not line.startswith("<!--")]


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """A judge of the few JSON Schema words that ours uses; an unknown word fails."""
    judged = {
        "$ref": lambda ref: fits(value, root["$defs"][ref.rpartition("/")[2]], root),
        "anyOf": lambda parts: any(fits(value, part, root) for part in parts),
        "oneOf": lambda parts: sum(fits(value, part, root) for part in parts) == 1,
        "enum": lambda values: value in values,
        "const": lambda constant: value == constant,
        "type": lambda kinds: any(
            is_type(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)
        ),
        "required": lambda keys: not isinstance(value, dict) or all(key in value for key in keys),
        "minimum": lambda limit: value >= limit,
        "maximum": lambda limit: value <= limit,
        "exclusiveMinimum": lambda limit: value > limit,
        "exclusiveMaximum": lambda limit: value < limit,
        "minItems": lambda limit: len(value) >= limit,
        "maxItems": lambda limit: len(value) <= limit,
        "uniqueItems": lambda _: len({json.dumps(entry) for entry in value}) == len(value),
        "minProperties": lambda limit: len(value) >= limit,
        "maxProperties": lambda limit: len(value) <= limit,
        "minLength": lambda limit: len(value) >= limit,
        "pattern": lambda _: True,
        "items": lambda item: all(fits(entry, item, root) for entry in value),
        "properties": lambda known: all(fits(value[key], known[key], root) for key in value if key in known),
        "patternProperties": lambda known: all(
            fits(value[key], known[pattern], root)
            for key in value
            for pattern in known
            if re.search(pattern, key)
        ),
        "additionalProperties": lambda allowed: all(
            allowed is not False and fits(value[key], allowed, root)
            for key in value
            if key not in schema.get("properties", {})
            and not any(re.search(pattern, key) for pattern in schema.get("patternProperties", {}))
        ),
    }
    ignored = {"$schema", "$defs", "title", "description", "default"}
    if "type" in schema and not judged["type"](schema["type"]):
        return False
    return all(judged[word](argument) for word, argument in schema.items() if word not in ignored)


def is_type(value: Any, kind: str) -> bool:
    types = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    if kind in types:
        return isinstance(value, types[kind])
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and (kind == "number" or float(value).is_integer())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_accepts_every_config(path):
    schema = config_schema()
    assert fits(read_yaml(path.read_bytes()).data, schema, schema)


@pytest.mark.parametrize(
    "broken",
    [
        {"trails": 3},
        {"search": {"trials": 0}},
        {"search": {"strategy": "byes"}},
        {"network": {"dropout": 1}},
        {"network": {"activation": "rlu"}},
        {"network": {"batch_norm": {"momentun": 0.9}}},
        {"space": {}},
        {"space": {"loss": ["mse"]}},
        {"space": {"learning_rate": {"low": 0, "high": 1}}},
        {"space": {"activation": ["relu", "tahn"]}},
        {"space": {"hidden_units": {"low": 1.5, "high": 3}}},
        {"execution": {"workers": 0}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(load, problems, broken):
    good = {"data": {"source": "digits"}, "space": {"learning_rate": 0.1}}
    schema = config_schema()
    assert load(yaml.safe_dump(good))
    assert fits(good, schema, schema)
    assert problems(yaml.safe_dump({**good, **broken}))
    assert not fits({**good, **broken}, schema, schema)
