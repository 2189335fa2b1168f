"""The configs that come with the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpt_cli.config import load_config

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_loads_and_is_explained(path):
    config = load_config(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../docs/hpt.schema.json"
    assert lines[1].startswith("# ")
    assert config.name == path.stem
    assert sum(plan.trials for plan in config.search.rounds) <= 60


def test_smoke_runs_with_every_strategy():
    for strategy in ("grid", "random", "sobol", "bayes"):
        config = load_config(ROOT / "configs" / "smoke.yaml", [f"search.strategy={strategy}"])
        assert config.search.rounds[0].trials == 6


def test_the_data_beside_the_configs_is_small():
    assert sum(file.stat().st_size for file in (ROOT / "configs" / "data").iterdir()) < 40_000
