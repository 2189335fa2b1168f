"""Every file of a study harmed in turn: what reads it names it and says what to do, and nothing is lost."""

import os
import random
import shutil
from pathlib import Path

import pytest

from benchmarks.survival.harm import cut, garble, make_unreadable, replace_by_folder

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 2, hidden_units: 4}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  batch_norm: [true, false]
search: {strategy: random, trials: 5, repeats: 2}
"""
READERS = {
    "show": ("show", "iris"),
    "best": ("best", "iris"),
    "why": ("why", "--study", "iris"),
    "report": ("report", "iris"),
    "list": ("list",),
    "trial": ("trial", 1, "--study", "iris"),
    "logs": ("logs", 1, "--study", "iris"),
    "refine": ("refine", "iris", "--dry-run"),
    "predict": ("predict", "rows.csv", "--study", "iris"),
}
NAMED_BY = {
    "study.json": set(READERS) - {"list"},  # which says that the study is damaged
    "study.yaml": set(),  # a report says on its page that it is not as it was given
    "rounds/000.json": {"show", "best", "why", "trial", "report", "refine"},
    "trials/00001.json": {"show", "best", "trial", "report", "refine"},
    "confirm/000.json": {"show", "best", "trial", "report"},
    "best/model.json": {"predict"},
    ".cache/data/data.json": set(),
}
"""By file: who cannot do without it, or would be wrong without saying so."""
GOES_ON = {"study.json": 2, "confirm/000.json": 2}
"""The exit status of ``run`` where it is not 0."""


@pytest.fixture(scope="module")
def finished(in_process, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    (folder / "iris.yaml").write_text(CONFIG)
    (folder / "rows.csv").write_text(
        "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5.1,3.5,1.4,0.2\n"
    )
    assert in_process("run", "iris.yaml", "--workers", 1, folder=folder).returncode == 0
    confirmed = in_process("confirm", "iris", "--workers", 1, "--repeats", 2, "--top", 2, folder=folder)
    assert confirmed.returncode == 0, confirmed.stderr
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def hpt(in_process, folder):
    return lambda *arguments: in_process(*arguments, folder=folder)


def trials_of(folder):
    return {path.name: path.read_text() for path in (folder / "runs" / "iris" / "trials").glob("*.json")}


@pytest.mark.parametrize("harm", [cut, garble, make_unreadable, replace_by_folder])
@pytest.mark.parametrize("file", list(NAMED_BY))
def test_a_harmed_file_is_named_where_it_matters(hpt, folder, file, harm):
    path = folder / "runs" / "iris" / file
    harm(path, random.Random(1))
    for name, arguments in READERS.items():
        result = hpt(*arguments)  # which raises what would be a traceback
        said = result.stdout + result.stderr
        if name in NAMED_BY[file]:
            needle = "best" if name == "predict" and path.parent.name == "best" else path.name
            assert needle in said, name
            assert "hpt run" in said or "hpt confirm" in said, name
        elif name == "list":
            assert ("damaged" in said) == bool(NAMED_BY[file] & {"show"} and path.parent.name != "trials")
        else:
            assert result.returncode == (2 if name == "logs" else 0), said


@pytest.mark.parametrize("file", list(NAMED_BY))
def test_the_same_command_mends_a_harmed_file_or_says_what_does(hpt, folder, finished, file):
    path = folder / "runs" / "iris" / file
    make_unreadable(path, random.Random(1))
    result = hpt("run", "iris.yaml", "--workers", 1)
    assert result.returncode == GOES_ON.get(file, 0), result.stderr
    if file == "study.json":
        assert "--fresh" in result.stderr
    elif file == "confirm/000.json":
        assert "hpt confirm iris sets it aside" in result.stderr
        again = hpt("confirm", "iris", "--workers", 1, "--repeats", 2, "--top", 2)
        assert again.returncode == 0, again.stderr
        assert "set aside as 000.json.bad" in again.stdout + again.stderr
        assert hpt("show", "iris").returncode == 0
    else:
        assert hpt("verify", "--study", "iris", "--workers", 1).returncode == 0
    aside = path.with_name(f"{path.name}.bad")
    made_again = {"best/model.json", ".cache/data/data.json", "study.json"}
    assert os.path.lexists(aside) == (file not in made_again)
    assert trials_of(folder).keys() == trials_of(finished).keys()


def test_a_lost_part_of_a_study_is_made_again_and_one_that_is_no_folder_is_named(hpt, folder, finished):
    study = folder / "runs" / "iris"
    for part in ("trials", "rounds", ".cache", "best"):
        shutil.rmtree(study / part)
    shutil.rmtree(study / "confirm")
    assert hpt("run", "iris.yaml", "--workers", 1).returncode == 0
    assert trials_of(folder).keys() == trials_of(finished).keys()
    for part in ("trials", "rounds", "reruns"):
        (study / part).rename(study / "elsewhere")
        (study / part).write_text("not a folder")
        for command in (("run", "iris.yaml", "--workers", 1), READERS["show"], READERS["trial"]):
            result = hpt(*command)
            assert result.returncode == 2, (part, command)
            assert f"{Path('runs', 'iris', part)}: not a folder that can be read" in result.stderr
        (study / part).unlink()
        (study / "elsewhere").rename(study / part)
    (study / "best").rename(study / "elsewhere")
    (study / "best").write_text("not a folder")
    assert hpt("run", "iris.yaml", "--workers", 1).returncode == 0
    assert (study / "best.bad").read_text() == "not a folder"


def test_a_config_that_was_changed_inside_the_study_is_noticed(hpt, folder):
    path = folder / "runs" / "iris" / "study.json"
    text = path.read_text()
    assert text.count('"epochs": 2') == 1
    path.write_text(text.replace('"epochs": 2', '"epochs": 3'))
    for command in (("run", "iris.yaml"), READERS["show"], READERS["refine"]):
        result = hpt(*command)
        assert result.returncode == 2
        assert "its config is not as it was written" in result.stderr


def test_verify_names_a_changed_copy_of_the_config_and_run_keeps_the_one_it_is_given(hpt, folder):
    path = folder / "runs" / "iris" / "study.yaml"
    path.write_text("name: another\n")
    found = hpt("verify", "--study", "iris", "--workers", 1)
    assert found.returncode == 1
    assert "study.yaml: not the config as it was given" in found.stdout
    (folder / "iris.yaml").write_text(f"# the same, commented\n{CONFIG}")
    assert "set aside as study.yaml.bad" in hpt("run", "iris.yaml", "--workers", 1).stderr
    assert path.read_text() == f"# the same, commented\n{CONFIG}"
    assert hpt("verify", "--study", "iris", "--workers", 1).returncode == 0
