"""Configs of which every part is right by itself, and the whole cannot be run."""

from __future__ import annotations

import pytest


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

    @pytest.mark.parametrize("strategy", ["grid", "random"])
    def test_a_space_of_fewer_points_than_a_round_needs_is_refused(self, problems, strategy):
        text = "data: {source: digits}\nspace: {batch_size: [16, 32, 64]}\n"
        (problem,) = problems(f"{text}search: {{strategy: {strategy}, rounds: 2}}\n")
        assert "the first round has 3 trials" in problem.what
        assert problem.hint == "leave `rounds` out"

    @pytest.mark.parametrize("search", ["{rounds: 1, trials: 1}", "{rounds: [{trials: 4}, {trials: 1}]}"])
    def test_what_can_be_decided_is_taken(self, load, minimal, search):
        assert load(f"{minimal}search: {search}\n").search.rounds[0].trials in (1, 4)
