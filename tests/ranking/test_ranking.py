import math
import subprocess
import sys

import pytest

from hpt_cli.errors import ExpectationMissedError, InputError
from hpt_cli.expectation import check_expectation, parse_expectation
from hpt_cli.ranking import (
    best_of,
    edges,
    rank,
    sort_rows,
    widest,
)
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.trial import Status


def numbers(rows):
    return [row.result.number for row in rows]


class TestOrder:
    def test_the_smallest_is_first_when_minimizing(self, make_trial):
        board = rank([make_trial(0, 0.3), make_trial(1, 0.1), make_trial(2, 0.2)], "minimize", None)
        assert numbers(board.rows) == [1, 2, 0]
        assert board.best.result.number == 1

    def test_the_greatest_is_first_when_maximizing(self, make_trial):
        board = rank([make_trial(0, 0.3), make_trial(1, 0.1), make_trial(2, 0.2)], "maximize", None)
        assert numbers(board.rows) == [0, 2, 1]

    def test_equal_trials_share_a_rank_and_stand_by_number(self, make_trial):
        results = [make_trial(3, 0.1), make_trial(1, 0.1), make_trial(0, 0.2), make_trial(2, 0.2)]
        board = rank(results, "minimize", None)
        assert [(row.rank, row.result.number) for row in board.rows] == [(1, 1), (1, 3), (3, 0), (3, 2)]
        assert numbers(board.ties) == [3]

    def test_a_rounding_error_of_the_mean_is_no_difference(self, make_trial):
        board = rank([make_trial(0, 0.1, 0.2), make_trial(1, 0.15, 0.15)], "minimize", None)
        assert board.rows[0].result.objective != board.rows[1].result.objective
        assert [row.rank for row in board.rows] == [1, 1]

    def test_trials_without_an_objective_come_last_by_status_and_number(self, make_trial):
        results = [
            make_trial(0, status=Status.TIMEOUT),
            make_trial(4, status=Status.DIVERGED),
            make_trial(2, status=Status.FAILED),
            make_trial(1, status=Status.DIVERGED),
            make_trial(3, 9.0),
        ]
        board = rank(results, "minimize", None)
        assert numbers(board.rows) == [3, 2, 1, 4, 0]
        assert [row.rank for row in board.rows] == [1, None, None, None, None]
        assert board.counts == {"done": 1, "failed": 1, "diverged": 2, "timeout": 1}

    def test_where_nothing_is_done_nothing_is_best(self, make_trial):
        board = rank([make_trial(0), make_trial(1)], "minimize", None)
        assert board.best is None
        assert board.ties == ()

    def test_the_order_of_the_results_does_not_matter(self, make_trial):
        results = [make_trial(n, objective) for n, objective in enumerate([0.2, 0.1, 0.2, 0.1, 0.3])]
        assert rank(results, "maximize", None) == rank(results[::-1], "maximize", None)

    def test_best_of_agrees_with_the_leaderboard(self, make_trial):
        results = [make_trial(0), make_trial(1, 0.2), make_trial(2, 0.5), make_trial(3, 0.5)]
        assert best_of(results, "maximize") == rank(results, "maximize", None).best.result
        assert best_of([make_trial(0)], "maximize") is None


class TestRow:
    def test_spread_is_the_sample_standard_deviation(self, make_trial):
        row = rank([make_trial(0, 1.0, 2.0, 4.0)], "minimize", None).best
        assert row.result.objective == pytest.approx(7 / 3)
        assert row.spread == pytest.approx(math.sqrt(7 / 3))  # by hand: (16 + 1 + 25) / 9 / 2

    def test_one_repeat_has_no_spread(self, make_trial):
        assert rank([make_trial(0, 1.0)], "minimize", None).best.spread is None

    def test_epochs_are_the_most_of_any_repeat(self, make_trial):
        assert rank([make_trial(0, 1.0, 2.0, epochs=5)], "minimize", None).best.epochs == 6

    def test_a_trial_without_a_curve_has_no_epochs(self, make_trial):
        rows = rank([make_trial(0, 1.0, epochs=0), make_trial(1)], "minimize", None).rows
        assert [row.epochs for row in rows] == [None, None]

    def test_metrics_are_means_over_the_repeats(self, make_trial):
        row = rank([make_trial(0, 1.0, 2.0, metrics={"validation_accuracy": 0.5})], "minimize", None).best
        assert row.metrics == {"validation_loss": 1.5, "validation_accuracy": 0.5}


class TestParamsWorthAColumn:
    space = SearchSpace(
        {
            "rate": Float(0.1, 1.0),
            "units": Int(1, 9),
            "constant": Choice((7,)),
            "optimizer": Choice(("sgd", "adam")),
            "momentum": Float(0.5, 0.9, when={"optimizer": ("sgd",)}),
        }
    )

    def test_those_that_differ_in_the_order_of_the_space(self, make_trial):
        results = [
            make_trial(
                0, 1.0, params={"optimizer": "sgd", "rate": 0.1, "units": 3, "constant": 7, "momentum": 0.5}
            ),
            make_trial(1, 1.0, params={"optimizer": "adam", "rate": 0.2, "units": 3, "constant": 7}),
        ]
        assert rank(results, "minimize", self.space).params == ("rate", "optimizer", "momentum")

    def test_a_single_trial_shows_all_that_could_differ(self, make_trial):
        board = rank([make_trial(0, 1.0, params={"rate": 0.1, "units": 3})], "minimize", self.space)
        assert board.params == ("rate", "units", "optimizer", "momentum")

    def test_true_and_one_differ(self, make_trial):
        space = SearchSpace({"x": Choice((True, 1))})
        results = [make_trial(0, 1.0, params={"x": True}), make_trial(1, 1.0, params={"x": 1})]
        assert rank(results, "minimize", space).params == ("x",)


class TestEdges:
    @pytest.mark.parametrize(
        ("dimension", "value", "end"),
        [
            (Float(1e-4, 1.0, "log"), 0.98, "upper"),
            (Float(1e-4, 1.0, "log"), 1.2e-4, "lower"),  # 2 % of the width in decades
            (Float(1e-4, 1.0, "log"), 0.5, None),
            (Float(0.5, 0.999, "log1m"), 0.999, "upper"),
            (Float(0.5, 0.999, "log1m"), 0.99, None),
            (Float(2.0, 4.0), 3.97, "upper"),
            (Float(0.0, 0.5, step=0.1), 0.5, "upper"),
            (Float(0.0, 0.5), 0.0, None),  # there is no dropout below 0
            (Float(0.0, 1.0), 1.0, None),  # nor a share above 1
            (Int(1, 3), 1, None),  # nor less than one layer
            (Int(1, 3), 3, "upper"),
            (Int(16, 256, "log"), 16, "lower"),
            (Int(16, 256, "log"), 64, None),
            (Choice((1, 2, 3)), 3, None),
        ],
    )
    def test_a_value_near_an_end_of_its_range(self, dimension, value, end):
        found = edges({"x": value}, SearchSpace({"x": dimension}))
        assert [edge.end for edge in found] == ([end] if end else [])

    def test_an_inactive_param_has_no_edge(self):
        assert edges({}, SearchSpace({"x": Float(2.0, 4.0)})) == ()

    def test_the_leaderboard_judges_the_best_trial_alone(self, make_trial):
        space = SearchSpace({"x": Float(2.0, 4.0)})
        results = [make_trial(0, 0.1, params={"x": 3.0}), make_trial(1, 0.2, params={"x": 4.0})]
        assert rank(results, "minimize", space).edges == ()
        (edge,) = rank(results, "maximize", space).edges
        assert (edge.name, edge.value, edge.end, edge.low, edge.high) == ("x", 4.0, "upper", 2.0, 4.0)

    def test_the_end_of_a_narrowed_round_is_no_edge(self, make_trial):
        coarse = SearchSpace({"x": Float(2.0, 8.0)})
        fine = coarse.replace({"x": Float(3.0, 5.0)})
        assert edges({"x": 5.0}, widest([coarse, fine])) == ()
        assert len(edges({"x": 8.0}, widest([coarse, fine]))) == 1

    def test_the_widest_space_reaches_past_a_widened_round(self):
        first = SearchSpace({"x": Float(2.0, 8.0), "n": Int(2, 4), "c": Choice((1, 2))})
        second = first.replace({"x": Float(6.0, 12.0), "n": Int(3, 9), "c": Choice((2, 3))})
        wide = widest([first, second]).dimensions
        assert (wide["x"].low, wide["x"].high, wide["n"].low, wide["n"].high) == (2.0, 12.0, 2, 9)
        assert wide["c"].choices == (1, 2, 3)

    def test_without_rounds_there_is_no_space(self):
        assert widest([]) is None


class TestSort:
    def test_by_number_and_by_seconds(self, make_trial):
        board = rank([make_trial(0, 0.3, seconds=1), make_trial(1, 0.1, seconds=2)], "minimize", None)
        assert numbers(sort_rows(board, "objective")) == [1, 0]
        assert numbers(sort_rows(board, "number")) == [0, 1]
        assert numbers(sort_rows(board, "seconds")) == [0, 1]

    @pytest.mark.parametrize("by", ["rank", "trial", "round", "status", "spread", "epochs", "seconds"])
    def test_by_every_column_of_the_tables(self, make_trial, by):
        trials = [make_trial(0, 0.3, 0.5, seconds=2), make_trial(1), make_trial(2, 0.1, seconds=3)]
        expected = {"trial": [0, 1, 2], "spread": [0, 2, 1], "seconds": [1, 0, 2]}
        assert numbers(sort_rows(rank(trials, "minimize", None), by)) == expected.get(by, [2, 0, 1])

    def test_by_a_param_that_is_called_like_a_column(self, make_trial):
        trials = [make_trial(n, n / 9, params={"epochs": epochs}) for n, epochs in enumerate([8, 2, 5])]
        board = rank(trials, "minimize", None)
        assert numbers(sort_rows(board, "params.epochs")) == [1, 2, 0]
        assert numbers(sort_rows(board, "epochs")) == [0, 1, 2]  # each ran as many

    def test_by_a_param_numbers_before_text_and_absent_last(self, make_trial):
        values = {0: "b", 1: 2, 2: None, 3: "a", 4: 0.5}
        trials = [make_trial(n, 1.0, params={} if v is None else {"x": v}) for n, v in values.items()]
        assert numbers(sort_rows(rank(trials, "minimize", None), "x")) == [4, 1, 3, 0, 2]

    def test_by_a_metric_from_good_to_bad(self, make_trial):
        trials = [
            make_trial(n, loss, metrics={"training_auc": loss}) for n, loss in enumerate([0.2, 0.1, 0.3])
        ]
        board = rank([*trials, make_trial(3)], "minimize", None)
        assert numbers(sort_rows(board, "validation_loss")) == [1, 0, 2, 3]
        assert numbers(sort_rows(board, "training_auc")) == [2, 0, 1, 3]

    def test_an_unknown_column_is_named_with_the_nearest(self, make_trial):
        board = rank([make_trial(0, 1.0, params={"learning_rate": 0.1})], "minimize", None)
        with pytest.raises(InputError, match="did you mean 'learning_rate'"):
            sort_rows(board, "learnin_rate")
        with pytest.raises(InputError, match=r"there are: objective, rank, trial, number, .*, learning_rate"):
            sort_rows(board, "zzz")


class TestExpectation:
    @pytest.mark.parametrize(
        "text", ["validation_loss<=0.5", " validation_loss  <= 5e-1 ", "objective < 0.6"]
    )
    def test_what_is_met_gives_the_value(self, make_trial, text):
        best = rank([make_trial(0, 0.4, 0.6)], "minimize", None).best
        assert check_expectation(parse_expectation(text), best) == 0.5

    def test_what_is_missed_says_what_was_found(self, make_trial):
        best = rank([make_trial(7, 0.4, 0.6)], "minimize", None).best
        with pytest.raises(ExpectationMissedError, match=r"expected objective < 0.5, but .* \(7\) has 0.5"):
            check_expectation(parse_expectation("objective < 0.5"), best)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "accuracy",
            "accuracy >=",
            ">= 0.5",
            "accuracy == 0.5",
            "accuracy => 1",
            "a >= b",
            "a >= nan",
            "a b > 1",
        ],
    )
    def test_nonsense_is_answered_with_the_form(self, text):
        with pytest.raises(InputError, match=r"validation_accuracy >= 0\.95"):
            parse_expectation(text)

    def test_an_unknown_metric_is_answered_with_those_there_are(self, make_trial):
        best = rank([make_trial(0, 0.5)], "minimize", None).best
        with pytest.raises(InputError, match="did you mean 'validation_loss'"):
            check_expectation(parse_expectation("validation_los < 1"), best)
        with pytest.raises(InputError, match="there are: objective, validation_loss"):
            check_expectation(parse_expectation("f1 < 1"), best)

    def test_no_trial_meets_nothing(self):
        with pytest.raises(ExpectationMissedError, match="no trial is done"):
            check_expectation(parse_expectation("objective < 1"), None)

    def test_a_metric_that_is_not_a_number_meets_nothing(self, make_trial):
        best = rank([make_trial(0, 0.5, metrics={"validation_auc": math.nan})], "minimize", None).best
        with pytest.raises(ExpectationMissedError, match="nan"):
            check_expectation(parse_expectation("validation_auc < 1"), best)


def test_ranking_needs_nothing_that_takes_time_to_import():
    code = "import sys, hpt_cli.ranking; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "pydantic", "yaml", "rich", "click", "scipy"} & set(out.split())
