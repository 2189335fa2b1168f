import gzip
import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hpt_cli.data import open_training_data
from hpt_cli.errors import DataError

CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
N, N_TEST = 40, 12
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (N + N_TEST, 5, 4)).astype(np.uint8)
LABELS = (np.arange(N + N_TEST) % 4).astype(np.uint8)


def idx(array, dtype="u1"):
    head = bytes([0, 0, CODES[dtype], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(dtype).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """Four files as MNIST names them; returns their folder."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name, rows in (("train", slice(0, N)), ("t10k", slice(N, None))):
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES[rows])))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS[rows])))
    return folder


def sorted_rows(x):
    return x[np.lexsort(x.T)]


@pytest.mark.parametrize("source", ["mnist", "mnist/train-images-idx3-ubyte.gz"])
def test_four_files_are_found_and_t10k_is_the_test_part(source, mnist, load):
    dataset = load(source, scale="none")
    assert dataset.rows() == {"training": 32, "validation": 8, "test": 12}
    assert dataset.image_shape == (5, 4, 1)
    assert dataset.classes == ("0", "1", "2", "3")
    assert_allclose(dataset.x_test, IMAGES[N:].reshape(N_TEST, -1) / 255, rtol=1e-6)
    assert_array_equal(dataset.y_test, LABELS[N:])
    others = np.concatenate([dataset.x_train, dataset.x_validation])
    assert_allclose(sorted_rows(others), sorted_rows(IMAGES[:N].reshape(N, -1) / 255), rtol=1e-6)
    assert any("The test part is t10k-images-idx3-ubyte.gz: 12 rows" in note for note in dataset.notes)
    assert "Images of 5 x 4 pixels, 1 channel." in dataset.notes


def test_labels_follow_their_images(mnist, load):
    dataset = load("mnist", scale="none")
    known = {row.tobytes(): label for row, label in zip(IMAGES.reshape(len(IMAGES), -1), LABELS, strict=True)}
    rows = np.round(dataset.x_validation * 255).astype(np.uint8)
    assert [known[row.tobytes()] for row in rows] == dataset.y_validation.tolist()


def test_files_may_be_unpacked_and_alone(tmp_path, load):
    (tmp_path / "a-images.idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "a-labels.idx1-ubyte").write_bytes(idx(LABELS))
    dataset = load("a-images.idx3-ubyte", "label")
    assert dataset.rows() == {"training": 32, "validation": 10, "test": 10}


@pytest.mark.parametrize("dtype", list(CODES))
def test_numbers_of_any_idx_type_are_read(dtype, tmp_path, load):
    images = IMAGES.astype(np.int64) // 4
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(images, dtype))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(LABELS))
    dataset = load("images-idx3-ubyte", scale="minmax")
    rows = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test])
    expected = (images.reshape(len(images), -1) - images.min()) / (images.max() - images.min())
    assert_allclose(sorted_rows(rows), sorted_rows(expected), atol=1e-6)


class TestScale:
    """A black and a white channel half a world apart: each has one mean and one spread for all its pixels."""

    def save(self, path, dtype):
        x = np.stack([RNG.integers(0, 50, (N, 3, 2)), RNG.integers(150, 256, (N, 3, 2))], axis=3)
        np.savez(path, X=x.astype(dtype), y=np.arange(N) % 2)

    @pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64])
    def test_standard_is_one_mean_and_spread_a_channel(self, dtype, tmp_path, load):
        self.save(tmp_path / "t.npz", dtype)
        dataset = load("t.npz")
        pixels = dataset.x_train.reshape(-1, 2)
        assert_allclose(pixels.mean(axis=0), 0, atol=1e-5)
        assert_allclose(pixels.std(axis=0), 1, atol=1e-5)
        assert len(set(dataset.mean)) == len(set(dataset.std)) == 2
        raw = dataset.x_validation * dataset.std + dataset.mean
        assert_allclose(raw, np.round(raw), atol=1e-3)

    @pytest.mark.parametrize("dtype", [np.uint8, np.float32])
    def test_minmax_spans_each_channel(self, dtype, tmp_path, load):
        self.save(tmp_path / "t.npz", dtype)
        pixels = load("t.npz", scale="minmax").x_train.reshape(-1, 2)
        assert_array_equal(pixels.min(axis=0), 0)
        assert_array_equal(pixels.max(axis=0), 1)

    def test_none_leaves_numbers_that_are_not_8_bit(self, tmp_path, load):
        self.save(tmp_path / "t.npz", np.float32)
        assert load("t.npz", scale="none").x_train.max() > 200

    def test_a_missing_pixel_becomes_the_mean(self, tmp_path, load):
        x = RNG.normal(5, 1, (N, 3, 2))
        x[:, 0, 0] = np.nan
        np.savez(tmp_path / "t.npz", X=x, y=np.arange(N) % 2)
        dataset = load("t.npz")
        assert_array_equal(dataset.x_train[:, 0], 0)
        assert any("Missing pixels" in note and "40 of them" in note for note in dataset.notes)

    def test_a_channel_of_one_color_is_left_at_zero(self, tmp_path, load):
        np.savez(tmp_path / "t.npz", X=np.full((N, 3, 2), 7, np.uint8), y=np.arange(N) % 2)
        assert_array_equal(load("t.npz").x_train, 0)


def test_digits_are_images_scaled_pixel_by_pixel(load):
    dataset = load("digits")
    assert dataset.image_shape == (8, 8, 1)
    assert len(set(dataset.mean)) > 30


def test_tables_are_no_images(load):
    assert load("iris").image_shape is None


@pytest.mark.parametrize("source", ["mnist", "iris"])
def test_the_shape_reaches_the_workers(source, mnist, load, tmp_path):
    dataset = load(source)
    dataset.save(tmp_path / "saved")
    assert open_training_data(tmp_path / "saved").image_shape == dataset.image_shape


IMAGE_FILE, LABEL_FILE = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("files", "source", "said"),
    [
        ({IMAGE_FILE: idx(IMAGES)}, IMAGE_FILE, "its labels are not beside it; expected a file train-labels"),
        ({LABEL_FILE: idx(LABELS)}, LABEL_FILE, "name the file of images"),
        ({IMAGE_FILE: idx(IMAGES)[:-1], LABEL_FILE: idx(LABELS)}, IMAGE_FILE, r"claims shape \(52, 5, 4\)"),
        ({IMAGE_FILE: b"MNIST", LABEL_FILE: idx(LABELS)}, IMAGE_FILE, "is not an IDX file"),
        ({IMAGE_FILE: b"\0\0\x08\xff\1", LABEL_FILE: idx(LABELS)}, IMAGE_FILE, "claims shape"),
        ({IMAGE_FILE: idx(IMAGES), LABEL_FILE: idx(LABELS[1:])}, IMAGE_FILE, "every image needs one label"),
        ({f"{IMAGE_FILE}.gz": idx(IMAGES), LABEL_FILE: idx(LABELS)}, f"{IMAGE_FILE}.gz", "not compressed"),
        ({"x/a-images-ubyte": b"", "x/b-images-ubyte": b""}, "x", "found 'a-images-ubyte', 'b-images-ubyte'"),
        ({"x/labels-ubyte": b""}, "x", "found none"),
        ({"x/else": b""}, "x", "is a folder"),
        ({IMAGE_FILE: b""}, "train-image-idx3-ubyte", "did you mean 'train-images-idx3-ubyte'"),
    ],
)
def test_files_that_do_not_fit_are_explained(files, source, said, tmp_path, load):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        load(source)


def test_a_test_part_of_other_images_is_refused(mnist, load):
    (mnist / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES[N:, :4])))
    with pytest.raises(DataError, match="they must be alike"):
        load("mnist")


def test_a_target_of_another_name_is_refused(mnist, load):
    with pytest.raises(DataError, match="are called 'label'"):
        load("mnist", "digit")
