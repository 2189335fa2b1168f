import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hpt_cli.errors import DataError

N = 40
X = np.arange(N * 3, dtype=float).reshape(N, 3) ** 1.5
Y = np.arange(N) % 4


@pytest.mark.parametrize(
    ("x_key", "y_key"), [("X", "y"), ("x", "y"), ("data", "target"), ("images", "labels")]
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_is_read_under_each_pair_of_names(x_key, y_key, save, tmp_path, load):
    save(tmp_path / "t.npz", other=np.zeros(3), **{x_key: X, y_key: Y})
    dataset = load("t.npz", scale="none")
    assert dataset.target_name == y_key
    assert dataset.classes == ("0", "1", "2", "3")
    x = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test])
    assert_array_equal(x[np.argsort(x[:, 0])], X.astype(np.float32))


def test_the_label_follows_its_row(tmp_path, load):
    np.savez(tmp_path / "t.npz", X=X, y=Y)
    dataset = load("t.npz", scale="none")
    rows = {float(row[0]): int(y) for row, y in zip(X.astype(np.float32), Y, strict=True)}
    assert [rows[float(x[0])] for x in dataset.x_validation] == dataset.y_validation.tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, bool, ">f4"])
def test_features_of_any_number_type_become_float32(dtype, tmp_path, load):
    np.savez(tmp_path / "t.npz", X=(X % 100).astype(dtype), y=Y)
    dataset = load("t.npz")
    assert dataset.x_train.dtype == np.float32
    assert dataset.x_train.dtype.isnative
    assert dataset.x_train.flags.c_contiguous


@pytest.mark.parametrize(("axes", "image"), [((2, 3), (2, 3, 1)), ((2, 3, 4), (2, 3, 4))])
def test_images_keep_their_shape(axes, image, tmp_path, load):
    x = np.arange(N * np.prod(axes)).reshape(N, *axes)
    np.savez(tmp_path / "t.npz", X=x, y=Y)
    dataset = load("t.npz", scale="none")
    assert dataset.image_shape == dataset.training_data().image_shape == image
    rows = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test])
    assert_array_equal(rows[rows[:, 0].argsort()], x.reshape(N, -1))  # pixel by pixel, channels last


def test_more_axes_are_flattened_with_a_note(tmp_path, load):
    np.savez(tmp_path / "t.npz", X=np.arange(N * 6).reshape(N, 2, 3, 1, 1), y=Y)
    dataset = load("t.npz")
    assert dataset.x_train.shape[1] == 6
    assert dataset.image_shape is None
    assert any("6 features" in note for note in dataset.notes)


def test_labels_may_be_a_column(tmp_path, load):
    np.savez(tmp_path / "t.npz", X=X, y=Y[:, None])
    assert load("t.npz", "y").n_classes == 4


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["b", "a"])[Y % 2], ("a", "b")),
        (np.array([b"b", b"a"])[Y % 2], ("a", "b")),
        (Y % 2 == 1, ("False", "True")),
        (np.array([-1.0, 1.0])[Y % 2], ("-1", "1")),
        (np.asfortranarray(Y.astype(">i8")), ("0", "1", "2", "3")),
    ],
    ids=["texts", "bytes", "booleans", "floats", "big-endian"],
)
def test_labels_of_any_kind_are_mapped(labels, classes, tmp_path, load):
    np.savez(tmp_path / "t.npz", X=X, y=labels)
    dataset = load("t.npz")
    assert dataset.classes == classes
    assert dataset.y_train.dtype == np.int64


def test_nan_is_a_missing_number(tmp_path, load):
    holes = X.copy()
    holes[::4, 1] = np.nan
    np.savez(tmp_path / "t.npz", X=holes, y=Y % 2)
    dataset = load("t.npz")
    assert np.isfinite(dataset.x_train).all()
    assert any("'X1' (10 of 40)" in note for note in dataset.notes)


def test_float_labels_of_many_values_are_a_regression(tmp_path, load):
    np.savez(tmp_path / "t.npz", X=X, y=X[:, 0])
    assert load("t.npz").task == "regression"


@pytest.mark.parametrize("name", ["X", "x"])
def test_parts_of_an_archive_stay_what_they_are(name, tmp_path, load):
    parts = {f"{name}_train": X[:25], "y_train": Y[:25], f"{name}_test": X[25:], "y_test": Y[25:]}
    np.savez(tmp_path / "t.npz", **parts)
    dataset = load("t.npz", scale="none")
    assert dataset.rows() == {"training": 20, "validation": 5, "test": 15}
    assert_array_equal(dataset.x_test, X[25:].astype(np.float32))
    assert any("25 in" in note and "15 in" in note for note in dataset.notes)
    np.savez(tmp_path / "t.npz", **parts, **{f"{name}_val": X[:7], "y_val": Y[:7]})
    dataset = load("t.npz", scale="none")
    assert dataset.rows() == {"training": 25, "validation": 7, "test": 15}
    assert_array_equal(dataset.x_validation, X[:7].astype(np.float32))


def test_parts_that_are_not_alike_are_refused(tmp_path, load):
    np.savez(tmp_path / "t.npz", X_train=X, y_train=Y, X_test=X[:, :2], y_test=Y)
    with pytest.raises(DataError, match=r"'X_test' is float64 of shape .*; all parts must be alike"):
        load("t.npz")
