import csv
import json

import pytest

from hpt_cli.space import Float, Int, SearchSpace
from hpt_cli.views.leaderboard import markdown, show
from hpt_cli.views.machine import csv_lines, json_lines, standing_json, to_json
from hpt_cli.views.standing import counts, notes, standing_of


@pytest.fixture
def study(make_study, make_trial):
    """Trial 3 is best, trial 2 failed."""
    results = [make_trial(0, 0.9), make_trial(1, 0.95), make_trial(2), make_trial(3, 0.975)]
    return standing_of(make_study(results, planned=6))


def shown(standing, terminal, **options):
    console, written = terminal(**options)
    show(console, standing, standing.board.rows)
    return written()


class TestInATerminal:
    def test_the_best_row_is_marked_and_its_params_are_given(self, study, terminal):
        text = shown(study, terminal)
        (row,) = [line for line in text.splitlines() if line.lstrip().startswith("* 1")]
        assert row.split() == ["*", "1", "3", "0.9750", "0.04938", "19", "sgd", "0.9", "3", "1.25", "done"]
        assert "best: trial 3  validation_accuracy 0.975\n  learning_rate  0.04938\n" in text

    def test_it_ends_with_where_the_study_is_and_what_to_type(self, study, terminal):
        lines = shown(study, terminal, width=200).splitlines()
        assert lines[-4] == f"study  {study.folder}"
        assert lines[-2:] == [
            f"       hpt trial 3 {study.folder}",
            f"       hpt best {study.folder} --yaml",
        ]

    def test_under_the_default_runs_folder_the_name_is_enough(self, study, monkeypatch):
        monkeypatch.setenv("HPT_RUNS_DIR", str(study.folder.parent))
        assert study.handle == "digits"

    @pytest.mark.parametrize("width", [120, 80, 50, 40])
    def test_no_line_is_wider_than_the_terminal_and_no_value_is_cut(self, study, terminal, width):
        text, _, _ = shown(study, terminal, width=width).partition("study  ")  # a folder may be long
        assert max(map(len, text.splitlines())) <= width
        assert all(of in text for of in ("0.9750", "0.9500", "0.9000", "0.04938"))
        assert "..." not in text
        assert "…" not in text

    def test_what_does_not_fit_is_named(self, study, terminal):
        assert "too narrow for hidden_units, optimizer, momentum, epochs, seconds:" in " ".join(
            shown(study, terminal, width=50).split()
        )
        assert "too narrow" not in shown(study, terminal, width=120)

    def test_spreads_stand_beside_means(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, 0.9, 0.92), make_trial(1)]))
        assert "0.9100 ± 0.014" in shown(standing, terminal)
        assert "0.9100 +- 0.014" in shown(standing, terminal, encoding="ascii")

    def test_ascii_is_enough(self, study, terminal):
        assert shown(study, terminal, encoding="ascii").isascii()

    def test_nothing_done_is_said(self, make_study, make_trial, terminal):
        assert "no trial is done yet" in shown(standing_of(make_study([], planned=3)), terminal)
        failed = shown(standing_of(make_study([make_trial(0)], name="failed")), terminal)
        assert "no trial is done\n" in failed
        assert "note: trial 0 failed: ValueError: bad luck" in failed

    def test_a_users_text_is_shown_as_it_is(self, make_study, make_trial, terminal):
        params = {"learning_rate": 0.1, "hidden_units": 20, "optimizer": "[/red]\x1b[2J:smile:"}
        results = [make_trial(0, 0.5, params=params), make_trial(1, error="[bold]\x1b]0;x\x07")]
        for options in ({}, {"is_terminal": False}):
            name = f"study{len(options)}"
            text = shown(standing_of(make_study(results, name=name)), terminal, **options)
            assert r"[/red]\x1b[2J:smile:" in text
            assert r"[bold]\x1b]0;x\x07" in text
            assert "\x1b]" not in text
            assert "\x07" not in text


class TestInAPipe:
    def test_lines_are_tab_separated_and_whole(self, study, terminal):
        lines = shown(study, terminal, is_terminal=False).splitlines()
        assert lines[0].split("\t") == [
            *(
                "rank",
                "trial",
                "validation_accuracy",
                "learning_rate",
                "hidden_units",
                "optimizer",
                "momentum",
            ),
            *("epochs", "seconds", "status"),
        ]
        assert lines[1].split("\t") == [
            "1",
            "3",
            "0.975",
            "0.0493824",
            "19",
            "sgd",
            "0.9",
            "3",
            "1.25",
            "done",
        ]
        assert lines[4].split("\t")[:3] == ["-", "2", "-"]

    def test_then_come_the_notes(self, study, terminal):
        text = shown(study, terminal, is_terminal=False)
        assert "\ndigits: 4 of 6 trials: 3 done, 1 failed, maximize validation_accuracy\n" in text
        assert (
            "\nbest: trial 3, validation_accuracy 0.975: learning_rate 0.0493824, hidden_units 19, " in text
        )

    def test_there_are_no_colors_and_no_boxes(self, study, terminal):
        text = shown(study, terminal, is_terminal=False)
        assert text.isascii()
        assert "\x1b" not in text


class TestNotes:
    def test_counts_are_short_where_all_is_well(self, make_study, make_trial):
        assert counts(standing_of(make_study([make_trial(0, 0.5)], name="one"))) == "1 trial, done"
        assert (
            counts(standing_of(make_study([make_trial(0, 0.5)], name="two", planned=2)))
            == "1 of 2 trials, stopped"
        )
        assert counts(standing_of(make_study([], name="none", planned=2))) == "0 of 2 trials"

    def test_ties_edges_and_failures(self, make_study, make_trial):
        space = SearchSpace({"learning_rate": Float(1e-4, 1.0, "log")})
        edge = {"learning_rate": 0.98}
        results = [make_trial(n, 0.5, params=edge) for n in range(3)]
        results += [make_trial(3, params=edge), make_trial(4, params=edge)]
        assert notes(standing_of(make_study(results, space=space)))[:-1] == [
            "trials 1, 2 tie with the best",
            "best learning_rate 0.98 lies at the upper edge of 1e-4..1: widen it",
            "the first of 2 trials without a result, trial 3 failed: ValueError: bad luck",
        ]


class TestNoise:
    def test_without_repeats_it_says_that_it_cannot_know_and_what_to_do(self, make_study, make_trial):
        said = notes(standing_of(make_study([make_trial(0, 0.5), make_trial(1, 0.9)])))[-1]
        assert said.startswith("one training a trial cannot tell the best from the luckiest")
        assert "search.repeats" in said
        assert "hpt confirm" in said

    def test_of_one_trial_there_is_nothing_to_tell(self, make_study, make_trial):
        assert not any("tell" in note for note in notes(standing_of(make_study([make_trial(0, 0.5)]))))

    def test_contenders_are_marked_and_the_clearly_worse_are_not(self, make_study, make_trial, terminal):
        trials = [
            make_trial(0, 0.90, 0.93, 0.94),
            make_trial(1, 0.91, 0.92, 0.96),
            make_trial(2, 0.20, 0.22, 0.24),
        ]
        standing = standing_of(make_study(trials))
        assert [row.standing for row in standing.board.rows] == ["best", "contender", ""]
        said = notes(standing)[-1]
        assert said.startswith("1 trial marked ~ cannot be told from the best")
        lines = shown(standing, terminal).splitlines()
        (contender,) = [line for line in lines if line.lstrip().startswith("~")]
        assert contender.split()[1:4] == ["2", "0", "0.9233"]

    def test_the_interval_is_shown_and_goes_before_the_params(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(n, 0.9, 0.93 + n / 100) for n in range(3)]))
        low, high = standing.board.best.interval.low, standing.board.best.interval.high
        assert f"{low:.2f}..{high:.2f}" in shown(standing, terminal)
        narrow, _, _ = shown(standing, terminal, width=60).partition("note: ")
        assert "95 %" not in narrow.partition("too narrow")[0]
        assert "learning_" in narrow
        assert all(len(line) <= 60 for line in narrow.splitlines())

    def test_an_accuracy_s_interval_ends_at_1(self, make_study, make_trial):
        board = standing_of(make_study([make_trial(0, 0.9, 1.0), make_trial(1, 0.8, 0.9)])).board
        assert [row.interval.high for row in board.rows] == [1.0, 1.0]
        assert all(row.interval.low < row.mean for row in board.rows)

    def test_a_deterministic_objective_has_no_contenders(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, 0.9, 0.9), make_trial(1, 0.8, 0.8)]))
        board = standing.board
        assert "best: trial 0  validation_accuracy 0.9" in shown(standing, terminal)
        assert ", 95 %" not in shown(standing, terminal)
        assert board.level == ()
        assert board.best.interval.low == board.best.interval.high == 0.9

    def test_what_a_seed_does_to_all_alike_is_told_from_the_rest(self, make_study, make_trial):
        effects = (0.0, 0.3, 0.1)
        alike = [make_trial(n, *(0.5 - 0.05 * n + effect for effect in effects)) for n in range(4)]
        standing = standing_of(make_study(alike, name="alike"))
        assert standing.board.level == ()
        assert notes(standing)[-1] == (
            "no trial is marked ~, though intervals overlap: trainings of one trial differ by 0.15, "
            "but a seed moves all trials alike, and they are compared on the same seeds"
        )
        nearly = [
            make_trial(n, *(0.5 + (n * r) % 3 / 100 + e for r, e in enumerate(effects))) for n in range(4)
        ]
        said = notes(standing_of(make_study(nearly, name="nearly")))[-1]
        assert "but what a seed does to all alike drops out between trials, which leaves 0.0" in said

    def test_a_pipe_gets_the_ends_and_the_standing(self, make_study, make_trial, terminal):
        standing = standing_of(make_study([make_trial(0, 0.9, 0.93), make_trial(1, 0.9, 0.92)]))
        titles, first, *_ = shown(standing, terminal, is_terminal=False).splitlines()
        cells = dict(zip(titles.split("\t"), first.split("\t"), strict=True))
        assert cells["standing"] == "best"
        assert float(cells["low"]) < 0.915 < float(cells["high"])


class TestForPrograms:
    def test_json_holds_the_numbers_as_they_are(self, study):
        document = json.loads(to_json(standing_json(study, study.board.rows[:2])))
        assert document["name"] == "digits"
        assert document["counts"] == {"planned": 6, "finished": 4, "done": 3, "failed": 1}
        assert document["best"] == document["leaderboard"][0]
        assert document["best"]["params"] == study.board.best.result.params
        assert document["best"]["metrics"]["validation_accuracy"] == 0.975
        assert len(document["leaderboard"]) == 2

    def test_json_of_an_empty_study_has_no_best(self, make_study):
        document = json.loads(to_json(standing_json(standing_of(make_study([], planned=3)), [])))
        assert document["best"] is None
        assert document["leaderboard"] == []

    def test_json_a_trial_a_line_is_the_same_document(self, study, make_study):
        for standing in (study, standing_of(make_study([], planned=3, name="none"))):
            for rows in (standing.board.rows, standing.board.rows[:1]):
                lines = list(json_lines(standing, rows))
                assert json.loads("\n".join(lines)) == standing_json(standing, rows)
                assert len([line for line in lines if line.startswith('    {"rank"')]) == len(rows)

    def test_csv_has_every_param_and_metric(self, study):
        rows = list(csv.DictReader(csv_lines(study.board, study.board.rows)))
        assert [row["trial"] for row in rows] == ["3", "1", "0", "2"]
        assert (rows[0]["learning_rate"], rows[0]["validation_loss"]) == ("0.0493824", repr(1 - 0.975))
        assert (rows[2]["momentum"], rows[3]["objective"]) == ("", "")
        assert rows[3]["error"] == "ValueError: bad luck"

    def test_csv_names_and_orders_its_columns_like_the_table(self, make_study, make_trial, terminal):
        space = SearchSpace({"b": Float(0.0, 2.0), "epochs": Int(1, 9), "a": Float(0.0, 2.0)})
        params = [{"epochs": 3, "a": 1.0}, {"a": 0.5, "epochs": 4, "b": 1.0}]
        trials = [make_trial(n, 0.9 - n / 9, params=given) for n, given in enumerate(params)]
        standing = standing_of(make_study(trials, space=space))
        titles = next(csv_lines(standing.board, standing.board.rows)).split(",")
        table = shown(standing, terminal, is_terminal=False).splitlines()[0].split("\t")
        assert titles[11:14] == table[3:6] == ["b", "params.epochs", "a"]
        assert set(table) <= set(titles)

    def test_csv_tells_a_param_from_a_column_of_its_name(self, make_study, make_trial):
        space = SearchSpace({"seconds": Float(1.0, 2.0)})
        standing = standing_of(make_study([make_trial(0, 0.5, params={"seconds": 1.5})], space=space))
        (row,) = csv.DictReader(csv_lines(standing.board, standing.board.rows))
        assert (row["params.seconds"], row["seconds"]) == ("1.5", "1.25")

    def test_markdown_survives_what_users_write(self, make_study, make_trial):
        params = {"learning_rate": 0.1, "hidden_units": 20, "optimizer": "a|b<c"}
        text = markdown(
            standing := standing_of(make_study([make_trial(0, 0.5, params=params)])), standing.board.rows
        )
        lines = text.splitlines()
        assert r"a\|b&lt;c" in lines[2]
        assert lines[1].startswith("| ---: | ---: |")
        assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_rounds_that_are_still_to_come_are_planned_too(make_study, make_trial):
    store = make_study([make_trial(0, 0.5)])
    config = store.study["config"]
    config["search"]["rounds"] += [{"strategy": "random", "trials": 20, "repeats": 1}]
    store.update_study(store.study)
    assert standing_of(store).planned == 21


def test_params_stand_in_the_order_of_the_space(make_study, make_trial):
    params = {"optimizer": "adam", "hidden_units": 20, "learning_rate": 0.1}
    best = standing_of(make_study([make_trial(0, 0.5, params=params)])).board.best
    assert list(best.result.params) == ["learning_rate", "hidden_units", "optimizer"]
