"""What a message tells to write instead: it must lead on, not astray."""

from __future__ import annotations

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError

FIXED = "data: {source: digits}\nspace: {learning_rate: 0.1}\n"


def ranged(text: str) -> str:
    return "data: {source: digits}\nspace: {" + text + "}\n"


CASES = [
    ("type of a schedule", FIXED + "network: {schedule: {type: step}}", "did you mean 'schedule.kind'?"),
    (
        "share of training",
        "data: {source: digits, split: {train: 0.6}}\nspace: {dropout: 0.1}",
        "leave it out: training takes what validation and test leave",
    ),
    (
        "share in percent",
        "data: {source: digits, split: {validation: 20}}\nspace: {dropout: 0.1}",
        "write 0.2",
    ),
    ("dropout in percent", FIXED + "network: {dropout: 50}", "write 0.5"),
    ("searched dropout in percent", ranged("dropout: [0, 25]"), "write 0.25"),
    ("dropout far above", FIXED + "network: {dropout: 500}", ""),
    ("dropout of 1", FIXED + "network: {dropout: 1}", "write 0.999"),
    ("decimal comma", ranged("learning_rate: {low: 0,001, high: 1}"), "write 0.001"),
    ("decimal comma at the end", ranged("learning_rate: {low: 0, high: 0,5}"), "write 0.5"),
    ("decimal comma with an exponent", ranged("learning_rate: {low: 1,5e-3, high: 1}"), "write 1.5e-3"),
    ("list in quotes", ranged('learning_rate: "[0.001, 0.1]"'), "leave the quotes out"),
    ("list of words in quotes", ranged('activation: "[relu, tanh]"'), "leave the quotes out"),
    ("range in quotes", ranged('learning_rate: "{low: 0.1, high: 1}"'), "leave the quotes out"),
    ("infinity", ranged("learning_rate: {low: 0.1, high: .inf}"), "write a number"),
    ("not a number", FIXED + "network: {l2: .nan}", "write a number"),
    ("half a trial more", FIXED + "search: {trials: 4.5}", "write 5"),
    ("half an epoch more", FIXED + "network: {epochs: 5.5}", "write 6"),
    ("less than one", FIXED + "search: {repeats: 0.2}", "write 1"),
]


@pytest.mark.parametrize(("text", "hint"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_problem_tells_what_to_write(problems, text, hint):
    (problem,) = problems(text + "\n")
    assert problem.hint == hint


def test_a_decimal_comma_is_told_at_its_key(problems):
    (problem,) = problems("data: {source: digits}\nspace:\n  learning_rate: {low: 0,001, high: 1}\n")
    assert (problem.line, problem.key) == (3, "space.learning_rate.low")
    assert problem.what == "the decimal sign is a point, found 0,001"


class TestNoSuchConfig:
    @pytest.fixture
    def hint(self, tmp_path):
        for name in ("iris.yaml", "Wines.yml", "notes.txt"):
            (tmp_path / name).touch()

        def hint_of(name):
            with pytest.raises(ConfigError) as caught:
                load_config(tmp_path / name)
            return caught.value.problems[0].hint

        return hint_of

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("iriss.yaml", "did you mean 'iris.yaml'?"),
            ("iris", "did you mean 'iris.yaml'?"),
            ("wine.yaml", "did you mean 'Wines.yml'?"),
            ("nope.yaml", "in that folder: Wines.yml, iris.yaml"),
            ("nowhere/iris.yaml", ""),
        ],
    )
    def test_only_a_near_name_is_offered(self, hint, name, words):
        assert hint(name) == words

    def test_a_long_list_is_cut(self, hint, tmp_path):
        for number in range(20):
            (tmp_path / f"{number}.yaml").touch()
        assert hint("nope.yaml").endswith(" and 14 more")
