"""Prepared data on disk: what worker processes open."""

import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hpt_cli.data import open_training_data
from hpt_cli.errors import CannotWriteError, DataError


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_what_was_saved_is_opened_as_memory_maps(name, load, tmp_path):
    dataset = load(name)
    dataset.save(tmp_path / "data")
    data = open_training_data(tmp_path / "data")
    for part in ("x_train", "y_train", "x_validation", "y_validation"):
        opened = getattr(data, part)
        assert isinstance(opened, np.memmap)
        assert not opened.flags.writeable
        assert opened.dtype == getattr(dataset, part).dtype
        assert_array_equal(opened, getattr(dataset, part))
    assert (data.task, data.n_classes) == (dataset.task, dataset.n_classes)
    assert (data.target_mean, data.target_std) == (dataset.target_mean, dataset.target_std)


def test_test_rows_are_not_among_it(load, tmp_path):
    load("iris").save(tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "data.json",
        "recipe.json",
        "x_train.npy",
        "x_validation.npy",
        "y_train.npy",
        "y_validation.npy",
    ]


def test_a_process_opens_a_folder_once_and_again_when_it_was_written_anew(load, tmp_path):
    load("iris").save(tmp_path)
    first = open_training_data(tmp_path)
    assert open_training_data(tmp_path) is first
    load("wine").save(tmp_path)
    assert open_training_data(tmp_path).x_train.shape[1] == 13
    assert first.x_train.shape[1] == 4  # who has it open keeps it


def test_data_json_says_in_plain_types_what_the_arrays_are(load, tmp_path):
    dataset = load("iris")
    dataset.save(tmp_path)
    about = json.loads((tmp_path / "data.json").read_text())
    assert about["classes"] == ["setosa", "versicolor", "virginica"]
    assert about["hash"] == dataset.hash
    assert about["shapes"]["x_train"] == [90, 4]


def damage_json(folder):
    (folder / "data.json").write_text("[" * 100_000)


def damage_schema(folder):
    about = json.loads((folder / "data.json").read_text())
    (folder / "data.json").write_text(json.dumps({**about, "schema": 99}))


def damage_array(folder):
    path = folder / "x_train.npy"
    path.write_bytes(path.read_bytes()[:500])


def swap_array(folder):
    np.save(folder / "y_train.npy", np.zeros(3))


def remove_array(folder):
    (folder / "x_validation.npy").unlink()


def remove_all(folder):
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "damage", [damage_json, damage_schema, damage_array, swap_array, remove_array, remove_all]
)
def test_damage_is_told_with_the_folder(damage, load, tmp_path):
    load("iris").save(tmp_path)
    damage(tmp_path)
    with pytest.raises(DataError, match=r"prepared data|another version") as caught:
        open_training_data(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


def test_a_place_that_cannot_be_written_is_no_error_of_the_data(load, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWriteError, match="cannot be written"):
        load("iris").save(tmp_path / "file")


def test_a_disk_that_fills_up_leaves_no_half_file(load, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hpt_cli.data.store.os.fsync", full)
    with pytest.raises(CannotWriteError, match="No space left"):
        load("iris").save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_survives_the_way_between_processes(load):
    with pytest.raises(DataError) as caught:
        load("nowhere.csv")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
