"""One trial, a round's moves, a plan, the list of studies: in a terminal."""

import dataclasses
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hpt_cli.config import RoundSettings
from hpt_cli.endings import Ended, Reason
from hpt_cli.errors import StudyNotFoundError
from hpt_cli.pruning import PruneSettings
from hpt_cli.rerun import Purpose, Rerun
from hpt_cli.rounds import Move
from hpt_cli.space import Choice, Float, Int, SearchSpace, survey
from hpt_cli.trial import Origin, RepeatResult, Status, Timing
from hpt_cli.views.best import as_args, as_yaml
from hpt_cli.views.plan import plan_json, show_plan
from hpt_cli.views.rounds import show_round
from hpt_cli.views.standing import row_of, standing_of
from hpt_cli.views.studies import list_studies, show_studies
from hpt_cli.views.trial import plain_trial, show_trial


class TestTrial:
    def test_all_that_is_known(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, 0.9, 0.92), make_trial(1, 0.8, 0.8)]))
        console, written = terminal()
        show_trial(console, standing, standing.board.rows[0])
        text = written()
        assert text.startswith(
            "trial 0 of digits  done, rank 1 of 2\nvalidation_accuracy 0.91 ± 0.014, 95 % "
        )
        assert "\n  learning_rate  0.01235\n" in text
        rows = [line.split() for line in text.splitlines() if line.startswith("validation_")]
        assert rows[1:] == [
            ["validation_accuracy", "0.91", "0.9", "0.92"],
            ["validation_loss", "0.09", "0.1", "0.08"],
        ]
        assert "chosen by  random" in text
        assert str(standing.folder / "trials" / "00000.json") in text.replace("\n", "")

    def test_params_stand_beside_the_bests_with_a_mark_where_they_differ(
        self, make_study, make_trial, terminal
    ):
        best = make_trial(0, 0.9, params={"optimizer": "adam", "hidden_units": 16})
        other = make_trial(1, 0.8, params={"optimizer": "adam", "hidden_units": 32, "momentum": 0.9})
        standing = standing_of(make_study([best, other]))
        console, written = terminal(60)
        show_trial(console, standing, standing.board.rows[1])
        assert "params, beside the best, trial 0\n" in written()
        rows = {line.split()[0]: line.split()[1:] for line in written().splitlines() if line.strip()}
        assert rows["hidden_units"] == ["32", "≠", "16"]
        assert rows["optimizer"] == ["adam", "adam"]
        assert rows["momentum"] == ["0.9", "≠", "-"]

    def test_a_pipe_gets_the_curves_as_numbers(self, make_study, make_trial):
        store = make_study([make_trial(0, 0.9)])
        standing = standing_of(store)
        assert plain_trial(standing, row_of(standing, store.read_trial(0)))[-4:] == [
            "epoch\ttraining_loss",
            "1\t1.0",
            "2\t0.5",
            "3\t0.25",
        ]

    def test_one_that_was_trained_again_is_shown_by_all_its_trainings_everywhere(
        self, make_study, make_trial, terminal
    ):
        store = make_study([make_trial(0, 0.9), make_trial(1, 0.8)])
        for number, accuracy in enumerate((0.5, 0.7)):
            metrics = {"validation_accuracy": accuracy}
            repeat = RepeatResult(100 + number, Status.DONE, accuracy, metrics)
            store.save_rerun(Rerun(0, number, Purpose.NOISE, repeat, Timing(0.0, 1.0, 1.0)))
        standing = standing_of(store)
        row = row_of(standing, store.read_trial(0))
        said = dict(line.split("\t", 1) for line in plain_trial(standing, row)[:-5])
        assert (said["rank"], said["trainings"]) == ("2", "3")
        assert float(said["validation_accuracy"]) == pytest.approx(0.7)
        assert said["validation_accuracy"] == said["metrics.validation_accuracy"]
        assert float(said["spread"]) == pytest.approx(0.2)
        assert float(said["low"]) < 0.7 < float(said["high"])
        console, written = terminal()
        show_trial(console, standing, row)
        assert "rank 2 of 2\nvalidation_accuracy 0.7 ± 0.20, 95 % " in written()
        assert "trainings  3" in written()

    def test_a_long_error_is_a_line_for_each_of_its_own_in_a_pipe(self, make_study, make_trial):
        standing = standing_of(make_study([make_trial(0, error="Traceback:\n  here\x1b[2J\n\nValueError")]))
        said = [line for line in plain_trial(standing, standing.board.rows[0]) if line.startswith("error")]
        assert said == ["error\tTraceback:", "error\t  here\\x1b[2J", "error\tValueError"]

    def test_a_long_error_keeps_its_lines_and_loses_its_commands(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, error="Traceback:\n  [here]\x1b[2J\nValueError")]))
        console, written = terminal()
        show_trial(console, standing, standing.board.rows[0])
        assert "Traceback:\n  [here]\\x1b[2J\nValueError\n" in written()

    def test_repeats_that_do_not_fit_are_counted(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, *(0.5 + n / 7 for n in range(6)))]))
        console, written = terminal(50)
        show_trial(console, standing, standing.board.rows[0])
        assert "too narrow for 4 repeats: --json has all" in written()

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("plan", "chosen by\tbayes"),
            ("start", "chosen as\ta start point of bayes"),
            ("spread", "chosen by\tbayes, as its model finds no order yet"),
            ("model", "chosen by\tbayes, by its model"),
            ("probe", "chosen as\ta probe of bayes"),
        ],
    )
    def test_it_says_who_chose_it(self, make_study, make_trial, kind, said):
        standing = standing_of(
            make_study([dataclasses.replace(make_trial(0, 0.9), origin=Origin("bayes", kind))])
        )
        assert said in plain_trial(standing, standing.board.rows[0])


class TestRound:
    @pytest.fixture
    def plan(self, make_plan):
        old, choice = Float(1e-4, 1.0, "log"), Choice((True, False))
        moves = [
            Move(
                "learning_rate", "narrow", old, Float(3e-3, 4e-2, "log"), "the best 7 of 30 trials lie there"
            ),
            Move("batch_norm", "hold", choice, choice, "choices are kept"),
        ]
        return make_plan(30, number=1, moves=moves, strategy="bayes")

    def test_a_table_says_from_where_to_where_and_why(self, plan, terminal):
        console, written = terminal(100)
        show_round(console, plan)
        lines = written().splitlines()
        assert lines[0] == "round 1  bayes, 30 trials"
        assert lines[4].split("  ")[:2] == ["learning_rate", "narrow"]
        assert lines[4].endswith("  1e-4..1       0.003..0.04  the best 7 of 30 trials lie there")
        assert lines[5].rstrip() == f"batch_norm     hold    true | false {' ' * 14}choices are kept"

    def test_where_no_table_fits_there_is_a_sentence_each(self, plan, terminal):
        console, written = terminal(50)
        show_round(console, plan)
        said = " ".join(written().split())
        assert "learning_rate narrowed from 1e-4..1 to 0.003..0.04: the best 7 of 30 trials lie there" in said
        assert "batch_norm held at true | false: choices are kept" in said
        assert max(map(len, written().splitlines())) <= 50


class TestPlan:
    @pytest.fixture
    def preview(self, space):
        """A plan of two rounds, 10 s a trial of two repeats; its config is only as deep as the view looks."""
        rounds = (RoundSettings("sobol", 8, 2), RoundSettings("random", 10, 1))
        config = SimpleNamespace(
            name="digits",
            path=Path("digits.yaml"),
            own_code=None,
            rows=lambda: SimpleNamespace(source="digits"),
            objective=SimpleNamespace(goal="minimize", metric="validation_loss"),
            search=SimpleNamespace(rounds=rounds, prune=PruneSettings()),
            space=space,
            resolved=dict,
        )
        return SimpleNamespace(
            epochs=None,
            epochs_whole=None,
            config=config,
            notes=("the label is \x1b[31m'class'",),
            rows={"training": 60, "validation": 20, "test": 20},
            trials=6,
            exhausts=True,
            trials_in_all=16,
            points=({"learning_rate": 0.5, "hidden_units": 32, "optimizer": "sgd", "momentum": 0.9},),
            draws=survey(space, np.random.default_rng(0), draws=4000, trials=6),
            command=None,
            seconds_per_trial=10.0,
        )

    def test_of_a_grid_it_lists_the_values_instead_of_draws(self, preview, terminal):
        dimensions = {
            "rate": Float(1e-4, 1.0, "log", points=5),
            "hidden_units": Int(2, 8),
            "rule": Choice(("a", True)),
        }
        preview.config.search.rounds = (RoundSettings("grid", 70, 1),)
        preview.config.space = SearchSpace(dimensions)
        console, written = terminal(is_terminal=False)
        show_plan(console, preview, workers=1)
        lines = written().splitlines()
        start = lines.index("the grid's values")
        assert lines[start + 1 :] == [
            "dimension\tpoints\tvalues",
            "rate\t5\t1e-4, 0.001, 0.01, 0.1, 1",
            "hidden_units\t7\t2, 3, ..., 8",
            "rule\t2\ta, true",
        ]
        assert "random draws" not in written()
        grid = plan_json(preview, workers=1)["grid"]
        assert (len(grid["rate"]), grid["hidden_units"]) == (5, [2, 3, 4, 5, 6, 7, 8])

    @pytest.mark.parametrize("width", [120, 80, 40])
    def test_it_fits_the_terminal(self, preview, terminal, width):
        console, written = terminal(width)
        show_plan(console, preview, workers=1)
        assert max(map(len, written().splitlines())) <= width
        assert r"\x1b[31m'class'" in written()

    def test_what_there_is_to_know(self, preview, terminal):
        console, written = terminal(120)
        show_plan(console, preview, workers=2)
        text = written()
        assert "round 0    sobol, 6 trials of 2 repeats: the space holds no more, 8 were asked for\n" in text
        assert "round 1    random, 10 trials\n" in text
        seconds = (6 * 10 + 10 * 5) // 2  # the second round has half the repeats; two workers
        assert f"time       about 10 s a trial, {seconds} s in all with 2 workers, if later rounds " in text
        assert "momentum       0.5..0.999  log1m   optimizer is sgd" in text
        assert re.search(r"\n +0\.01 +0\.1 +2\d%  ━{5} ", text)
        document = plan_json(preview, workers=2)
        assert (document["seconds_in_all"], document["grid"]) == (55, None)

    def test_each_dimension_has_a_histogram_on_its_scale(self, preview, terminal):
        console, written = terminal(80)
        show_plan(console, preview, workers=2)
        lines = written().split("how 4000 random draws fall on their scales\n")[1].splitlines()[:4]
        for name, low, high in (
            ("learning_rate", "1e-4", "1"),
            ("hidden_units", "16", "256"),
            ("momentum", "0.5", "0.999"),
        ):
            (line,) = [line for line in lines if line.startswith(name)]
            assert re.fullmatch(rf"{name} +{low} [▁▂▃▄▅▆▇█]{{20}} {high}", line)
        assert re.search(r"\noptimizer +sgd \d\d%, adam \d\d%\n", written())
        assert re.search(r"note: momentum is there in \d\d% of the draws\.", written())

    def test_in_a_narrow_terminal_a_histogram_has_half_its_bars(self, preview, terminal):
        console, written = terminal(40)
        show_plan(console, preview, workers=2)
        assert re.search(r"learning_rate  1e-4 [▁▂▃▄▅▆▇█]{10} 1\n", written())

    def test_what_constraints_refuse_is_told_with_each_constraints_share(self, preview, terminal):
        space = SearchSpace({"a": Int(1, 10), "b": Int(1, 10)}, ["a <= 5", "b != 3"])
        preview.config.space = space
        preview.draws = survey(space, np.random.default_rng(0), draws=4000, trials=20)
        console, written = terminal(120)
        show_plan(console, preview, workers=1)
        # 55, 50 and 10 %, each within six standard deviations of 4,000 and more draws
        refused, by_a, by_b = map(int, re.findall(r"refuses? (\d+)%", written()))
        assert (abs(refused - 55) <= 4, abs(by_a - 50) <= 4, abs(by_b - 10) <= 3) == (True, True, True)
        assert "The space has 45 points: of as many independent draws as there are trials, " in written()

    def test_a_linear_scale_over_decades_is_warned_of(self, preview, terminal):
        space = SearchSpace({"learning_rate": Float(1e-4, 1.0)})
        preview.config.space = space
        preview.draws = survey(space, np.random.default_rng(0), draws=4000, trials=20)
        console, written = terminal(200)
        show_plan(console, preview, workers=1)
        warned = re.search(r"linear scale over 4 decades: (\d+)% of its draws lie above 0.1", written())
        assert abs(int(warned[1]) - 90) <= 3  # six standard deviations
        assert "Write scale: log" in written()

    def test_how_many_random_trials_find_one_of_the_best(self, preview, terminal):
        console, written = terminal(120)
        show_plan(console, preview, workers=1)
        said = "26% that one of 6 random trials is in the best 5%; 59 trials make it 95%"
        assert f"chance     {said}\n" in written()

    def test_ascii_is_enough(self, preview, terminal):
        console, written = terminal(encoding="ascii")
        show_plan(console, preview, workers=2)
        assert written().isascii()


class TestStudies:
    def test_a_row_each_and_the_errors_below(self, make_study, make_trial, terminal, tmp_path):
        make_study([make_trial(0, 0.975)], planned=9)
        (make_study([], name="broken").folder / "study.json").write_text("{")
        console, written = terminal()
        show_studies(console, list_studies(tmp_path / "runs"), lambda: time.time() + 7230)
        lines = written().splitlines()
        assert sorted(line.split() for line in lines[2:4]) == [
            ["broken", "damaged", "-", "-", "-", "2", "h", "ago"],
            ["digits", "stopped", "1", "of", "9", "0.9750", "validation_accuracy", "2", "h", "ago"],
        ]
        assert lines[4].startswith("broken: ")

    def test_how_each_study_ended(self, make_study, make_trial, tmp_path):
        make_study([make_trial(0, 0.5)], name="whole")
        make_study([make_trial(0, 0.5)], planned=2, name="halted")
        make_study([make_trial(0, 0.5)], planned=2, name="late").mark_ended(Ended(Reason.BUDGET, seconds=3.0))
        with make_study([make_trial(0, 0.5)], planned=2, name="busy").lock():
            found = {study.name: study for study in list_studies(tmp_path / "runs")}
        assert {name: study.status for name, study in found.items()} == {
            "whole": "finished",
            "halted": "stopped",
            "late": "ended by budget",
            "busy": "running",
        }
        assert found["busy"].holder.startswith(f"process {os.getpid()} on ")
        assert {study.status for study in list_studies(tmp_path / "runs")} & {"running"} == set()

    def test_repeats_say_how_far_the_best_of_each_can_be_believed(
        self, make_study, make_trial, terminal, tmp_path
    ):
        make_study([make_trial(0, 0.97, 0.99, 0.98)], name="thrice")
        make_study([make_trial(0, 0.5)], name="once")
        console, written = terminal(120)
        show_studies(console, list_studies(tmp_path / "runs", ["thrice", "once"]))
        lines = written().splitlines()
        assert lines[0].split()[:6] == ["study", "status", "trials", "best", "95", "%"]
        assert lines[2].split()[:6] == ["thrice", "finished", "1", "0.9800", "±", "0.010"]
        assert lines[2].split()[6].startswith("0.955..")
        assert lines[3].split()[:5] == ["once", "finished", "1", "0.5000", "-"]

    def test_only_those_that_are_named_in_their_order(self, make_study, make_trial, tmp_path):
        for name in ("a", "b", "c"):
            make_study([make_trial(0, 0.5)], name=name)
        named = list_studies(tmp_path / "runs", ["c", str(tmp_path / "runs" / "a")])
        assert [study.name for study in named] == ["c", "a"]
        with pytest.raises(StudyNotFoundError):
            list_studies(tmp_path / "runs", ["d"])

    @pytest.mark.parametrize("width", [30, 40, 60])
    def test_a_narrow_terminal_gets_fewer_columns(self, make_study, make_trial, terminal, tmp_path, width):
        make_study([make_trial(0, 0.975)], planned=9)
        console, written = terminal(width)
        show_studies(console, list_studies(tmp_path / "runs"))
        assert max(map(len, written().splitlines())) <= width
        assert "digits" in written()
        assert "0.9750" in written()


class TestBest:
    def test_args_are_safe_in_a_shell_and_for_a_parser(self):
        params = {"x": -1e-4, "batch_norm": True, "name": "a b;$(c)"}
        assert as_args(params) == "--x=-0.0001 --batch_norm=true '--name=a b;$(c)'"

    def test_yaml_keeps_what_looks_like_another_type(self):
        yaml = pytest.importorskip("yaml")
        params = {"a": "true", "b": "1e-3", "c": True, "d": 1e-5, "e": "on"}
        assert yaml.safe_load(as_yaml(params)) == params
        assert as_yaml({}) == ""
