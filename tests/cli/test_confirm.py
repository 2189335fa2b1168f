"""``hpt confirm`` with real trainings: what it writes and says, and that nothing but the seeds counts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest

from hpt_cli.executors import SerialExecutor

CONFIG = """\
name: iris
data: {source: SOURCE, target: TARGET, split: {validation: 0.3, test: TEST}}
objective: {metric: validation_loss}
network: {epochs: 3, hidden_units: 4}
space: {learning_rate: {low: 1e-2, high: 1, scale: log}}
search: {strategy: random, trials: 6, repeats: REPEATS}
execution: {workers: 1}
"""


@pytest.fixture
def here(monkeypatch):
    """Trainings happen in this process: for tests of what is done, not of where."""
    for module in ("study", "confirming"):
        engine = nullcontext((SerialExecutor(), 1))
        monkeypatch.setattr(f"hpt_cli.{module}.open_engine", lambda *_, engine=engine: engine)


@pytest.fixture
def make(tmp_path, runs, hpt):
    """A finished study of iris."""

    def run(*, source="iris", target="null", test="0.3", repeats="2", name="iris"):
        text = CONFIG
        for word, value in {"SOURCE": source, "TARGET": target, "TEST": test, "REPEATS": repeats}.items():
            text = text.replace(word, value)
        path = tmp_path / "iris.yaml"
        path.write_text(text.replace("target: null, ", ""))
        done = hpt("run", path, "--name", name)
        assert done.exit_code == 0, done.stderr
        return runs / name

    return run


def contents(folder, *, without_timing=True):
    """What a confirmation wrote, without the clock."""
    found = {}
    for path in sorted([*folder.glob("reruns/*.json"), *folder.glob("confirm/*.json")]):
        data = json.loads(path.read_text())
        if without_timing:
            data.pop("timing", None)
        found[path.name] = data
    found["model"] = (folder / "best" / "model.npz").read_bytes()
    return found


def record_of(folder, number=0):
    return json.loads((folder / "confirm" / f"{number:03d}.json").read_text())


@pytest.mark.usefixtures("here")
class TestConfirm:
    def test_one_is_chosen_by_fresh_means_alone_and_judged_on_further_seeds(self, make, hpt):
        folder = make()
        trials = {path.name: path.read_bytes() for path in (folder / "trials").iterdir()}
        done = hpt("confirm", "iris", "--top", 3, "--repeats", 3)
        assert done.exit_code == 0, done.stderr
        record = record_of(folder)
        plan, outcome = record["plan"], record["outcome"]
        assert (plan["choosing"], plan["judging"]) == ([0, 1, 2], [3, 4, 5])
        fresh = {}
        for trial in plan["trials"]:
            reruns = [
                json.loads((folder / "reruns" / f"{trial:05d}-{n:03d}.json").read_text()) for n in (0, 1, 2)
            ]
            assert {rerun["purpose"] for rerun in reruns} == {"confirm"}
            fresh[trial] = sum(rerun["objective"] for rerun in reruns) / 3
        assert outcome["chosen"] == min(fresh, key=fresh.get)
        assert [found["trial"] for found in outcome["candidates"]] == sorted(fresh, key=fresh.get)
        judged = [
            json.loads((folder / "reruns" / f"{outcome['chosen']:05d}-{n:03d}.json").read_text())["objective"]
            for n in (3, 4, 5)
        ]
        assert outcome["judged"]["mean"] == pytest.approx(sum(judged) / 3)
        assert outcome["luck"] >= 0
        assert {path.name: path.read_bytes() for path in (folder / "trials").iterdir()} == trials

    def test_the_test_score_is_that_of_the_trained_networks(self, make, hpt):
        """Computed again here from the saved model and the source."""
        import numpy as np

        from hpt_cli.data import DataSettings, SplitSettings, load_dataset
        from hpt_cli.network import NetworkSettings, predict

        folder = make()
        assert hpt("confirm", "--top", 2, "--repeats", 2).exit_code == 0
        outcome = record_of(folder)["outcome"]
        settings = DataSettings("iris", split=SplitSettings(validation=0.3, test=0.3))
        dataset = load_dataset(settings, folder=folder, seed=0)
        trial = json.loads((folder / "trials" / f"{outcome['chosen']:05d}.json").read_text())
        network = NetworkSettings.from_flat({"epochs": 3, "hidden_units": 4, **trial["params"]})
        with np.load(folder / "best" / "model.npz") as weights:
            outputs = predict(network, dict(weights), dataset.x_test)
        accuracy = float(np.mean(outputs.argmax(axis=1) == dataset.y_test))
        found = outcome["test"]["test_accuracy"]
        assert found["values"][0] == pytest.approx(accuracy)
        assert found["mean"] == pytest.approx(sum(found["values"]) / 2)
        assert found["low"] < found["mean"] < found["high"]
        assert outcome["test"]["test_loss"]["low"] < outcome["test"]["test_loss"]["high"]
        assert outcome["rows"] == len(dataset.y_test)

    def test_contenders_are_the_candidates_where_the_noise_is_known(self, make, hpt):
        folder = make()
        board = json.loads(hpt("show", "--json").stdout)
        level = [row["number"] for row in board["leaderboard"] if row["standing"] in ("best", "contender")]
        assert hpt("confirm", "--repeats", 2).exit_code == 0
        plan = record_of(folder)["plan"]
        assert (sorted({*plan["trials"], *level}), plan["by"]) == (sorted(plan["trials"]), "contenders")
        assert plan["contenders"] == len(level)
        assert level[0] in plan["trials"]

    def test_without_repeats_the_best_five_are(self, make, hpt):
        folder = make(repeats="1")
        done = hpt("confirm", "--repeats", 2)
        assert done.exit_code == 0
        assert "note: candidates: 5 of 6 trials; the best believed by the model" in done.stdout
        plan = record_of(folder)["plan"]
        board = json.loads(hpt("show", "--json", "--top", 9).stdout)
        assert (len(plan["trials"]), plan["by"], plan["contenders"]) == (5, "top", None)
        assert board["best"]["standing"] == "confirmed"

    def test_more_than_there_are_is_all_of_them_and_asked_again_runs_nothing(self, make, hpt):
        folder = make()
        assert hpt("confirm", "--top", 9, "--repeats", 2).exit_code == 0
        assert sorted(record_of(folder)["plan"]["trials"]) == [0, 1, 2, 3, 4, 5]
        assert "confirmed already" in hpt("confirm", "--top", 9, "--repeats", 2).stderr

    def test_a_record_of_an_earlier_version_is_shown_without_words(self, make, hpt):
        folder = make()
        assert "candidates:" in hpt("confirm", "--top", 2, "--repeats", 2).stdout
        record = record_of(folder)
        del record["plan"]["words"]
        (folder / "confirm" / "000.json").write_text(json.dumps(record))
        again = hpt("confirm")
        assert (again.exit_code, "candidates:" in again.stdout) == (0, False)

    def test_one_candidate_needs_no_further_seeds(self, make, hpt):
        folder = make()
        assert hpt("confirm", "--top", 1, "--repeats", 3).exit_code == 0
        record = record_of(folder)
        assert record["plan"]["judging"] == record["plan"]["choosing"] == [0, 1, 2]
        assert record["outcome"]["luck"] == 0
        assert len(list((folder / "reruns").iterdir())) == 3

    def test_it_is_on_top_of_the_leaderboard_and_best(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 3, "--repeats", 2)
        outcome = record_of(folder)["outcome"]
        document = json.loads(hpt("show", "--json").stdout)
        best = document["best"]
        assert (best["number"], best["standing"], best["rank"]) == (outcome["chosen"], "confirmed", 1)
        assert best["mean"] == pytest.approx(outcome["judged"]["mean"])
        assert best["interval"] == pytest.approx([outcome["judged"]["low"], outcome["judged"]["high"]])
        assert json.loads((folder / "best" / "trial.json").read_text())["number"] == outcome["chosen"]
        told = json.loads(hpt("best", "--json").stdout)
        assert (told["number"], told["confirmed"]) == (outcome["chosen"], outcome["chosen"])
        assert f"confirmed: trial {outcome['chosen']}" in hpt("show").stdout
        assert "test_loss" in hpt("show").stdout

    def test_an_expectation_is_held_against_the_confirmed_mean(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 3, "--repeats", 2)
        mean = record_of(folder)["outcome"]["judged"]["mean"]
        assert hpt("show", "--expect", f"validation_loss <= {mean + 1e-9}").exit_code == 0
        assert hpt("show", "--expect", f"objective <= {mean - 1e-9}").exit_code == 1

    def test_verify_trains_the_reruns_again(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 2, "--repeats", 2)
        done = hpt("verify")
        assert done.stdout == "6 trials and 6 reruns trained again with the same bits\n"
        path = next((folder / "reruns").glob("*-001.json"))
        rerun = json.loads(path.read_text())
        rerun["objective"] += 1e-9
        path.write_text(json.dumps(rerun))
        done = hpt("verify", int(path.name[:5]))
        assert done.exit_code == 1
        assert "rerun 1, differs" in done.stdout


@pytest.mark.usefixtures("here")
class TestAgain:
    def test_the_same_command_shows_it_and_runs_nothing(self, make, hpt):
        folder = make()
        first = hpt("confirm", "--top", 2, "--repeats", 2)
        before = contents(folder, without_timing=False)
        again = hpt("confirm", "--top", 2, "--repeats", 2)
        assert again.exit_code == 0
        assert "confirmed already; nothing was run" in again.stderr
        assert again.stdout.splitlines()[-5:] == first.stdout.splitlines()[-5:]
        assert contents(folder, without_timing=False) == before

    def test_a_second_one_takes_new_seeds_and_says_that_the_test_rows_are_used(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 2, "--repeats", 2)
        second = hpt("confirm", "--top", 3, "--repeats", 2)
        assert "the test rows were looked at once before" in second.stdout
        record = record_of(folder, 1)
        assert record["plan"]["choosing"] == [4, 5]
        assert record["outcome"]["used_before"] == 1

    def test_trials_done_since_are_said_and_it_confirms_anew(self, make, hpt, tmp_path):
        folder = make()
        hpt("confirm", "--top", 2, "--repeats", 2)
        assert hpt("run", tmp_path / "iris.yaml", "--trials", 8).exit_code == 0
        board = json.loads(hpt("show", "--json").stdout)
        assert board["best"]["standing"] == "best"
        assert any("2 trials done since trial" in note for note in board["notes"])
        assert hpt("confirm", "--top", 2, "--repeats", 2).exit_code == 0
        assert record_of(folder, 1)["plan"]["done"] == 8

    def test_another_one_that_is_not_finished_comes_first(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 2, "--repeats", 2)
        record = record_of(folder)
        (folder / "confirm" / "000.json").write_text(json.dumps({**record, "outcome": None}))
        done = hpt("confirm", "--top", 3)
        assert done.exit_code == 2
        assert "was begun with --top 2 --repeats 2 and is not finished" in done.stderr
        assert hpt("confirm").exit_code == 0
        assert record_of(folder) == record


class TestBits:
    def test_neither_workers_nor_kills_change_anything(self, make, hpt, here, monkeypatch, environment):
        """Real processes: two workers, SIGKILL while candidates are trained and while the chosen one is."""
        alone = make()
        killed = alone.with_name("killed")
        shutil.copytree(alone, killed)
        arguments = ["--top", "3", "--repeats", "2"]
        assert hpt("confirm", "iris", *arguments).exit_code == 0
        monkeypatch.undo()
        for wanted in (1, 7):
            self.kill(killed, wanted, [*arguments, "--workers", "1"], environment)
        done = hpt("confirm", killed, *arguments, "--workers", "2")
        assert done.exit_code == 0, done.stderr
        assert contents(killed) == contents(alone)

    def kill(self, folder, wanted, arguments, environment):
        """As soon as there are so many reruns."""
        process = subprocess.Popen(
            [sys.executable, "-m", "hpt_cli", "confirm", folder.name, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(list(folder.glob("reruns/*.json"))) < wanted:
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert record_of(folder)["outcome"] is None or wanted == 7  # it may have been too late for the last


@pytest.mark.usefixtures("here")
class TestBadSituations:
    def test_without_test_rows_it_says_so_and_skips_the_score(self, make, hpt):
        folder = make(test="0")
        done = hpt("confirm", "--top", 2, "--repeats", 2)
        assert done.exit_code == 0
        assert "no test score: the study has no test rows" in done.stdout
        assert record_of(folder)["outcome"]["test"] == {}

    def test_changed_data_is_refused_before_anything_is_trained(self, make, hpt, tmp_path):
        rows = [f"{n % 7},{n % 3},{'ab'[n % 2]}" for n in range(60)]
        table = tmp_path / "table.csv"
        table.write_text("\n".join(["x,y,label", *rows]) + "\n")
        folder = make(source="table.csv", target="label")
        table.write_text("\n".join(["x,y,label", "9,9,a", *rows]) + "\n")
        done = hpt("confirm")
        assert done.exit_code == 2
        assert "table.csv has other content now" in done.stderr
        assert not (folder / "confirm").exists()

    def test_a_study_without_a_trial_that_is_done_is_refused(self, make_study, make_trial, hpt, monkeypatch):
        make_study(make_trial(0))
        monkeypatch.setattr("hpt_cli.preparation.open_config", lambda store: None)
        done = hpt("confirm")
        assert done.exit_code == 2
        assert "no trial that is done" in done.stderr

    def test_a_candidate_that_fails_on_a_new_seed_is_out(self, make, hpt):
        folder = make()
        hpt("confirm", "--top", 2, "--repeats", 2)
        record = record_of(folder)
        winner, loser = (found["trial"] for found in record["outcome"]["candidates"])
        path = folder / "reruns" / f"{winner:05d}-001.json"
        rerun = json.loads(path.read_text())
        path.write_text(
            json.dumps({**rerun, "status": "diverged", "objective": None, "error": "loss became nan"})
        )
        (folder / "confirm" / "000.json").write_text(json.dumps({**record, "outcome": None}))
        done = hpt("confirm")
        assert done.exit_code == 0
        assert f"trial {winner} is out: on a new seed it diverged: loss became nan" in done.stdout
        assert record_of(folder)["outcome"]["chosen"] == loser
        path = folder / "reruns" / f"{loser:05d}-000.json"
        rerun = json.loads(path.read_text())
        path.write_text(json.dumps({**rerun, "status": "failed", "objective": None, "error": "gone"}))
        (folder / "confirm" / "000.json").write_text(json.dumps({**record, "outcome": None}))
        done = hpt("confirm")
        assert done.exit_code == 1
        assert "none of 2 candidates ended well" in done.stderr

    def test_a_damaged_record_is_named_and_set_aside_by_confirm(self, make, hpt):
        folder = make()
        (folder / "confirm").mkdir()
        (folder / "confirm" / "000.json").write_text("{")
        shown = hpt("show")
        assert shown.exit_code == 2
        assert "000.json: not a confirmation's record" in shown.stderr
        assert "hpt confirm" in shown.stderr
        confirmed = hpt("confirm")
        assert confirmed.exit_code == 0
        assert "set aside as 000.json.bad" in confirmed.stdout + confirmed.stderr
        assert (folder / "confirm" / "000.json.bad").read_text() == "{"
        assert hpt("show").exit_code == 0

    def test_a_record_of_a_newer_version_is_left_alone(self, make, hpt):
        folder = make()
        (folder / "confirm").mkdir()
        (folder / "confirm" / "000.json").write_text('{"schema": 99}')
        for command in ("confirm", "show"):
            done = hpt(command)
            assert done.exit_code == 2
            assert "upgrade hpt" in done.stderr
        assert (folder / "confirm" / "000.json").exists()


@pytest.mark.usefixtures("here")
def test_own_code_is_trained_again_and_chosen_but_not_scored(tmp_path, runs, hpt):
    (tmp_path / "own.yaml").write_text(
        'name: own\ncommand: "python train.py {x} {seed}"\nobjective: {metric: loss, goal: minimize}\n'
        "space: {x: {type: float, low: 0, high: 1}}\n"
        "search: {strategy: random, trials: 3}\nexecution: {workers: 1}\n"
    )
    (tmp_path / "train.py").write_text(
        "import random, sys\nx, seed = float(sys.argv[1]), int(sys.argv[2])\n"
        "print('trained with', seed)\nprint({'loss': x * x + random.Random(seed).random() / 100}['loss'])\n"
    )
    done = hpt("run", tmp_path / "own.yaml")
    assert done.exit_code == 0, done.stderr
    folder = runs / "own"
    logs = {path.name: path.read_bytes() for path in folder.glob("trials/*.log")}
    done = hpt("confirm", "own", "--top", 2, "--repeats", 2)
    assert done.exit_code == 0, done.stderr
    outcome = record_of(folder)["outcome"]
    assert outcome["test"] == {}
    assert outcome["chosen"] is not None
    assert {path.name: path.read_bytes() for path in folder.glob("trials/*.log")} == logs
    assert len(list(folder.glob("reruns/*.json"))) == 6
    assert len(list(folder.glob("reruns/*/*.log"))) == 6
