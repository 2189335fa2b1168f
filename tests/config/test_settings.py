from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hpt_cli.config import StudyConfig, changes
from hpt_cli.errors import DamagedStudyError
from hpt_cli.rounds import RefineSettings

RICH = """\
data: {source: iris, task: classification}
network: {batch_norm: {momentum: 0.8}, hidden_units: [32, 16], schedule: cosine, batch_size: 16}
space:
  optimizer: [sgd, adam]
  momentum: {low: 0.5, high: 0.99, scale: log1m, points: 3}
  learning_rate: {low: 1e-4, high: 1, scale: log, points: 4}
  epochs: {low: 10, high: 30, step: 10}
  l2: 0.001
constraints: ["epochs * batch_size <= 480", "learning_rate * hidden_layers < 2"]
search: {rounds: [{strategy: grid}, {strategy: bayes, trials: 5, repeats: 2}]}
execution: {trial_timeout: 90s, workers: 2}
"""


def reopened(config):
    stored = json.loads(json.dumps(config.resolved(), sort_keys=True, allow_nan=False))
    return StudyConfig.from_resolved(stored, folder=config.folder, path=config.path, text=config.text)


@pytest.fixture(params=["minimal", "rich"])
def config(request, load, minimal):
    return load(minimal if request.param == "minimal" else RICH)


def test_a_study_is_opened_again_from_sorted_json(config):
    again = reopened(config)
    assert again.resolved() == config.resolved()
    assert again.space == config.space
    assert again.space.names == config.space.names
    assert (again.search, again.execution, again.data) == (config.search, config.execution, config.data)
    assert reopened(again).resolved() == config.resolved()


def test_the_resolved_form_is_a_config_again(load, config):
    resolved = config.resolved()
    del resolved["space_order"]
    again = load(yaml.safe_dump(resolved, sort_keys=False))
    assert again.resolved() == config.resolved()


def test_defaults_are_filled_in_where_they_have_an_effect(load):
    network = load(RICH).resolved()["network"]
    assert network["activation"] == "relu"
    assert network["beta1"] == 0.9  # adam is among the choices
    assert network["hidden_units"] == [32, 16]
    assert "hidden_layers" not in network  # the list says it
    assert "rho" not in network  # nothing here is rmsprop
    assert "schedule.every" not in network
    assert "learning_rate" not in network  # searched
    assert network["patience"] is None


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"space": 3},
        {"search": {}},
        {"space_order": ["nobody"]},
        {"data": {"source": "x", "split": {"validation": 7}}},
        {"constraints": ["import os"]},
    ],
)
def test_what_is_no_resolved_config_is_damaged(load, minimal, damage):
    resolved = {**load(minimal).resolved(), **damage} if damage else {}
    with pytest.raises(DamagedStudyError):
        StudyConfig.from_resolved(resolved, folder=Path(), path=Path("study.json"))


class TestChanges:
    def test_none(self, load):
        assert changes(load(RICH).resolved(), reopened(load(RICH)).resolved()) == []

    def test_each_is_named_with_both_values(self, load, minimal):
        old = load(minimal, ["network.hidden_units=[32, 16]"])
        new = load(
            minimal,
            [
                "network.hidden_units=[32, 8]",
                "search.parallel=8",
                "seed=1",
                "space.learning_rate.low=1e-3",
                "space.l2=[0, 1]",
            ],
        )
        assert changes(old.resolved(), new.resolved()) == [
            "seed: 0 -> 1",
            "network.hidden_units: [32, 16] -> [32, 8]",
            "network.l2: 0 -> (not there)",
            "space.learning_rate.low: 0.0001 -> 0.001",
            "space_order: ['learning_rate'] -> ['learning_rate', 'l2']",
            "search.parallel: 4 -> 8",
            "space.l2.choices: (not there) -> [0, 1]",
        ]

    def test_execution_is_left_out(self, load, minimal):
        assert changes(load(minimal).resolved(), load(minimal, ["execution.workers=2"]).resolved()) == []

    def test_writing_a_default_changes_nothing(self, load, minimal):
        assert changes(load(minimal).resolved(), load(minimal, ["network.epochs=30"]).resolved()) == []

    def test_the_order_of_the_space_is_part_of_the_study(self, load):
        text = "data: {source: digits}\nspace:\n  l2: [0, 1]\n  dropout: [0, 0.1]\n"
        turned = "data: {source: digits}\nspace:\n  dropout: [0, 0.1]\n  l2: [0, 1]\n"
        [change] = changes(load(text).resolved(), load(turned).resolved())
        assert change.startswith("space_order")

    def test_true_is_not_one(self):
        assert changes({"a": True}, {"a": 1}) == ["a: true -> 1"]
        assert changes({"a": 1}, {"a": 1.0}) == []

    def test_a_name_that_an_older_version_did_not_have_is_at_its_default(self, load, minimal):
        old = load(minimal).resolved()
        del old["network"]["class_weight"]
        assert changes(old, load(minimal).resolved()) == []
        assert changes(old, load(minimal, ["network.class_weight=balanced"]).resolved()) == [
            "network.class_weight: 'none' -> 'balanced'"
        ]

    def test_rounds_are_compared_one_by_one(self, load, minimal):
        assert changes(load(minimal).resolved(), load(minimal, ["search.trials=30"]).resolved()) == [
            "search.rounds[0].trials: 20 -> 30"
        ]


def test_a_study_of_a_version_that_knew_no_refine_opens_with_its_defaults(config):
    resolved = config.resolved()
    older = {**resolved, "search": {key: of for key, of in resolved["search"].items() if key != "refine"}}
    again = StudyConfig.from_resolved(older, folder=config.folder, path=config.path)
    assert again.search.refine == RefineSettings()
    assert changes(older, resolved) == []


def test_hard_limits_and_the_numbers_of_the_decision_are_read(load):
    text = RICH.replace("points: 3}", "points: 3, hard_high: 0.999}").replace(
        "search: {", "search: {refine: {doubt: 0.05, reruns: 1}, "
    )
    config = load(text)
    assert config.space.dimensions["momentum"].hard_high == 0.999
    assert config.search.refine == RefineSettings(doubt=0.05, reruns=1)
    assert reopened(config).resolved() == config.resolved()
