from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hpt_cli.config import load_config
from hpt_cli.config.settings import ExecutionSettings, ObjectiveSettings, RoundSettings
from hpt_cli.data.settings import DataSettings, SplitSettings
from hpt_cli.errors import ConfigError
from hpt_cli.space import Choice, Float, Int

WHOLE = """\
# yaml-language-server: $schema=../docs/hpt.schema.json
name: digits                       # the folder under runs/
seed: 3

data:
  source: digits
  target: label
  split: {validation: 0.25, test: 0.1}

objective: {metric: validation_loss, goal: minimize}

network:
  hidden_layers: 2
  activation: relu
  batch_size: 64
  epochs: 40

space:
  learning_rate: {low: 1e-4, high: 1, scale: log}
  momentum:      {low: 0.5, high: 0.999, scale: log1m, when: {optimizer: sgd}}
  hidden_units:  {type: int, low: 16, high: 256, scale: log}
  dropout:       {low: 0, high: 0.5, step: 0.1}
  batch_norm:    [true, false]
  optimizer:     {choices: [sgd, adam]}
constraints: ["hidden_units * batch_size <= 16384"]

search:
  strategy: bayes
  trials: 60
  repeats: 2
  parallel: 5
  rounds: 2
  prune: {method: none}

execution: {workers: auto, engine: local, trial_timeout: 10m, max_failures: 7}
"""


def spaced(*entries, network=""):
    """A config of these entries under ``space`` and these settings under ``network``."""
    lines = [
        "data: {source: digits}",
        f"network: {{{network}}}",
        "space:",
        *(f"  {entry}" for entry in entries),
    ]
    return "\n".join(lines) + "\n"


def test_a_whole_config_is_read_as_it_stands(load):
    config = load(WHOLE)
    assert (config.name, config.seed) == ("digits", 3)
    assert config.data == DataSettings("digits", "label", split=SplitSettings(0.25, 0.1))
    assert config.objective == ObjectiveSettings("validation_loss", "minimize")
    assert config.network == {"hidden_layers": 2, "activation": "relu", "batch_size": 64, "epochs": 40}
    assert dict(config.space.dimensions) == {
        "learning_rate": Float(1e-4, 1.0, "log"),
        "momentum": Float(0.5, 0.999, "log1m", when={"optimizer": ("sgd",)}),
        "hidden_units": Int(16, 256, "log"),
        "dropout": Float(0.0, 0.5, step=0.1),
        "batch_norm": Choice((True, False)),
        "optimizer": Choice(("sgd", "adam")),
    }
    assert config.space.names[0] == "learning_rate"
    assert config.space.constraints == ("hidden_units * batch_size <= 16384",)
    assert config.space.fixed == {"batch_size": 64}
    assert config.search.parallel == 5
    assert config.search.rounds == (RoundSettings("bayes", 60, 2),) * 2
    assert config.execution == ExecutionSettings(None, "local", 600.0, 7)
    assert config.text == WHOLE.encode()


def test_defaults(load, minimal):
    config = load(minimal)
    assert (config.name, config.seed) == ("study", 0)
    assert config.data == DataSettings("digits")
    assert config.objective == ObjectiveSettings("validation_loss", "minimize")
    assert config.network == {}
    assert config.search.parallel == 4
    assert config.search.rounds == (RoundSettings("bayes", 20, 1),)
    assert config.execution == ExecutionSettings(None, "local", None, 20)


def test_sections_without_a_value_have_their_defaults(load, minimal):
    text = minimal + "objective:\nnetwork:\nconstraints:\nsearch:\nexecution:\n"
    assert load(text).resolved() == load(minimal).resolved()


def test_the_goal_follows_from_the_metric(load, minimal):
    for metric, goal in (("validation_accuracy", "maximize"), ("training_loss", "minimize")):
        assert load(minimal + f"objective: {{metric: {metric}}}\n").objective.goal == goal


@pytest.mark.parametrize(
    ("entry", "dimension"),
    [
        ("dropout: 0.1", Choice((0.1,))),
        ("dropout: 0", Choice((0.0,))),
        ("epochs: 1e1", Choice((10,))),
        ("epochs: [10, 2e1]", Choice((10, 20))),
        ("activation: [relu, tanh]", Choice(("relu", "tanh"))),
        ("activation: {choices: [relu, tanh]}", Choice(("relu", "tanh"))),
        ("batch_norm: [true, false]", Choice((True, False))),
        ("batch_norm: true", Choice((True,))),
        ("hidden_layers: {low: 1, high: 3}", Int(1, 3)),
        ("hidden_units: {low: 16, high: 64, step: 16}", Int(16, 64, step=16)),
        ("hidden_units: {low: 16, high: 1e3, scale: log, points: 3}", Int(16, 1000, "log", points=3)),
        ("dropout: {type: float, low: 0, high: .5}", Float(0.0, 0.5)),
        ("schedule.kind: [constant, cosine]", Choice(("constant", "cosine"))),
    ],
)
def test_each_form_of_an_entry(load, entry, dimension):
    [found] = load(spaced(entry)).space.dimensions.values()
    assert found == dimension
    values = getattr(found, "choices", ())
    assert [type(value) for value in values] == [type(value) for value in getattr(dimension, "choices", ())]


class TestConditions:
    def when(self, load, name, *entries, network=""):
        return dict(load(spaced(*entries, network=network)).space.dimensions[name].when)

    def test_what_depends_on_a_searched_name_gets_its_condition(self, load):
        when = self.when(load, "momentum", "optimizer: [sgd, adam]", "momentum: {low: 0.5, high: 0.9}")
        assert when == {"optimizer": ("sgd",)}

    def test_the_parent_may_come_later(self, load):
        when = self.when(load, "beta1", "beta1: [0.8, 0.9]", "optimizer: [sgd, adamw, adam]")
        assert when == {"optimizer": ("adamw", "adam")}

    def test_no_condition_where_it_always_has_an_effect(self, load):
        assert self.when(load, "beta1", "beta1: [0.8, 0.9]", "optimizer: [adamw, adam]") == {}
        assert self.when(load, "momentum", "momentum: [0.8, 0.9]", network="optimizer: sgd") == {}

    def test_a_layer_has_its_width_where_it_is_there(self, load):
        entries = ("hidden_layers: {low: 1, high: 4}", "hidden_units_3: [16, 32]")
        assert self.when(load, "hidden_units_3", *entries) == {"hidden_layers": (3, 4)}
        assert self.when(load, "hidden_units_1", "hidden_layers: [1, 2]", "hidden_units_1: [16, 32]") == {}

    def test_the_common_width_where_a_layer_lacks_its_own(self, load):
        entries = ("hidden_layers: [0, 1, 2]", "hidden_units: [16, 32]", "hidden_units_1: [8, 16]")
        assert self.when(load, "hidden_units", *entries) == {"hidden_layers": (2,)}
        assert self.when(load, "hidden_units", *entries[:2]) == {"hidden_layers": (1, 2)}

    def test_one_may_be_narrower_than_the_effect(self, load):
        entries = ("optimizer: [sgd, adamw, adam]", "beta1: {choices: [0.8, 0.9], when: {optimizer: adam}}")
        assert self.when(load, "beta1", *entries) == {"optimizer": ("adam",)}

    def test_one_on_what_is_fixed_is_decided(self, load):
        entry = "dropout: {low: 0, high: 0.5, when: {activation: [relu, tanh]}}"
        assert self.when(load, "dropout", entry, network="activation: tanh") == {}

    def test_values_are_those_of_the_parent(self, load):
        entries = ("epochs: [10, 20]", "dropout: {low: 0, high: 0.5, when: {epochs: 2e1}}")
        [value] = self.when(load, "dropout", *entries)["epochs"]
        assert (value, type(value)) == (20, int)

    def test_a_condition_that_always_holds_keeps_a_conditional_parent(self, load):
        entries = (
            "batch_norm: [true, false]",
            "dropout: {choices: [0, 0.5], when: {batch_norm: true}}",
            "l2: {choices: [0, 1], when: {dropout: [0, 0.5]}}",
        )
        assert self.when(load, "l2", *entries) == {"dropout": (0.0, 0.5)}


def test_nested_and_dotted_names_are_the_same(load, minimal):
    nested = "network: {batch_norm: {momentum: 0.8, affine: false}, schedule: {kind: step, every: 5}}\n"
    flat = (
        "network:\n  batch_norm: true\n  batch_norm.momentum: 0.8\n  batch_norm.affine: false\n"
        "  schedule.kind: step\n  schedule.every: 5\n"
    )
    assert load(minimal + nested).network == load(minimal + flat).network
    assert load(minimal + "network: {schedule: cosine}\n").network == {"schedule.kind": "cosine"}


def test_a_list_of_widths_can_be_named_by_constraints(load, minimal):
    config = load(
        minimal.replace("space:", "network: {hidden_units: [64, 32]}\nspace:")
        + "constraints: ['learning_rate <= 1 / hidden_layers', 'hidden_units_1 * learning_rate < 64']\n"
    )
    assert config.network == {"hidden_units": [64, 32]}
    assert config.space.fixed == {"hidden_layers": 2, "hidden_units_1": 64}


def test_a_fixed_name_needs_a_possible_parent_only(load):
    config = load(
        spaced("optimizer: [sgd, adam]", network="momentum: 0.9, hidden_units_1: 8, hidden_layers: 2")
    )
    assert config.network == {"momentum": 0.9, "hidden_layers": 2, "hidden_units_1": 8}


class TestRounds:
    def rounds(self, load, minimal, search):
        return [(plan.strategy, plan.trials, plan.repeats) for plan in load(minimal + search).search.rounds]

    def test_a_list_takes_what_it_lacks_from_search(self, load, minimal):
        search = (
            "search: {strategy: sobol, repeats: 2, rounds: [{trials: 8}, {strategy: random, repeats: 1}]}\n"
        )
        assert self.rounds(load, minimal, search) == [("sobol", 8, 2), ("random", 20, 1)]

    def test_a_grid_has_its_product(self, load):
        text = spaced("dropout: {low: 0, high: 0.5, step: 0.1}", "hidden_layers: {low: 1, high: 3}")
        assert self.rounds(load, text, "search: {strategy: grid}\n") == [("grid", 18, 1)]
        assert self.rounds(load, text, "search: {strategy: grid, trials: 18}\n") == [("grid", 18, 1)]

    def test_a_grid_counts_inactive_names_once(self, load):
        text = spaced("optimizer: [sgd, adam]", "momentum: [0, 0.5, 0.9]")
        assert self.rounds(load, text, "search: {strategy: grid}\n") == [("grid", 4, 1)]

    def test_a_grid_may_have_a_constraint_that_no_draw_fulfils(self, load):
        text = spaced("dropout: {low: 0, high: 0.5, points: 3}") + "constraints: [dropout == 0.25]\n"
        assert self.rounds(load, text, "search: {strategy: grid}\n") == [("grid", 1, 1)]

    def test_trials_of_other_strategies_do_not_bind_a_grid(self, load):
        search = "search: {strategy: random, trials: 30, rounds: [{}, {strategy: grid}]}\n"
        assert self.rounds(load, spaced("dropout: [0, 0.1, 0.2, 0.3]"), search) == [
            ("random", 30, 1),
            ("grid", 4, 1),
        ]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10m", 600),
        ("90s", 90),
        ("1h30m", 5400),
        ("0.5h", 1800),
        ("1d", 86400),
        ("15", 15),
        ("1.5", 1.5),
        ("null", None),
    ],
)
def test_durations(load, minimal, written, seconds):
    assert load(minimal + f"execution: {{trial_timeout: {written}}}\n").execution.trial_timeout == seconds


def test_all_problems_come_at_once_in_the_order_of_lines(problems):
    text = """\
name: my study
seed: 017
seed: 3
data: {source: digts, split: {validation: 2}}
objective: {metric: test_loss}
network:
  lr: 0.1
  dropout: 1
  momentum: 0.9
  batch_norm: yes
space:
  learning_rate: {low: 0, high: 1, scale: lg}
  dropout: [0.1]
  hidden_units: {type: float, low: 16, high: 32}
  activation: [relu, tahn]
  hidden_units_2: [16, 32]
constraints: ["learning_rate <"]
search: {strategy: byes, trials: 0}
execution: {workers: 0}
"""
    found = [(problem.line, problem.key) for problem in problems(text)]
    assert found == sorted(found, key=lambda place: place[0])
    assert set(found) >= {
        (1, "name"),
        (2, "seed"),
        (3, "seed"),
        (4, "data.source"),
        (4, "data.split.validation"),
        (5, "objective.metric"),
        (7, "network.lr"),
        (8, "network.dropout"),
        (9, "network.momentum"),
        (10, "network.batch_norm"),
        (12, "space.learning_rate.scale"),
        (13, "space.dropout"),
        (14, "space.hidden_units.type"),
        (15, "space.activation[1]"),
        (16, "space.hidden_units_2"),
        (17, "constraints[0]"),
        (18, "search.strategy"),
        (18, "search.trials"),
        (19, "execution.workers"),
    }


def test_nothing_is_concluded_from_what_could_not_be_read(problems):
    """The optimizer's mistake is reported; that momentum might have no effect is not."""
    [problem] = problems(spaced("optimizer: [sgd, adamm]", "momentum: [0.5, 0.9]"))
    assert problem.key == "space.optimizer[1]"
    [problem] = problems(spaced("momentum: [0.5, 0.9]", network="optimizer: 017"))
    assert problem.key == "network.optimizer"


def test_the_message_is_file_line_key_what_and_hint(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("data: {source: digits}\nspace:\n  learning_rate: {low: 1e-4, hgih: 1}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = f"{path}:3: space.learning_rate.hgih: unknown key\n    hint: did you mean 'high'?"
    assert str(caught.value) == message


def test_user_text_is_made_safe_and_short(problems, minimal):
    [problem] = problems(minimal + 'objective: {metric: "\\e[31mred' + "x" * 500 + '"}\n')
    assert "\x1b" not in problem.what
    assert "\\x1b[31mred" in problem.what
    assert len(problem.what) < 120
    [problem] = problems(minimal + '"\\e[31mkey": 1\n')
    assert "\x1b" not in problem.key + problem.what + problem.hint


def test_the_file_gives_folder_and_name(tmp_path, minimal):
    (tmp_path / "wide.yaml").write_text(minimal)
    config = load_config(tmp_path / "wide.yaml")
    assert (config.name, config.folder, config.path) == ("wide", tmp_path, tmp_path / "wide.yaml")


def test_a_file_name_that_is_no_study_name_asks_for_one(tmp_path, minimal):
    (tmp_path / "my study.yaml").write_text(minimal)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "my study.yaml")
    assert caught.value.problems[0].key == "name"
    assert load_config(tmp_path / "my study.yaml", ["name=mine"]).name == "mine"


def test_a_bare_word_may_be_a_file_beside_the_config(tmp_path, minimal):
    (tmp_path / "rows").write_text("")
    (tmp_path / "study.yaml").write_text(minimal.replace("digits", "rows"))
    assert load_config(tmp_path / "study.yaml").data.source == "rows"


def test_a_hundred_names_are_the_most(load, problems):
    def layers(count):
        return spaced(
            *(f"hidden_units_{k}: [1, 2]" for k in range(1, count + 1)), network="hidden_layers: 50"
        )

    assert len(load(layers(50)).space.names) == 50
    found = problems(layers(101))
    assert any("at most 100 names" in problem.what for problem in found)


def test_pydantic_is_not_imported_before_a_config_is_loaded():
    code = "import sys, hpt_cli.config; print('pydantic' in sys.modules, 'yaml' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd(), check=True
    )
    assert output.stdout.split() == ["False", "False"]
