"""Configs of which every part is right by itself, and the whole cannot be run."""

from __future__ import annotations

import os

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError


class TestRounds:
    @pytest.mark.parametrize(
        ("search", "hint"),
        [
            ("{rounds: 2, trials: 3}", "write trials: 4 or more, or leave `rounds` out"),
            ("{rounds: [{trials: 2}, {trials: 2}, {trials: 9}]}", "write trials: 4 or more"),
            ("{rounds: [{trials: 1}, {strategy: random}]}", "the first round has 1 trial, and"),
        ],
    )
    def test_a_round_that_could_never_be_decided_is_refused_at_the_start(
        self, problems, minimal, search, hint
    ):
        (problem,) = problems(f"{minimal}search: {search}\n")
        assert (problem.line, problem.key) == (4, "search.rounds")
        assert hint in f"{problem.what}; {problem.hint}"

    def test_it_is_told_together_with_what_is_wrong_with_the_space(self, problems):
        text = "data: {source: digits}\nspace: {learning_rte: 0.1}\nsearch: {trials: 3, rounds: 2, strategy: "
        assert [problem.key for problem in problems(text + "sobol}\n")] == [
            "space.learning_rte",
            "search.rounds",
        ]
        assert [problem.key for problem in problems(text + "grid}\n")] == ["space.learning_rte"]

    @pytest.mark.parametrize("strategy", ["grid", "random"])
    def test_a_space_of_fewer_points_than_a_round_needs_is_refused(self, problems, strategy):
        text = "data: {source: digits}\nspace: {batch_size: [16, 32, 64]}\n"
        (problem,) = problems(f"{text}search: {{strategy: {strategy}, rounds: 2}}\n")
        assert "the first round has 3 trials" in problem.what
        assert problem.hint == "leave `rounds` out"

    @pytest.mark.parametrize("search", ["{rounds: 1, trials: 1}", "{rounds: [{trials: 4}, {trials: 1}]}"])
    def test_what_can_be_decided_is_taken(self, load, minimal, search):
        assert load(f"{minimal}search: {search}\n").search.rounds[0].trials in (1, 4)


class TestSource:
    @pytest.fixture
    def source_problems(self, tmp_path):
        """The problems of a source that is refused, beside a folder `rows` that holds `Wines.csv`."""
        (tmp_path / "rows").mkdir()
        (tmp_path / "rows" / "Wines.csv").write_text("a,b\n")
        (tmp_path / "points.csv").write_text("a,b\n")

        def problems_of(source, rest=""):
            path = tmp_path / "study.yaml"
            path.write_text(f"data:\n  source: {source}\nspace: {{learning_rate: 0.1}}\n{rest}")
            with pytest.raises(ConfigError) as caught:
                load_config(path)
            return caught.value.problems

        return problems_of

    @pytest.mark.parametrize(
        ("source", "what", "hint"),
        [
            ("point.csv", "there is no such file", "did you mean 'points.csv'?"),
            ("rows/wines.csv", "there is no such file", "did you mean 'rows/Wines.csv'?"),
            ("elsewhere.npz", "there is no such file", "in that folder: points.csv"),
            ("digits.csv", "there is no such file", "did you mean 'digits'?"),
            ("Digits", "there is no data set or file of that name", "did you mean 'digits'?"),
            ("mnist", "there is no data set or file of that name", "built-in: digits"),
            ("nowhere/rows.csv", "there is no such folder", "relative paths start at"),
            ("points.csv/x.csv", "there is no such folder", "relative paths start at"),
            ("/nowhere/rows.csv", "there is no such folder", "relative paths start at"),
            ("https://example.org/rows.csv", "is a URL", "download it first, and write the file's path"),
            ('"rows\\0.csv"', "cannot be opened: that is not a file's name", ""),
            (f"{'x' * 300}.csv", "cannot be opened: file name too long", ""),
        ],
    )
    def test_a_path_that_leads_nowhere_is_told_with_the_nearest_name(
        self, source_problems, source, what, hint
    ):
        (problem,) = source_problems(source)
        assert (problem.line, problem.key) == (2, "data.source")
        assert problem.what.startswith(what)
        assert problem.hint.startswith(hint)

    def test_it_is_told_together_with_the_other_problems(self, source_problems):
        found = source_problems("nothing.csv", "seed: -1\n")
        assert [(problem.line, problem.key) for problem in found] == [(2, "data.source"), (4, "seed")]

    def test_a_pipe_is_refused_without_waiting_for_it(self, source_problems, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        (problem,) = source_problems("pipe.csv")
        assert problem.what.startswith("is not a regular file")

    @pytest.mark.parametrize("source", ["points.csv", "rows/Wines.csv", "rows", "./points.csv"])
    def test_a_file_or_folder_that_is_there_is_taken(self, tmp_path, source, source_problems):
        found = source_problems(source, "seed: -1\n")
        assert [problem.key for problem in found] == ["seed"]

    def test_a_home_folder_is_found(self, source_problems, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert [problem.key for problem in source_problems("~/points.csv", "seed: -1\n")] == ["seed"]


class TestConstraints:
    @pytest.mark.parametrize(
        ("expression", "hint"),
        [
            ("learning_rate > 0.01 && learning_rate < 0.1", "write and for &&"),
            ("learning_rate < 0.01 || learning_rate > 0.1", "write or for ||"),
            ("learning_rate < 0.01 | learning_rate > 0.1 && 1 < 2", "write or for |, and for &&"),
            ("!(learning_rate < 0.01)", "write not for !"),
            ("learning_rate = 0.5", "equality is written =="),
            ("learning_rate = 0.5 and 'a && b' == 'c'", "equality is written =="),
        ],
    )
    def test_operators_of_other_languages_are_translated(self, problems, minimal, expression, hint):
        (problem,) = problems(f'{minimal}constraints: ["{expression}"]\n')
        assert (problem.line, problem.key) == (4, "constraints[0]")
        assert problem.hint == hint

    @pytest.mark.parametrize(
        ("expression", "why"),
        [
            ("learning_rate / 0 > 1", "it divides by zero"),
            ("(10 + learning_rate) ** 400 > 1", "its numbers grow too large"),
            ("log(-learning_rate) > 1", "a function or power in it has no value there"),
        ],
    )
    def test_one_that_cannot_be_computed_anywhere_is_named(self, problems, minimal, expression, why):
        (problem,) = problems(f'{minimal}constraints: ["learning_rate < 2", "{expression}"]\n')
        assert problem.key == "constraints[1]"
        assert problem.what == f"has no value at any random point: {why}"

    def test_a_grid_of_one_that_cannot_be_computed_anywhere_names_it_once(self, problems):
        text = "data: {source: digits}\nspace: {dropout: [0, 0.1]}\nconstraints: [dropout / 0 > 1]\n"
        (problem,) = problems(text + "search: {rounds: [{strategy: grid}, {strategy: random}]}\n")
        assert problem.what == "has no value at any random point: it divides by zero"

    def test_one_that_can_be_computed_and_never_holds_is_only_too_tight(self, problems, minimal):
        (problem,) = problems(f'{minimal}constraints: ["learning_rate > 2"]\n')
        assert (problem.key, problem.hint) == ("constraints", "loosen one of them")

    def test_one_that_cannot_be_computed_at_some_points_is_taken(self, load):
        text = "data: {source: digits}\nspace: {dropout: [0, 0.1]}\nconstraints: [1 / dropout > 1]\n"
        assert load(text).space.constraints == ("1 / dropout > 1",)


class TestClassWeight:
    @pytest.mark.parametrize(
        "text",
        [
            "data: {source: diabetes}\nnetwork: {class_weight: balanced}\nspace: {dropout: 0.1}\n",
            "data: {source: pyproject.toml, task: regression}\nspace: {class_weight: [none, balanced]}\n",
        ],
    )
    def test_it_has_no_effect_in_a_regression(self, problems, text):
        (problem,) = problems(text)
        assert (problem.line, problem.key.partition(".")[2]) == (2, "class_weight")
        assert problem.what == "has no effect: there are no classes in a regression"

    @pytest.mark.parametrize(
        "text",
        [
            "data: {source: wine}\nnetwork: {class_weight: balanced}\nspace: {dropout: 0.1}\n",
            "data: {source: pyproject.toml}\nnetwork: {class_weight: balanced}\nspace: {dropout: 0.1}\n",
            "data: {source: diabetes}\nnetwork: {class_weight: none}\nspace: {dropout: 0.1}\n",
        ],
    )
    def test_it_is_taken_where_there_may_be_classes(self, load, text):
        assert "class_weight" in load(text).network
