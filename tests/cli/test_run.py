"""``hpt run``, ``refine`` and ``plan``; most with a loop that only pretends to train."""

import json

import pytest

from hpt_cli.errors import InterruptedStudyError, StudyFailedError, StudyInUseError
from hpt_cli.events import StudyFinished, StudyStarted, TrialFinished
from hpt_cli.rounds import RoundPlan


@pytest.fixture
def loop(monkeypatch, make_trial):
    """Stands in for the loop: finishes the trials that are missing, and remembers how it was called."""

    class Loop:
        error = None
        calls = ()

        def __call__(
            self, store, config, *, workers, observe, stop, retry_failed=False, refine=None, crew=None
        ):
            self.calls += ((config, workers),)
            done = store.results()
            trials = config.search.rounds[0].trials
            observe(StudyStarted(store.name, tuple(done), trials, workers or 2))
            if self.error is not None:
                raise self.error
            if not store.rounds():
                store.save_round(RoundPlan(0, 0, config.space, "random", trials, 1, 4))
            for number in range(len(done), trials):
                result = make_trial(number, 0.9 + number / 100)
                store.save(result)
                observe(TrialFinished(result))
            observe(StudyFinished(store.name, trials))

    loop = Loop()
    monkeypatch.setattr("hpt_cli.study.run_missing", loop)
    return loop


class TestRun:
    def test_progress_then_the_leaderboard(self, hpt, loop, config, runs):
        result = hpt("run", config)
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0] == "study iris: 5 trials; 2 workers"
        assert lines[1].startswith(
            "[1/5] trial 0: validation_accuracy 0.9, best so far; learning_rate 0.01, "
        )
        assert "best: trial 4, validation_accuracy 0.94: learning_rate 0.05, optimizer adam" in lines
        assert f"study: {runs / 'iris'}" in lines

    def test_what_was_inferred_is_said_on_stderr(self, hpt, loop, config, runs):
        assert "hpt: Taken for classification" in hpt("run", config).stderr

    def test_a_finished_study_is_shown_and_not_run(self, hpt, loop, config, runs):
        hpt("run", config)
        result = hpt("run", config)
        assert result.exit_code == 0
        assert "study iris was finished already; nothing was run" in result.stderr
        assert "best: trial 4" in result.stdout

    def test_json_is_alone_on_stdout(self, hpt, loop, config, runs):
        result = hpt("run", config, "--json", "--top", 2)
        document = json.loads(result.stdout)
        assert document["name"] == "iris"
        assert document["folder"] == str(runs / "iris")
        assert (document["metric"], document["goal"]) == ("validation_accuracy", "maximize")
        assert document["counts"] == {"planned": 5, "finished": 5, "done": 5}
        assert document["best"]["number"] == 4
        assert [row["number"] for row in document["leaderboard"]] == [4, 3]
        assert "[1/5] trial 0" in result.stderr

    def test_short_options_are_overrides_and_win(self, hpt, loop, config, runs):
        hpt(
            *("run", config, "--trials", 3, "--name", "other", "--seed", 7, "--workers", 1),
            *("--set", "network.epochs=1", "--set", "search.trials=4"),
        )
        (used, workers) = loop.calls[0]
        assert (used.name, used.seed, used.search.rounds[0].trials, workers) == ("other", 7, 3, 1)
        assert used.network["epochs"] == 1
        assert (runs / "other" / "study.json").is_file()

    def test_fresh_starts_over(self, hpt, loop, config, runs):
        hpt("run", config)
        result = hpt("run", config, "--fresh")
        assert "[5/5] trial 4" in result.stdout
        assert (runs / "iris-1" / "trials" / "00004.json").is_file()

    @pytest.mark.parametrize(
        ("expectation", "status", "said"),
        [
            ("validation_accuracy >= 0.94", 0, ""),
            (
                "validation_accuracy >= 0.95",
                1,
                "hpt: expected validation_accuracy >= 0.95, but the best trial (4)",
            ),
        ],
    )
    def test_an_expectation_is_checked_last(self, hpt, loop, config, runs, expectation, status, said):
        result = hpt("run", config, "--json", "--expect", expectation)
        assert result.exit_code == status
        assert json.loads(result.stdout)["best"]["number"] == 4
        assert said in result.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--expect", "accuracy"), "write a metric, a comparison"),
            (
                ("--expect", "accuracy > 0.5"),
                "there is no metric 'accuracy'; did you mean 'validation_accuracy'? write objective",
            ),
            (("--set", "search.trails=5"), "did you mean"),
            (("--expect", "test_accuracy > .9"), "test rows are not looked at by run and show"),
            (("--set", "search"), "must be key=value"),
            (("--trials", "0"), "--trials: must be at least 1"),
            (("--seed", "-1"), "--seed: must be at least 0"),
            (("--name", "../x"), "--name: cannot be a name"),
            (("--name", "a: b"), "name"),
            (("--workers", "0"), "must be from 1 to"),
            (("--workers", "100000"), "must be from 1 to"),
            (("--top", "0"), "--top"),
        ],
    )
    def test_wrong_input_starts_nothing(self, hpt, loop, config, runs, arguments, said):
        result = hpt("run", config, *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
        assert not runs.exists()
        assert loop.calls == ()

    def test_a_config_that_is_not_there(self, hpt, tmp_path, runs):
        result = hpt("run", tmp_path / "none.yaml")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "none.yaml" in result.stderr

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (StudyFailedError("no trial succeeded"), 1),
            (StudyInUseError("in use by process 7"), 3),
            (InterruptedStudyError(2, "stopped by SIGINT: 2 of 5 trials"), 130),
            (InterruptedStudyError(15, "stopped by SIGTERM: 2 of 5 trials"), 143),
        ],
    )
    def test_what_ends_the_loop_is_a_message_and_an_exit_status(self, hpt, loop, config, runs, error, status):
        loop.error = error
        result = hpt("run", config)
        assert result.exit_code == status
        assert result.stderr.splitlines()[-1] == f"hpt: {error}"
        assert "Traceback" not in result.stderr


def test_a_run_says_that_its_space_held_fewer_trials(hpt, config, runs):
    config.write_text(config.read_text().replace("{low: 1e-3, high: 1, scale: log}", "[0.1, 0.2]"))
    result = hpt("run", config, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "note: round 0 ends after 4 of 5 trials: the space holds no other point" in result.stdout
    assert "iris: 4 trials, done" in result.stdout


@pytest.fixture
def finished(hpt, config, runs):
    """A study that was really run."""
    result = hpt("run", config, "--workers", 1)
    assert result.exit_code == 0, result.output
    return runs / "iris"


class TestRefine:
    def test_a_dry_run_shows_the_decision_and_writes_nothing(self, hpt, finished):
        before = sorted(finished.rglob("*.json"))
        result = hpt("refine", "--dry-run")
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert lines[0] == "round 1: random, 5 trials"
        assert lines[1].startswith("note: ")
        assert lines[2].startswith("time: ")
        assert lines[3].startswith("learning_rate: ")
        assert lines[4].startswith("optimizer: held at sgd | adam: ")
        assert sorted(finished.rglob("*.json")) == before

    def test_a_dry_run_for_programs(self, hpt, finished):
        document = json.loads(hpt("refine", "iris", "--dry-run", "--json", "--trials", 3).stdout)
        assert (document["number"], document["trials"]) == (1, 3)
        assert [move["name"] for move in document["moves"]] == ["learning_rate", "optimizer"]
        assert document["cost"]["seconds_per_trial"] > 0

    def test_a_dimension_may_be_left_as_it_is(self, hpt, finished):
        document = json.loads(hpt("refine", "--dry-run", "--json", "--hold", "learning_rate").stdout)
        assert [move["action"] for move in document["moves"]] == ["hold", "hold"]
        assert document["hold"] == ["learning_rate"]
        result = hpt("refine", "--hold", "learning_rat")
        assert result.exit_code == 2
        assert "searches no 'learning_rat'; did you mean 'learning_rate'?" in result.stderr

    def test_it_runs_the_new_round(self, hpt, finished):
        result = hpt("refine", "--trials", 2, "--strategy", "sobol", "--workers", 1, "--json")
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        assert document["round"]["strategy"] == "sobol"
        assert document["counts"]["finished"] == 7
        assert "round 1: sobol, 2 trials" in result.stderr

    def test_too_few_trials_to_decide(self, hpt, make_study, make_trial):
        result = hpt("refine", "--dry-run")
        assert result.exit_code == 2


class TestPlan:
    def test_it_shows_what_would_be_done_and_writes_nothing(self, hpt, config, runs):
        before = sorted(config.parent.iterdir())
        result = hpt("plan", config, "--set", "search.trials=7")
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert lines[0] == f"iris  the config is valid: {config}"
        assert "round 0    random, 7 trials" in lines
        assert "learning_rate\t0.001..1\tlog" in lines
        assert (
            sum(line.startswith("learning_rate\t0") for line in lines) == 5
        )  # range, histogram, three decades
        assert sorted(config.parent.iterdir()) == before

    def test_it_takes_the_short_options_of_run(self, hpt, config):
        result = hpt("plan", config, "--json", "--trials", 3, "--seed", 7, "--name", "other")
        document = json.loads(result.stdout)
        assert (document["config"]["name"], document["config"]["seed"], document["trials"]) == ("other", 7, 3)

    def test_json(self, hpt, config):
        result = hpt("plan", config, "--json", "--workers", 1)
        document = json.loads(result.stdout)
        assert document["trials"] == document["trials_in_all"] == 5
        assert len(document["points"]) == 5
        assert document["seconds_in_all"] == pytest.approx(5 * document["seconds_per_trial"])

    def test_a_wrong_config(self, hpt, config):
        config.write_text(config.read_text().replace("low:", "lwo:"))
        result = hpt("plan", config)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"hpt: {config}:6: space.learning_rate" in result.stderr
