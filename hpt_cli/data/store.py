"""Prepared data on disk: converted once, shared by every worker process as memory maps."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from hpt_cli.data.raw import Array
from hpt_cli.errors import CannotWriteError, DataError

if TYPE_CHECKING:
    from hpt_cli.data.dataset import Dataset
    from hpt_cli.network import TrainingData

SCHEMA = 2
ARRAYS = ("x_train", "y_train", "x_validation", "y_validation")
"""What the workers get.  Test rows are not among it."""
ABOUT = "data.json"
RECIPE = "recipe.json"
"""How later rows are prepared: it goes with the best model."""
_FILES = (*(f"{name}.npy" for name in ARRAYS), RECIPE)


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write the training and validation rows and ``data.json`` into ``folder``, each file whole.

    Raises:
        CannotWriteError: The disk is full, read-only or gone.
    """
    about: dict[str, object] = {
        "schema": SCHEMA,
        "task": dataset.task,
        "n_classes": dataset.n_classes,
        "classes": list(dataset.classes),
        "feature_names": list(dataset.feature_names),
        "target_name": dataset.target_name,
        "target_mean": dataset.target_mean,
        "target_std": dataset.target_std,
        "hash": dataset.hash,
        "notes": list(dataset.notes),
        "image_shape": dataset.image_shape and list(dataset.image_shape),
        "shapes": {name: list(getattr(dataset, name).shape) for name in ARRAYS},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.is_dir() and path.name in (*_FILES, ABOUT):  # where no file can be put
                shutil.rmtree(path)
        for name in ARRAYS:
            _publish(folder / f"{name}.npy", _array_writer(getattr(dataset, name)))
        recipe = json.dumps(dataset.recipe.to_json(), allow_nan=False, indent=1) + "\n"
        _publish(folder / RECIPE, lambda file: file.write(recipe.encode("ascii")))
        about["digests"] = {name: _digest(folder / name) for name in _FILES}
        text = json.dumps(about, allow_nan=False, sort_keys=True) + "\n"
        # Last, because its presence says that the arrays are complete.
        _publish(folder / ABOUT, lambda file: file.write(text.encode("ascii")))
    except OSError as error:
        raise CannotWriteError(
            f"{folder}: the prepared data cannot be written: {error.strerror or error}"
        ) from error


def saved_hash(folder: Path) -> str | None:
    """The hash of the data that ``folder`` holds whole, or ``None``."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="ascii"))
        return str(about["hash"]) if about["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def intact_hash(folder: Path) -> str | None:
    """As :func:`saved_hash`, after every byte was looked at; ``None`` where one is not as it was written."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="ascii"))
        digests = {name: _digest(folder / name) for name in _FILES}
        return saved_hash(folder) if about["digests"] == digests else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_training_data(folder: Path) -> TrainingData:
    """What :func:`save_dataset` wrote, as memory maps; opened once in a process.

    Raises:
        DataError: The files are missing or damaged.
    """
    about = Path(folder).resolve() / ABOUT
    try:
        status = about.stat()
    except OSError:
        raise DataError(f"{about}: the prepared data is missing; run the study again to make it") from None
    # A folder that was written again has another data.json.
    return _open(about.parent, status.st_ino, status.st_mtime_ns)


def open_recipe(folder: Path) -> dict[str, Any]:
    """How the rows of ``folder`` were prepared, as :meth:`hpt_cli.data.recipe.Recipe.to_json` says it.

    Raises:
        DataError: The file is missing or damaged.
    """
    try:
        recipe: dict[str, Any] = json.loads((folder / RECIPE).read_text(encoding="ascii"))
    except (OSError, ValueError, RecursionError):
        raise DataError(f"{folder / RECIPE}: missing or damaged; remove the folder to make it anew") from None
    return recipe


@lru_cache(maxsize=4)
def _open(folder: Path, inode: int, changed: int) -> TrainingData:  # noqa: ARG001 - they are the cache's key
    from hpt_cli.network import TrainingData

    try:
        about = json.loads((folder / ABOUT).read_text(encoding="ascii"))
        if about["schema"] != SCHEMA:
            raise DataError(
                f"{folder / ABOUT}: written by another version of hpt; remove the folder to make it anew"
            )
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
        if any(list(arrays[name].shape) != about["shapes"][name] for name in ARRAYS):
            raise ValueError("shapes differ")
        return TrainingData(
            task=about["task"],
            n_classes=about["n_classes"],
            target_mean=about["target_mean"],
            target_std=about["target_std"],
            image_shape=_image_shape(about.get("image_shape")),
            **arrays,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError) as error:
        raise DataError(
            f"{folder}: the prepared data is damaged; remove the folder to make it anew"
        ) from error


def _image_shape(sides: list[int] | None) -> tuple[int, int, int] | None:
    if sides is None:
        return None
    height, width, channels = sides
    return height, width, channels


def _array_writer(array: Array) -> Callable[[BinaryIO], object]:
    return lambda file: np.save(file, np.ascontiguousarray(array), allow_pickle=False)


def _publish(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name, then give it its own: a reader finds all of it or nothing."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)  # the name itself
    finally:
        os.close(descriptor)
