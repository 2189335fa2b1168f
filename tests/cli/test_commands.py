"""The commands that look at studies."""

import csv
import io
import json
import os

import pytest

from hpt_cli.cli.app import COMMANDS


@pytest.fixture
def study(make_study, make_trial):
    """Trial 2 is best, trial 1 failed, two of five are missing."""
    return make_study(make_trial(0, 0.9), make_trial(1), make_trial(2, 0.95))


class TestHelp:
    def test_the_group_lists_every_command(self, hpt):
        text = hpt("--help").stdout
        assert [line.split()[0] for line in text.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_has_a_help_text_with_an_example(self, hpt, name):
        result = hpt(name, "--help")
        assert result.exit_code == 0
        assert f"Example:\n      hpt {name}" in result.stdout

    def test_an_unknown_command_is_answered_with_the_nearest(self, hpt):
        result = hpt("shwo")
        assert result.exit_code == 2
        assert "no such command 'shwo'; did you mean 'show'?" in result.stderr

    def test_a_command_like_no_other_is_answered_with_all(self, hpt):
        assert "there are: init, run, refine" in hpt("frobnicate").stderr

    def test_the_version(self, hpt):
        assert hpt("--version").stdout == "hpt 0.1.0\n"


class TestShow:
    def test_it_ranks_the_newest_study(self, hpt, study, make_study, make_trial):
        older = make_study(make_trial(0, 0.1), name="older")
        for path in (older.folder, older.folder / "trials", older.folder / "rounds"):
            os.utime(path, (1e9, 1e9))
        lines = hpt("show").stdout.splitlines()
        assert [line.split("\t")[1] for line in lines[:4]] == ["trial", "2", "0", "1"]
        assert "digits: 3 of 5 trials: 2 done, 1 failed, maximize validation_accuracy" in lines

    def test_a_study_by_name_or_by_folder(self, hpt, study):
        assert hpt("show", "digits").stdout == hpt("show", study.folder).stdout != ""

    def test_no_such_study(self, hpt, study):
        result = hpt("show", "moons")
        assert result.exit_code == 2
        assert result.stderr.startswith("hpt: no study 'moons'")
        assert "there are: digits" in result.stderr
        assert "did you mean" not in result.stderr

    def test_a_study_name_with_a_typing_error(self, hpt, study):
        for arguments in (("show", "digist"), ("trial", "0", "--study", "digist"), ("best", "digist")):
            assert "did you mean 'digits'? there are: digits" in hpt(*arguments).stderr

    def test_no_study_at_all(self, hpt, runs):
        result = hpt("show")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "hpt run CONFIG" in result.stderr

    def test_a_study_without_a_finished_trial_says_so(self, hpt, make_study):
        make_study()
        result = hpt("show")
        assert result.exit_code == 0
        assert "no trial is done yet" in result.stdout

    def test_what_it_is_sorted_by_has_a_column(self, hpt, study):
        lines = hpt("show", "--sort", "validation_loss").stdout.splitlines()
        place = lines[0].split("\t").index("validation_loss")
        losses = [float(line.split("\t")[place]) for line in lines[1:3]]
        assert losses == sorted(losses)
        assert "did you mean 'validation_loss'?" in hpt("show", "--sort", "loss").stderr

    def test_top_and_sort(self, hpt, study):
        lines = hpt("show", "--top", 2, "--sort", "number").stdout.splitlines()
        assert [line.split("\t")[1] for line in lines[1:3]] == ["0", "1"]
        assert lines[3] == ""

    def test_an_unknown_column(self, hpt, study):
        result = hpt("show", "--sort", "learningrate")
        assert (result.exit_code, result.stderr) == (
            2,
            "hpt: --sort learningrate: there is no such column; did you mean 'learning_rate'?\n",
        )

    def test_json_is_alone_on_stdout(self, hpt, study):
        (study.folder / "trials" / "00003.json").write_text("{}")
        result = hpt("show", "--json")
        assert json.loads(result.stdout)["best"]["number"] == 2
        assert "00003.json: not a trial's file" in result.stderr
        assert result.stdout == hpt("show", "--format", "json").stdout

    def test_csv_has_all_rows_unless_top_is_given(self, hpt, make_study, make_trial):
        make_study(*(make_trial(n, 0.5) for n in range(12)), planned=12)
        assert len(list(csv.reader(io.StringIO(hpt("show", "--format", "csv").stdout)))) == 13
        assert len(list(csv.reader(io.StringIO(hpt("show", "--format", "csv", "--top", 2).stdout)))) == 3

    def test_markdown(self, hpt, study):
        assert hpt("show", "--format", "md").stdout.startswith("| rank | trial | validation_accuracy |")

    @pytest.mark.parametrize(
        ("expectation", "status", "said"),
        [
            ("validation_accuracy >= 0.95", 0, ""),
            ("validation_loss < 0.1", 0, ""),
            ("objective > 0.95", 1, "expected objective > 0.95, but the best trial (2) has 0.95"),
            ("accuracy", 2, "write a metric, a comparison"),
            ("test_accuracy > .9", 2, "test rows are not looked at by run and show"),
            ("training_auc > 0", 2, "there are: objective, validation_accuracy, validation_loss"),
        ],
    )
    def test_an_expectation_sets_the_exit_status(self, hpt, study, expectation, status, said):
        result = hpt("show", "--expect", expectation)
        assert result.exit_code == status
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == (status != 0)

    def test_an_expectation_of_a_study_without_a_result_is_missed(self, hpt, make_study):
        make_study()
        assert hpt("show", "--expect", "objective > 0").exit_code == 1

    def test_a_traceback_is_shown_on_request_only(self, hpt, study):
        assert "Traceback" not in hpt("show", "moons").stderr
        for arguments in (("--debug", "show", "moons"), ("show", "moons", "--debug")):
            result = hpt(*arguments)
            assert "Traceback" in result.stderr
            assert result.stderr.splitlines()[-1].startswith("hpt: no study 'moons'")
            assert result.exit_code == 2

    def test_a_users_text_in_a_message_cannot_command_the_terminal(self, hpt, study):
        result = hpt("show", "\x1b[2Jx")
        assert "\x1b" not in result.stderr
        assert r"\x1b[2Jx" in result.stderr


class TestTrial:
    def test_params_metrics_and_rank(self, hpt, study):
        lines = dict(line.split("\t") for line in hpt("trial", 2).stdout.splitlines())
        assert lines["rank"] == "1"
        assert lines["params.learning_rate"] == "0.03"
        assert lines["metrics.validation_loss"] == repr(1 - 0.95)

    def test_a_failed_one_says_why(self, hpt, study):
        text = hpt("trial", 1, "--study", "digits").stdout
        assert "status\tfailed\n" in text
        assert "error\tValueError: bad luck\n" in text

    def test_json_is_the_trials_file(self, hpt, study):
        document = json.loads(hpt("trial", 2, "--json").stdout)
        assert document.pop("study") == "digits"
        assert document == json.loads(study.trial_path(2).read_text())

    def test_one_that_is_not_finished(self, hpt, study):
        result = hpt("trial", 4)
        assert result.exit_code == 2
        assert "finished are 0 to 2" in result.stderr

    @pytest.mark.parametrize("command", [("trial",), ("logs",), ("verify", "-s", "digits")])
    def test_a_studys_name_in_the_numbers_place_is_told_where_it_belongs(self, hpt, study, command):
        result = hpt(*command, "digits")
        assert result.exit_code == 2
        said = " ".join(result.stderr.split())
        assert "'digits' is not a trial's number (they count from 0)" in said
        assert f"the number comes before the study: hpt {command[0]} 0 digits" in said
        if "-s" not in command:
            said = " ".join(hpt(*command, "digits", 33).stderr.split())
            assert f"the number comes before the study: hpt {command[0]} 33 digits" in said


TAKE_A_STUDY = [
    ("show",),
    ("best",),
    ("confirm",),
    ("refine",),
    ("why",),
    ("verify",),
    ("trial", 2),
    ("verify", 2),
    ("logs", 2),
    ("why", "optimizer"),
    ("predict", __file__),
]


class TestNamingAStudy:
    """Every command that looks at a study takes its name last, or as an option anywhere."""

    @pytest.mark.parametrize("command", TAKE_A_STUDY, ids=lambda words: words[0])
    @pytest.mark.parametrize("written", [("{}",), ("-s", "{}"), ("--study", "{}")], ids=" ".join)
    def test_it_is_looked_for_wherever_it_is_written(self, hpt, study, command, written):
        missing = hpt(*command, *(part.format("digts") for part in written))
        assert missing.exit_code == 2
        assert "digts" in missing.stderr
        assert "digits" in missing.stderr.replace("digts", "")
        assert "No such option" not in missing.stderr

    @pytest.mark.parametrize("command", TAKE_A_STUDY[:5], ids=lambda words: words[0])
    def test_two_names_are_one_too_many(self, hpt, study, command):
        result = hpt(*command, *(["optimizer"] if command == ("why",) else []), "digits", "-s", "wines")
        assert result.exit_code == 2
        assert "two studies are named, 'digits' and --study 'wines'" in result.stderr

    def test_the_same_is_shown(self, hpt, study, make_study):
        make_study(name="another")  # and newer
        for words in (["trial", 2], ["show"], ["why", "optimizer"], ["why"]):
            shown = {hpt(*words, *named).stdout for named in (["digits"], ["-s", "digits"])}
            assert len(shown) == 1
            assert hpt(*words).stdout not in shown


class TestBest:
    def test_yaml_can_be_read_back(self, hpt, study):
        yaml = pytest.importorskip("yaml")
        assert yaml.safe_load(hpt("best", "--yaml").stdout) == {"learning_rate": 0.03, "optimizer": "adam"}

    def test_args_for_a_command(self, hpt, study):
        assert hpt("best", "--args").stdout == "--learning_rate=0.03 --optimizer=adam\n"

    def test_json(self, hpt, study):
        document = json.loads(hpt("best", "digits", "--json").stdout)
        assert (document["number"], document["objective"]) == (2, 0.95)
        assert document["params"] == {"learning_rate": 0.03, "optimizer": "adam"}

    def test_two_formats_at_once_are_refused(self, hpt, study):
        result = hpt("best", "--yaml", "--json")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "one of --yaml, --json and --args" in result.stderr
        result = hpt("show", "--json", "--format", "csv")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--json or --format csv, not both" in result.stderr
        assert hpt("show", "--json", "--format", "json").exit_code == 0

    def test_lines_for_a_pipe(self, hpt, study):
        assert hpt("best").stdout.splitlines()[0] == "trial\t2"

    def test_there_is_none(self, hpt, make_study, make_trial):
        make_study(make_trial(0))
        result = hpt("best")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "study digits has no trial that is done" in result.stderr


class TestList:
    def test_one_line_a_study(self, hpt, study, make_study):
        make_study(name="moons")
        lines = [line.split("\t") for line in hpt("list").stdout.splitlines()]
        assert sorted(line[:6] for line in lines[1:]) == [
            ["digits", "stopped", "3", "5", "validation_accuracy", "0.95"],
            ["moons", "stopped", "0", "5", "validation_accuracy", "-"],
        ]

    def test_a_damaged_study_does_not_hide_the_others(self, hpt, study, make_study):
        (make_study(name="broken").folder / "study.json").write_text("{")
        by_name = {entry["name"]: entry for entry in json.loads(hpt("list", "--json").stdout)}
        best = by_name["digits"]["best"]
        assert (best["number"], best["mean"], best["interval"]) == (2, 0.95, None)
        assert by_name["digits"]["test"] is None
        assert "study.json" in by_name["broken"]["error"]
        assert (by_name["digits"]["status"], by_name["broken"]["status"]) == ("stopped", "damaged")
        assert "broken\tdamaged\t-" in hpt("list").stdout

    def test_a_description_of_another_shape_is_damage_too(self, hpt, make_study):
        path = make_study().folder / "study.json"
        path.write_text('{"schema": 1, "config": {"objective": 3}}')
        assert "not a study's description" in json.loads(hpt("list", "--json").stdout)[0]["error"]
        result = hpt("show")
        assert (result.exit_code, result.stdout) == (2, "")

    def test_there_is_none(self, hpt, runs):
        result = hpt("list")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "no study" in result.stderr
        assert json.loads(hpt("list", "--json").stdout) == []


def test_the_schema_is_json(hpt):
    schema = json.loads(hpt("schema").stdout)
    assert {"space", "search", "data"} <= schema["properties"].keys()
