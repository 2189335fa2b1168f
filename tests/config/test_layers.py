"""The list ``network.layers``: what it says, and what is said about a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpt_cli.config import StudyConfig, changes, check_images
from hpt_cli.errors import ConfigError
from hpt_cli.network import NetworkSettings
from hpt_cli.network.architecture import Convolution, DenseLayer, Pooling

CONFIG = """\
data: {source: digits}
network:
  layers:
    - {conv: 8, kernel: 5.0, stride: 2, padding: valid}
    - {pool: max}
    - {flatten: true}
    - {dense: 64, batch_norm: false, activation: tanh, dropout: 0}
  batch_norm: true
space:
  learning_rate: {low: 1e-4, high: 1, scale: log}
  dropout: [0.1, 0.2]
"""


def written(*layers: str, network: str = "", space: str = "") -> str:
    """A config whose layers start on line 4."""
    entries = "".join(f"    - {layer}\n" for layer in layers)
    below = "".join(f"  {line}\n" for line in network.splitlines())
    searched = "".join(f"  {line}\n" for line in space.splitlines())
    head = f"data: {{source: digits}}\nnetwork:\n  layers:\n{entries}{below}"
    return f"{head}space:\n  learning_rate: [0.1, 0.01]\n{searched}"


def test_the_list_makes_the_network(load):
    config = load(CONFIG)
    settings = NetworkSettings.from_flat({**config.network, "dropout": 0.1})
    assert settings.front == (Convolution(8, 5, 2, "valid", "relu", True, 0.1), Pooling("max", 2, 2))
    assert settings.dense == (DenseLayer(64, "tanh", False, 0.0),)


def test_it_is_resolved_and_read_again(load):
    config = load(CONFIG)
    resolved = json.loads(json.dumps(config.resolved()))
    assert "hidden_layers" not in resolved["network"]
    assert "hidden_units" not in resolved["network"]
    again = StudyConfig.from_resolved(resolved, folder=Path(), path=Path("study.json"))
    assert again.resolved() == config.resolved()
    other = load(CONFIG.replace("dense: 64", "dense: 32"))
    assert changes(resolved, other.resolved()) == ["network.layers[3].dense: 64 -> 32"]


def test_it_can_be_given_on_the_command_line(load, minimal):
    config = load(minimal, ["network.layers=[{conv: 4}, {dense: 8}]"])
    assert config.network["layers"] == [{"conv": 4}, {"dense": 8}]


def test_batch_norm_of_a_single_layer_has_settings(load):
    text = written("{conv: 4, batch_norm: true}", space="batch_norm.momentum: [0.5, 0.9]")
    assert load(text).space.dimensions["batch_norm.momentum"].when == {}


@pytest.mark.parametrize(
    ("layers", "line", "key", "said", "hint"),
    [
        ("[]", 4, "layers", "must list 1 to 50 layers", "hidden_layers: 0"),
        ("64", 4, "layers", "must be a list of layers", "write layers: ["),
        (
            "[64]",
            4,
            "layers[0]",
            "must be a mapping with one of conv, pool, flatten, dense",
            "for example",
        ),
        ("[{conv: 8, dense: 8}]", 4, "layers[0]", "found conv and dense", ""),
        ("[{conv: 0}]", 4, "layers[0].conv", "must be 1 to 16384, found 0", ""),
        ("[{conv: 2.5}]", 4, "layers[0].conv", "must be a whole number, found 2.5", ""),
        ("[{conv: true}]", 4, "layers[0].conv", "must be a whole number, found true", ""),
        ("[{conv: 8, kernal: 3}]", 4, "layers[0].kernal", "unknown key of a conv layer", "'kernel'"),
        ("[{conv: 8, padding: full}]", 4, "layers[0].padding", "must be same or valid, found 'full'", ""),
        ("[{conv: 8, activation: reul}]", 4, "layers[0].activation", "must be relu or", ""),
        ("[{conv: 8, batch_norm: 1}]", 4, "layers[0].batch_norm", "must be true or false, found 1", ""),
        ("[{dense: 8, dropout: 1}]", 4, "layers[0].dropout", "must be at least 0 and below 1, found 1", ""),
        ("[{pool: mean}]", 4, "layers[0].pool", "must be max or average, found 'mean'", ""),
        ("[{pool: max, kernel: 2}]", 4, "layers[0].kernel", "unknown key of a pool layer", "size"),
        ("[{flatten: false}]", 4, "layers[0].flatten", "must be true, found false", ""),
        ("[{dense: 8}, {conv: 8}]", 4, "layers[1].conv", "layers[0] (dense) has made a row of it", "before"),
        (
            "[{flatten: true}, {pool: max}]",
            4,
            "layers[1].pool",
            "layers[0] (flatten) has made a row",
            "before",
        ),
    ],
)
def test_a_wrong_list_is_explained(layers, line, key, said, hint, problems):
    text = f"data: {{source: digits}}\nspace: {{learning_rate: [0.1]}}\nnetwork:\n  layers: {layers}\n"
    (problem,) = problems(text)
    assert (problem.line, problem.key) == (line, f"network.{key}")
    assert said in problem.what
    assert hint in problem.hint


def test_every_problem_is_told_at_its_line(problems):
    text = written("{conv: 8, kernel: 0}", "{pool: max, size: x}", "{dense: 64}", network="epoch: 3")
    found = [(problem.line, problem.key) for problem in problems(text)]
    assert found == [(4, "network.layers[0].kernel"), (5, "network.layers[1].size"), (7, "network.epoch")]


def test_a_value_that_cannot_be_read_is_told_once(problems):
    (problem,) = problems(written("{conv: 8, kernel: 017}"))
    assert problem.line == 4


@pytest.mark.parametrize("section", ["network", "space"])
@pytest.mark.parametrize("name", ["hidden_layers", "hidden_units", "hidden_units_1"])
def test_what_the_list_says_is_said_nowhere_else(name, section, problems):
    (problem,) = problems(written("{dense: 64}", **{section: f"{name}: 2"}))
    assert problem.key == f"{section}.{name}"
    assert problem.line == (5 if section == "network" else 7)
    assert problem.what == "the list network.layers (line 3) says it already"


OVERRIDE = {"activation": "tanh", "batch_norm": "true", "dropout": "0.5"}


@pytest.mark.parametrize("section", ["network", "space"])
@pytest.mark.parametrize("name", OVERRIDE)
def test_what_every_layer_has_its_own_of_is_not_said_for_all(name, section, problems):
    own = f"{name}: {OVERRIDE[name]}"
    (problem,) = problems(
        written(f"{{conv: 4, {own}}}", "{pool: max}", f"{{dense: 8, {own}}}", **{section: own})
    )
    assert (problem.key, problem.line) == (f"{section}.{name}", 7 if section == "network" else 9)
    assert "every conv and dense layer of network.layers (line 3) has its own" in problem.what
    assert problem.hint == f"remove it, or the {name} of a layer that it is for"


def test_nothing_is_said_for_layers_that_are_not_there(problems):
    (problem,) = problems(written("{pool: max}", network="dropout: 0.2"))
    assert problem.what == "has no effect: network.layers (line 3) has no conv and no dense layer"


def test_settings_of_batch_norm_are_said_for_layers_with_their_own(load):
    text = written("{conv: 4, batch_norm: true}", network="batch_norm: {momentum: 0.5}")
    assert load(text).network["batch_norm.momentum"] == 0.5


def test_the_list_is_not_searched(problems):
    (problem,) = problems(written("{dense: 64}", space="layers: [1, 2]"))
    assert problem.key == "space.layers"


def test_constraints_do_not_know_the_depth_of_a_list(problems):
    text = written("{dense: 64}") + "constraints: ['hidden_layers * learning_rate < 1']\n"
    (problem,) = problems(text)
    assert "hidden_layers" in problem.what


class TestOpenWidths:
    def test_are_searched_by_name(self, load):
        text = written(
            "{conv: , kernel: 2}", "{conv: 4}", "{dense: null}", space="conv_1: [2, 4]\ndense_1: [8]"
        )
        config = load(text)
        assert config.space.names == ("learning_rate", "conv_1", "dense_1")
        settings = NetworkSettings.from_flat({**config.network, "conv_1": 4, "dense_1": 8})
        assert [layer.channels for layer in settings.front] == [4, 4]
        assert settings.widths == (8,)
        check_images(config, (8, 8, 1))

    def test_may_be_named_in_constraints_and_conditions(self, load):
        text = written(
            "{conv: }", "{dense: }", space="conv_1: [2, 4]\ndense_1: {choices: [8], when: {conv_1: 4}}"
        )
        with_constraint = text + "constraints: ['conv_1 * learning_rate < 0.3']\n"
        assert not load(with_constraint).space.allows({"conv_1": 4, "learning_rate": 0.1})

    def test_are_searched_or_they_are_a_mistake(self, problems):
        (problem,) = problems(written("{conv: 4}", "{conv: }"))
        assert (problem.line, problem.key) == (5, "network.layers[1].conv")
        assert problem.what == "must be a whole number, or be searched as space.conv_2"

    def test_are_not_both_fixed_and_searched(self, problems):
        (problem,) = problems(written("{conv: 4}", space="conv_1: [2, 4]"))
        assert (problem.line, problem.key) == (7, "space.conv_1")
        assert problem.what == "network.layers[0] (line 4) says it already"

    @pytest.mark.parametrize(
        ("name", "said"), [("conv_2", "has 1 conv entry"), ("dense_1", "has no dense entries")]
    )
    def test_are_of_layers_that_are_there(self, name, said, problems):
        (problem,) = problems(written("{conv: }", space=f"conv_1: [2]\n{name}: [2, 4]"))
        assert problem.key == f"space.{name}"
        assert said in problem.what

    def test_need_a_list(self, problems, minimal):
        (problem,) = problems(minimal + "  conv_1: [2, 4]\n")
        assert "has no conv entries" in problem.what

    def test_are_bounded(self, problems):
        (problem,) = problems(written("{conv: }", space="conv_1: [0, 4]"))
        assert problem.what == "must be at least 1, found 0"


class TestImages:
    def problem(self, load, *layers, image=(8, 8, 1), overrides=()):
        with pytest.raises(ConfigError) as caught:
            check_images(load(written(*layers), overrides), image)
        (problem,) = caught.value.problems
        return problem

    def test_layers_that_fit(self, load):
        check_images(load(CONFIG), (8, 8, 1))
        check_images(load(written("{dense: 8}")), None)

    def test_a_kernel_larger_than_what_is_left(self, load):
        layers = ("{conv: 4}", "{pool: max, size: 3}", "{conv: 4, kernel: 5, padding: valid}")
        problem = self.problem(load, *layers)
        assert (problem.line, problem.key) == (6, "network.layers[2].kernel")
        assert problem.what == "5 x 5 pixels do not fit into an image that is 2 x 2 by then"
        assert problem.hint == "at most 2 fit"

    def test_pooling_to_nothing(self, load):
        problem = self.problem(load, "{pool: max, size: 4}", "{pool: average}", "{pool: max}")
        assert (problem.line, problem.key) == (6, "network.layers[2].size")

    def test_rows_that_are_no_images(self, load):
        problem = self.problem(load, "{conv: 4}", image=None)
        assert (problem.line, problem.key) == (4, "network.layers[0].conv")
        assert problem.what == "a conv layer needs images, and the rows of this data are none"

    def test_a_list_from_the_command_line_has_no_line(self, load, minimal):
        with pytest.raises(ConfigError) as caught:
            check_images(load(minimal, ["network.layers=[{pool: max, size: 9}]"]), (8, 8, 1))
        assert caught.value.problems[0].line == 0
