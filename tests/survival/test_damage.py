"""Damaged files in a study's folder, through the command line: named, set aside, and made again."""

import json
import os
import random
import shutil

import pytest

from benchmarks.survival.harm import cut, empty, garble, lose, make_unreadable, replace_by_folder

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 3, hidden_units: 4}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log}
  batch_norm: [true, false]
search: {strategy: random, trials: 5, rounds: 2}
"""


@pytest.fixture(scope="module")
def hpt(in_process):
    def run(folder, command, *options):
        subject = ("iris.yaml", "--workers", "1") if command == "run" else ("iris",)
        if command == "verify":
            subject = ("--study", "iris", "--workers", "1")
        return in_process(command, *subject, *options, folder=folder)

    return run


@pytest.fixture(scope="module")
def finished(hpt, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    (folder / "iris.yaml").write_text(CONFIG)
    result = hpt(folder, "run")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of a finished study and of its config."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def contents(folder):
    """What the study's files say, without the clock."""
    study = folder / "runs" / "iris"
    found = {}
    for part in ("rounds", "trials"):
        for path in sorted((study / part).glob("*.json")):
            found[f"{part}/{path.name}"] = {**json.loads(path.read_text()), "timing": None}
    return found


def nest(path, chance):
    path.write_text("[" * 100_000)


def copy_another(path, chance):
    path.write_bytes((path.parent / "00001.json").read_bytes())


def make_fifo(path, chance):
    path.unlink()
    os.mkfifo(path)


HARMS = [cut, empty, garble, nest, copy_another, make_fifo, replace_by_folder, make_unreadable]
CHANCE = random.Random(1)


def test_damaged_trials_are_named_set_aside_and_run_again(hpt, folder, finished):
    trials = folder / "runs" / "iris" / "trials"
    for number, harm in enumerate(HARMS, start=2):
        harm(trials / f"{number:05d}.json", CHANCE)
    result = hpt(folder, "run")
    assert result.returncode == 0, result.stderr
    for number in range(2, 2 + len(HARMS)):
        assert f"set aside as {number:05d}.json.bad" in result.stdout
        assert os.path.lexists(trials / f"{number:05d}.json.bad")
    assert contents(folder) == contents(finished)


@pytest.mark.parametrize("harms", [(cut, empty), (lose, garble)])
def test_damaged_rounds_are_decided_again_as_they_were(hpt, folder, finished, harms):
    rounds = folder / "runs" / "iris" / "rounds"
    for number, harm in enumerate(harms):
        harm(rounds / f"00{number}.json", CHANCE)
    shown = hpt(folder, "show")
    assert shown.returncode == 2
    assert "000.json" in shown.stderr
    result = hpt(folder, "run")
    assert result.returncode == 0, result.stderr
    assert "001.json" in result.stderr
    assert "the round was decided again" in result.stderr
    assert contents(folder) == contents(finished)


def test_foreign_files_are_left_alone(hpt, folder, finished):
    trials = folder / "runs" / "iris" / "trials"
    foreign = [trials / name for name in ("notes.txt", "000003.json", "7.json", "00009.json~", "٣٣٣٣٣.json")]
    for path in foreign:
        path.write_text("mine")
    result = hpt(folder, "run")
    assert "nothing was run" in result.stderr
    assert {path.read_text() for path in foreign} == {"mine"}
    assert all(path.exists() for path in foreign)


@pytest.mark.parametrize("part", ["study.json", "rounds/000.json", "trials/00002.json"])
def test_a_newer_schema_is_refused_and_left_alone(hpt, folder, part):
    path = folder / "runs" / "iris" / part
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))
    before = path.read_bytes()
    result = hpt(folder, "run")
    assert result.returncode == 2
    assert path.name in result.stderr
    assert "upgrade hpt" in result.stderr
    assert path.read_bytes() == before


def test_a_damaged_description_is_refused_with_a_way_out(hpt, folder, finished):
    cut(folder / "runs" / "iris" / "study.json", CHANCE)
    result = hpt(folder, "run")
    assert result.returncode == 2
    assert "study.json: cannot be read" in result.stderr
    assert "--fresh" in result.stderr
    assert hpt(folder, "run", "--fresh").returncode == 0
    assert (folder / "runs" / "iris-1" / "trials" / "00000.json").exists()
    assert contents(folder) == contents(finished)


def test_damaged_prepared_data_and_a_damaged_best_model_are_made_again(hpt, folder, finished):
    study = folder / "runs" / "iris"
    paths = [study / ".cache" / "data" / name for name in ("x_train.npy", "recipe.json")]
    paths.append(study / "best" / "model.npz")
    whole = [path.read_bytes() for path in paths]
    for path, content in zip(paths, whole, strict=True):
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (study / "trials" / "00002.json").unlink()
    result = hpt(folder, "run")
    assert result.returncode == 0, result.stderr
    assert contents(folder) == contents(finished)
    assert [path.read_bytes() for path in paths] == whole


def test_verify_checks_the_files_of_a_whole_study(hpt, folder):
    study = folder / "runs" / "iris"
    cut(study / "trials" / "00003.json", CHANCE)
    cut(study / "best" / "model.npz", CHANCE)
    result = hpt(folder, "verify")
    assert result.returncode == 1
    assert "00003.json" in result.stdout
    assert "best" in result.stdout
    assert (study / "trials" / "00003.json").exists()  # nothing is changed
