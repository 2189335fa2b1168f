from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hpt_cli.config.describe import PAGE_FILE, SCHEMA_FILE, config_schema, page, write
from hpt_cli.config.yaml_loader import read_yaml
from hpt_cli.network import HYPERPARAMETERS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))


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
    assert "| `prune.method` | `none`, `successive_halving`, `hyperband`, `median` | `none` |" in page()
    assert "`prune` |" not in page()


def test_every_key_has_a_sentence():
    assert not [line for line in page().splitlines() if line.startswith("| `") and line.endswith("|  |")]


def test_no_placeholder_is_left():
    assert not [line for line in page().splitlines() if line.startswith("<") and not line.startswith("<!--")]


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """The judgment of an editor: numbers such as 1e2 may stand for whole ones there, as here."""
    return Draft202012Validator(schema).is_valid(value)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(config_schema())


def keys_of(schema: Any, parts: dict[str, Any], path: str = "") -> Iterator[tuple[str, bool]]:
    """Every key below ``properties``, and whether it has a sentence, its own or where it refers to."""
    for part in schema if isinstance(schema, list) else ():
        yield from keys_of(part, parts, path)
    for name, part in schema.items() if isinstance(schema, dict) else ():
        if name != "properties":
            yield from keys_of(part, parts, path)
            continue
        for key, value in part.items():
            meant = parts[value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            yield f"{path}.{key}", bool(value.get("description") or meant.get("description"))
            yield from keys_of(value, parts, f"{path}.{key}")


def test_every_key_of_the_schema_has_a_sentence():
    schema = config_schema()
    keys = list(keys_of(schema, schema["$defs"]))
    told = {key for key, has_sentence in keys if has_sentence}  # space has one for all its forms
    assert len(told) > 100
    assert {key for key, _ in keys} - told == set()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_schema_accepts_every_config(path):
    schema = config_schema()
    assert fits(read_yaml(path.read_bytes()).data, schema)


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
        {"objective": {"metric": "validation_acuracy"}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(load, problems, broken):
    good = {"data": {"source": "digits"}, "space": {"learning_rate": 0.1}}
    schema = config_schema()
    assert load(yaml.safe_dump(good))
    assert fits(good, schema)
    assert problems(yaml.safe_dump({**good, **broken}))
    assert not fits({**good, **broken}, schema)
