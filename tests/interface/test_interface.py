"""The package from Python: the same studies, the same answers, the same errors as the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

import hpt_cli
from hpt_cli import HptError, Study, load_study, run_study
from hpt_cli.cli.app import app
from hpt_cli.errors import ConfigError, InputError, StudyNotFoundError
from hpt_cli.events import StudyFinished, TrialFinished
from hpt_cli.trial import Status

CONFIG = """\
name: parabola
seed: 3
objective: {metric: loss, goal: minimize}
function: parabola:train
space:
  x: {type: float, low: 0, high: 1}
  kind: [a, b]
search: {strategy: random, trials: 6}
"""
MODULE = """\
def train(x, kind):
    for epoch in range(3):
        yield {"loss": x + (kind == "b") + 1 / (epoch + 1)}
"""
MAPPING = {
    "name": "parabola",
    "seed": 3,
    "objective": {"metric": "loss", "goal": "minimize"},
    "function": "parabola:train",
    "space": {"x": {"type": "float", "low": 0, "high": 1}, "kind": ["a", "b"]},
    "search": {"strategy": "random", "trials": 6},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HPT_RUNS_DIR", raising=False)
    (tmp_path / "parabola.py").write_text(MODULE)
    (tmp_path / "parabola.yaml").write_text(CONFIG)
    return tmp_path


def contents(study):
    """Params and repeats of every trial: all that does not depend on the clock."""
    return [(trial.number, trial.params, trial.status, trial.repeats) for trial in study.trials]


def test_a_file_a_mapping_and_the_command_line_give_the_same_study(folder):
    by_file = run_study("parabola.yaml", runs_dir="a", workers=1)
    by_mapping = run_study(MAPPING, runs_dir="b", workers=2)
    with pytest.raises(SystemExit) as end:
        app(["run", "parabola.yaml", "--runs-dir", "c", "--workers", "1"])
    assert end.value.code == 0
    by_command = load_study("parabola", runs_dir="c")
    assert len(by_file.trials) == 6
    assert contents(by_file) == contents(by_mapping) == contents(by_command)
    assert by_file.config == by_mapping.config == by_command.config


def test_a_study_tells_all_that_its_folder_holds(folder, monkeypatch):
    events = []
    study = run_study(
        "parabola.yaml", trials=4, name="four", overrides=["seed=5"], workers=1, observe=events.append
    )
    assert [event.result.number for event in events if isinstance(event, TrialFinished)] == [0, 1, 2, 3]
    assert isinstance(events[-1], StudyFinished)
    assert isinstance(study, Study)
    assert (study.name, study.folder, study.metric, study.goal) == (
        "four",
        Path("runs/four"),
        "loss",
        "minimize",
    )
    assert study.config["seed"] == 5
    study.config["seed"] = 6
    assert study.config["seed"] == 5
    assert [plan.strategy for plan in study.rounds] == ["random"]
    best = min(study.trials, key=lambda trial: trial.objective)
    assert study.best == best
    assert best.repeats[0].history["loss"]
    assert [row.rank for row in study.leaderboard().rows] == [1, 2, 3, 4]
    frame = study.to_pandas()
    assert list(frame.index) == [row.result.number for row in study.leaderboard().rows]
    assert frame.loc[best.number, "objective"] == best.objective
    assert frame.loc[best.number, "kind"] == best.params["kind"]
    monkeypatch.setenv("HPT_RUNS_DIR", "runs")
    assert load_study().name == "four"
    assert repr(load_study("runs/four")) == "<Study four in runs/four>"


def test_a_study_that_was_begun_goes_on(folder):
    run_study("parabola.yaml", trials=2, workers=1)
    events = []
    study = run_study("parabola.yaml", trials=5, workers=1, observe=events.append)
    assert [event.result.number for event in events if isinstance(event, TrialFinished)] == [2, 3, 4]
    assert len(study.trials) == 5


def test_progress_is_told_on_standard_error(folder, capsys):
    run_study("parabola.yaml", trials=3, workers=1, progress=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert [line[:5] for line in said.err.splitlines() if line.startswith("[")] == ["[1/3]", "[2/3]", "[3/3]"]


def test_columns_of_numbers_are_numbers_where_they_are_empty(folder):
    frame = run_study("parabola.yaml", trials=2, workers=1).to_pandas()
    assert frame["spread"].isna().all()
    assert set(frame.dtypes[["objective", "mean", "spread", "low", "high", "x"]].map(str)) == {"float64"}


def test_what_is_printed_is_short(folder):
    study = run_study("parabola.yaml", trials=2, workers=1)
    assert repr(study.leaderboard()).startswith("<Leaderboard of 2 trials, best ")


def test_failed_trials_can_be_run_again(folder):
    good = (folder / "parabola.py").read_text()
    (folder / "parabola.py").write_text("def train(x, kind):\n    raise ValueError('not yet')\n")
    with pytest.raises(HptError, match="no trial succeeded"):
        run_study("parabola.yaml", trials=2, workers=1)
    (folder / "parabola.py").write_text(good)
    study = run_study("parabola.yaml", trials=2, workers=1, retry_failed=True)
    assert {trial.status for trial in study.trials} == {Status.DONE}


def test_damage_is_named(folder):
    study = run_study("parabola.yaml", trials=2, workers=1)
    (study.folder / "trials" / "00001.json").write_text("{")
    again = load_study("parabola")
    assert [trial.number for trial in again.trials] == [0]
    assert [damage.path.name for damage in again.damage] == ["00001.json"]


def test_a_study_without_a_done_trial_has_no_best(folder):
    (folder / "parabola.py").write_text("def train(x, kind):\n    raise ValueError('never')\n")
    with pytest.raises(HptError, match="no trial succeeded"):
        run_study("parabola.yaml", trials=2, workers=1)
    study = load_study("parabola")
    assert study.best is None
    assert {trial.status for trial in study.trials} == {Status.FAILED}
    assert len(study.to_pandas()) == 2


class TestErrors:
    def test_all_problems_of_a_mapping_by_key_without_lines_that_nobody_wrote(self, folder):
        with pytest.raises(ConfigError) as caught:
            run_study({**MAPPING, "seed": -1, "search": {"trails": 3}})
        assert [problem.key for problem in caught.value.problems] == ["seed", "search.trails"]
        assert str(caught.value).startswith("config: seed: ")

    def test_a_value_that_is_not_plain(self, folder):
        with pytest.raises(InputError, match="cannot represent an object, found"):
            run_study({**MAPPING, "seed": object()})

    def test_an_argument_is_told_by_its_name(self, folder):
        with pytest.raises(ConfigError, match="name: cannot be a name, found 'a b'"):
            run_study("parabola.yaml", name="a b")
        with pytest.raises(InputError, match="workers must be at least 1, found 0"):
            run_study("parabola.yaml", workers=0)

    @pytest.mark.parametrize(
        "function", [lambda x: x, print, MAPPING.get], ids=["lambda", "builtin", "method"]
    )
    def test_a_function_that_workers_cannot_import(self, folder, function):
        with pytest.raises(InputError, match="cannot import"):
            run_study(MAPPING, function=function)

    def test_a_script_that_would_run_in_each_worker_is_told_so_before_anything_is_made(self, folder):
        script = folder / "tune.py"
        script.write_text(
            "from hpt_cli import run_study\n\n\ndef train(x, kind):\n    return x\n\n\n"
            f"run_study({ {**MAPPING, 'function': None} }, function=train)\n"
        )
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        said = done.stderr.splitlines()[-1]
        assert "worker processes import tune.py to find train, and would run all of it" in said
        assert said.endswith('if __name__ == "__main__":')
        assert not (folder / "runs").exists()

    def test_a_function_beside_a_file(self, folder):
        with pytest.raises(InputError, match="goes with a mapping"):
            run_study("parabola.yaml", function=print)

    def test_no_such_study(self, folder):
        with pytest.raises(StudyNotFoundError):
            load_study("nobody")


def test_to_import_the_package_imports_nothing_else():
    code = (
        "import sys, hpt_cli; "
        "print([m for m in sys.modules if m.startswith('hpt_cli.') or m in {'numpy', 'yaml'}])"
    )
    root = str(Path(hpt_cli.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_every_public_name_is_there():
    assert all(getattr(hpt_cli, name) is not None for name in hpt_cli.__all__)
