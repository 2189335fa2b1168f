from __future__ import annotations

import pytest

from hpt_cli.space import Choice, Float


def test_an_override_replaces_a_value(load, minimal):
    config = load(minimal, ["seed=7", "search.trials=5", "execution.workers=1"])
    assert (config.seed, config.search.rounds[0].trials, config.execution.workers) == (7, 5, 1)


def test_an_override_is_read_as_the_file_is(load, minimal):
    config = load(minimal, ["space.learning_rate.low=1e-3", "network={batch_norm: true, epochs: 1e1}"])
    assert config.space.dimensions["learning_rate"].low == 1e-3
    assert config.network == {"batch_norm": True, "epochs": 10}


def test_the_last_override_counts(load, minimal):
    assert load(minimal, ["seed=1", "seed=2"]).seed == 2


def test_a_scalar_under_space_is_a_constant(load, minimal):
    assert load(minimal, ["space.learning_rate=0.1"]).space.dimensions["learning_rate"] == Choice((0.1,))


def test_names_with_dots_are_one_part_of_the_path(load, minimal):
    config = load(
        minimal,
        [
            "space.batch_norm=[true, false]",
            "space.batch_norm.momentum.low=0.5",
            "space.batch_norm.momentum.high=0.9",
        ],
    )
    assert config.space.dimensions["batch_norm.momentum"] == Float(0.5, 0.9, when={"batch_norm": (True,)})


def test_a_nested_name_is_reached_in_its_mapping(load, minimal):
    text = minimal + "network: {batch_norm: {momentum: 0.9}}\n"
    assert load(text, ["network.batch_norm.momentum=0.8"]).network["batch_norm.momentum"] == 0.8


def test_a_value_may_hold_an_equals_sign(load, minimal):
    config = load(minimal, ['constraints=["learning_rate >= 0.001"]'])
    assert config.space.constraints == ("learning_rate >= 0.001",)


@pytest.mark.parametrize(
    ("override", "key", "words"),
    [
        ("search.trials", "search.trials", "must be key=value"),
        ("=5", "", "must be key=value"),
        ("search..trials=5", "search..trials", "must be key=value"),
        ("seed=yes", "seed", "may mean true"),
        ("seed=[1", "seed", "never closed"),
        ("seed=1\nname: x", "seed", "must be one value"),
        ("seed=abc", "seed", "must be a whole number"),
        ("search.trails=5", "search.trails", "unknown key"),
        ("trials=5", "trials", "unknown key"),
        ("data.source.name=x", "data.source.name", "data.source is not a mapping"),
        ("space.l2.low=1e-5", "space.l2.high", "is missing"),
        ("network.learning_rate=0.1", "", "stands under network"),
        ("space.learning_rate.low=5", "", "must be below high"),
        ("space.dropout={low: 0, high: 1}", "space.dropout.high", "must be below 1"),
    ],
)
def test_a_wrong_override_is_named(problems, minimal, override, key, words):
    problem = problems(minimal, [override])[0]
    assert words in problem.what
    if key:
        assert (problem.line, problem.key) == (0, f"--set {key}")


def test_what_the_file_says_keeps_its_line(problems, minimal):
    found = problems(minimal + "search:\n  strategy: byes\n", ["search.trials=0"])
    assert [(problem.line, problem.key) for problem in found] == [
        (0, "--set search.trials"),
        (5, "search.strategy"),
    ]


def test_a_problem_of_what_was_replaced_is_gone_but_one_of_reading_stays(problems, load, minimal):
    assert load(minimal + "seed: abc\n", ["seed=1"]).seed == 1
    assert problems(minimal + "seed: 017\n", ["seed=1"])[0].line == 4


@pytest.mark.parametrize(
    ("option", "override", "words"),
    [
        ("--trials", "search.trials=0", "must be at least 1"),
        ("--seed", "seed=-1", "must be at least 0"),
        ("--name", 'name="../evil"', "cannot be a name"),
    ],
)
def test_an_option_of_its_own_is_named_as_it_was_typed(problems, minimal, option, override, words):
    (problem,) = problems(minimal, ["search.parallel=2"], {option: override})
    assert (problem.line, problem.key) == (0, option)
    assert words in problem.what
    (problem,) = problems(minimal, [override])
    assert problem.key == f"--set {override.partition('=')[0]}"


def test_an_option_that_cannot_be_merged_is_named_too(problems, minimal):
    found = problems(minimal, ["search=5"], {"--trials": "search.trials=3"})
    assert ("--trials", "search is not a mapping") in [(problem.key, problem.what) for problem in found]


def test_an_option_counts_more_than_an_override(load, minimal):
    assert load(minimal, ["seed=1"], {"--seed": "seed=2"}).seed == 2


def test_a_name_fixed_from_the_command_line_and_searched_in_the_file_is_told_how_to_write_it(problems, load):
    text = "data: {source: digits}\nspace:\n  optimizer: [sgd, adam]\n  batch_size: [16, 32]\n"
    (problem,) = problems(text, ["network.optimizer=sgd"])
    assert (problem.line, problem.key) == (0, "--set network.optimizer")
    assert problem.what == "stands under network (--set) and under space (line 3)"
    assert "write --set space.optimizer=sgd: a single value" in problem.hint
    assert load(text, ["space.optimizer=sgd"]).space.dimensions["optimizer"] == Choice(("sgd",))


def test_a_name_searched_from_the_command_line_and_fixed_in_the_file_is_the_command_lines(problems, minimal):
    (problem,) = problems(minimal + "network: {dropout: 0.1}\n", ["space.dropout=[0, 0.1]"])
    assert (problem.line, problem.key) == (0, "--set space.dropout")
    assert problem.what == "stands under network (line 4) and under space (--set)"
