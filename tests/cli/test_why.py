"""``hpt why``, and ``hpt refine --to``."""

import json

import pytest


@pytest.fixture
def refined(hpt, config, runs):
    assert hpt("run", config, "--workers", 1, "--trials", 8).exit_code == 0
    assert hpt("refine", "--trials", 4, "--workers", 1).exit_code == 0
    return runs / "iris"


def test_every_round_says_what_it_did_to_a_dimension(hpt, refined):
    result = hpt("why", "learning_rate")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == ["learning_rate", "  round 0: 0.001..1"]
    assert lines[2].startswith("  round 1: ")
    assert "optimizer" not in result.stdout


def test_without_a_name_all_are_told(hpt, refined):
    assert "optimizer\n  round 0: sgd | adam" in hpt("why", "--study", "iris").stdout


def test_for_programs(hpt, refined):
    told = json.loads(hpt("why", "learning_rate", "--json").stdout)["learning_rate"]
    assert [entry["round"] for entry in told] == [0, 1]
    assert told[1]["move"]["evidence"]["trials"] == 8


def test_a_name_that_is_not_searched(hpt, refined):
    result = hpt("why", "learning_rat")
    assert result.exit_code == 2
    assert "did you mean 'learning_rate'?" in result.stderr


def test_a_study_of_one_round_has_nothing_to_tell_yet(hpt, config, runs):
    hpt("run", config, "--workers", 1)
    assert "has had one round so far" in hpt("why").stdout


def test_to_writes_a_config_and_runs_nothing(hpt, refined, tmp_path):
    before = sorted(refined.rglob("*.json"))
    target = tmp_path / "fine.yaml"
    result = hpt("refine", "--to", target)
    assert result.exit_code == 0, result.output
    assert f"run it with: hpt run {target}" in result.stderr
    assert sorted(refined.rglob("*.json")) == before
    assert hpt("plan", target).exit_code == 0
    assert hpt("refine", "--to", target).exit_code == 2
