"""IDX files, the form of MNIST: images and their labels, each with a header of sizes, often compressed.

Source:
    LeCun, Cortes and Burges, "The MNIST database", http://yann.lecun.com/exdb/mnist/ (the format is described
    at its end).
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from hpt_cli.data import settings as limits
from hpt_cli.data.columns import check_finite
from hpt_cli.data.files import read_bytes
from hpt_cli.data.messages import Source, listed, shown
from hpt_cli.data.raw import TEST, Array, Numbers, Raw
from hpt_cli.errors import DataError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""What the third byte says."""
TESTS = ("t10k", "test")
"""What the test part's files have in their names where the others have ``train``."""
NAMES = ("label", "labels")
"""Both may be written as the target."""


def read_idx(path: Path, target: str | int | None) -> Raw:
    """Images and labels, beside each other or in one folder by the names that MNIST gave them.

    Where there is a test part of that naming, its rows come last and are the test part.

    Args:
        path: The file of images (``train-images-idx3-ubyte.gz``), or a folder with them.
        target: ``label``, or nothing.

    Raises:
        DataError: A file is missing or damaged, or they do not fit together.
    """
    if target not in (None, -1, *NAMES):
        raise Source(str(path)).error(
            f"there is no target {shown(target)}; the labels of IDX files are called 'label'"
        )
    images_path = _images_of(path) if path.is_dir() else path
    source = Source(str(images_path), quotes=True)
    images, labels = _read_pair(images_path)
    notes = []
    given = None
    if test_path := _test_of(images_path):
        test_images, test_labels = _read_pair(test_path)
        if test_images.shape[1:] != images.shape[1:] or test_images.dtype != images.dtype:
            raise Source(str(test_path)).error(
                f"its images are {test_images.dtype} of shape {test_images.shape[1:]}, those of "
                f"{images_path.name} {images.dtype} of shape {images.shape[1:]}; they must be alike"
            )
        n_test = len(test_images)
        given = np.repeat([-1, TEST], [len(images), n_test])
        images, labels = np.concatenate([images, test_images]), np.concatenate([labels, test_labels])
        notes.append(f"The test part is {test_path.name}: {n_test:,} rows; data.split.test is not used.")
    shape = image_shape(images)
    flat = images.reshape(len(images), -1)
    if flat.shape[1] > limits.MAX_COLUMNS:
        raise source.error(f"a row has {flat.shape[1]:,} numbers; the limit is {limits.MAX_COLUMNS:,}")
    return Raw(
        source=source,
        numbers=flat,
        number_names=tuple(f"pixel{column}" for column in range(flat.shape[1])),
        categories=(),
        target=Numbers(NAMES[0], labels.astype(np.float64)),
        notes=tuple(notes),
        image_shape=shape,
        by_channel=shape is not None,
        given=given,
    )


def read_images(path: Path) -> tuple[Array, Numbers | None]:
    """The images of a file or of a folder, and their labels if they are beside them.

    Raises:
        DataError: They are missing or damaged.
    """
    images_path = _images_of(path) if path.is_dir() else path
    images = read_array(images_path)
    if images.ndim < 2 or images.size == 0:
        raise Source(str(images_path)).error(f"holds an array of shape {images.shape}; expected images")
    if "images" not in images_path.name or _labels_of(images_path) is None:
        return images, None
    return images, Numbers(NAMES[0], _read_pair(images_path)[1].astype(np.float64))


def image_shape(images: Array) -> tuple[int, int, int] | None:
    """Height, width and channels of images (N, H, W) or (N, H, W, C); ``None`` for other arrays."""
    if images.ndim == 3:
        return int(images.shape[1]), int(images.shape[2]), 1
    if images.ndim == 4:
        return int(images.shape[1]), int(images.shape[2]), int(images.shape[3])
    return None


def _images_of(folder: Path) -> Path:
    """The images to train on of a folder."""
    place = Source(str(folder))
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise place.error(f"cannot be read: {error.strerror or error}") from None
    images = [name for name in names if re.fullmatch(r".*images.*ubyte(\.gz)?", name)]
    train = [name for name in images if "train" in name] or images
    if len({name.removesuffix(".gz") for name in train}) != 1:
        found = f"found {listed(images, 6)}; name one of them" if images else "found none"
        raise place.error(
            f"a folder must hold one file of images to train on, train-images-idx3-ubyte (.gz): {found}"
        )
    return folder / train[0]


def _beside(path: Path, *changes: tuple[str, str]) -> Path | None:
    """The file whose name differs by these changes, compressed or not."""
    name = path.name.removesuffix(".gz")
    for old, new in changes:
        name = name.replace(old, new)
    candidates = (path.with_name(name), path.with_name(f"{name}.gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _labels_of(images: Path) -> Path | None:
    """The labels that lie beside a file of images."""
    return _beside(images, ("images", "labels"), ("idx3", "idx1"), ("idx4", "idx1"))


def _test_of(images: Path) -> Path | None:
    """The images of the test part that belongs to a training part; ``None`` if there is none."""
    if "train" not in images.name:
        return None
    found = (_beside(images, ("train", test)) for test in TESTS)
    return next((path for path in found if path), None)


def _read_pair(path: Path) -> tuple[Array, Array]:
    place = Source(str(path))
    if "images" not in path.name:
        hint = "name the file of images; its labels are found beside it"
        raise place.error(f"is not a file of images by its name (images-idx3-ubyte); {hint}")
    labels_path = _labels_of(path)
    if labels_path is None:
        name = path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
        raise place.error(f"its labels are not beside it; expected a file {name}")
    images, labels = read_array(path), read_array(labels_path)
    if images.ndim < 2 or images.size == 0:
        raise place.error(f"holds an array of shape {images.shape}; expected images")
    if labels.ndim != 1 or len(labels) != len(images):
        what = f"holds an array of shape {labels.shape}, and {path.name} {len(images):,} images"
        raise Source(str(labels_path)).error(f"{what}; every image needs one label")
    for name, array, file in (("pixel", images, path), ("label", labels, labels_path)):
        if array.dtype.kind == "f":
            check_finite(array.reshape(-1).astype(np.float64), name, Source(str(file)))
    return images, labels


def read_array(path: Path) -> Array:
    """The array of one IDX file.

    Raises:
        DataError: It is none, or its sizes do not fit its length.
    """
    place = Source(str(path))
    content = read_bytes(path, compressed=path.name.endswith(".gz"))
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise place.error("is not an IDX file: it must begin with two zeros, a type and a number of axes")
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected or not axes:
        raise _wrong_length(place, shape, len(content), expected)
    return (
        np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    )


def _wrong_length(place: Source, shape: tuple[int, ...], found: int, expected: int) -> DataError:
    return place.error(
        f"claims shape {shape}, which takes {expected:,} bytes, and has {found:,}: damaged; download it again"
    )
