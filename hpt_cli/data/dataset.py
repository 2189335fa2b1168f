"""From a config's ``data`` part to arrays: read, infer the task, split, prepare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.data.labels import check_labels, check_regression, encode_classes, infer_task, rare_classes
from hpt_cli.data.messages import Source, shown
from hpt_cli.data.prepare import Labels, prepare_features
from hpt_cli.data.raw import Array, Raw, known
from hpt_cli.data.recipe import Recipe
from hpt_cli.data.settings import BUILTIN, DataSettings
from hpt_cli.data.split import Split, duplicates, split_rows
from hpt_cli.data.store import save_dataset
from hpt_cli.errors import DataError

if TYPE_CHECKING:
    from hpt_cli.network import TrainingData


FEW_ROWS = 10
"""Validation rows below which a note is due."""


@dataclass(frozen=True)
class Dataset:
    """Data that is ready to train on.

    Args:
        task: ``classification`` or ``regression``.
        n_classes: C; 0 for regression.
        classes: What the labels 0..C-1 are called in the data; empty for regression.
        feature_names: D names.
        target_name: The label's column.
        x_train: (N, D) float32; likewise for the other parts.
        y_train: (N,) int64 classes, or float32 standardized targets; likewise for the other parts.
        x_test: Rows that no search may see.
        recipe: How the features were made, and how a later row's are.
        target_mean: Regression: target = y * target_std + target_mean.
        target_std: See above; 1 for classification.
        hash: SHA-256 over what was read: values, names, target; not over the split.
        notes: Sentences on what was inferred and what deserves a warning.
        image_shape: Height, width and channels that a row's D numbers are, in this order; ``None`` if they
            are no image.
        test_groups: Codes of the test rows' groups, which are alike within, (n,); ``None`` without groups.
        by_time: The test rows are the latest.
    """

    task: str
    n_classes: int
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    target_name: str
    x_train: Array
    y_train: Array
    x_validation: Array
    y_validation: Array
    x_test: Array
    y_test: Array
    recipe: Recipe
    target_mean: float
    target_std: float
    hash: str
    notes: tuple[str, ...]
    image_shape: tuple[int, int, int] | None = None
    test_groups: Array | None = None
    by_time: bool = False

    @property
    def mean(self) -> Array:
        """(D,) taken off the features as read ..."""
        more = len(self.feature_names) - len(self.recipe.mean)
        return np.concatenate([self.recipe.mean, np.zeros(more)])

    @property
    def std(self) -> Array:
        """(D,) ... and what they were divided by then."""
        more = len(self.feature_names) - len(self.recipe.std)
        return np.concatenate([self.recipe.std, np.ones(more)])

    def rows(self) -> dict[str, int]:
        """How many rows each part has."""
        return {"training": len(self.y_train), "validation": len(self.y_validation), "test": len(self.y_test)}

    def training_data(self) -> TrainingData:
        """What a training in this process sees, without a file between."""
        from hpt_cli.network import TrainingData

        return TrainingData(
            task=self.task,
            n_classes=self.n_classes,
            x_train=self.x_train,
            y_train=self.y_train,
            x_validation=self.x_validation,
            y_validation=self.y_validation,
            target_mean=self.target_mean,
            target_std=self.target_std,
            image_shape=self.image_shape,
        )

    def save(self, folder: Path) -> None:
        """Write the training and validation rows for worker processes; test rows never get there.

        Raises:
            CannotWriteError: The disk is full, read-only or gone.
        """
        save_dataset(self, folder)


def load_dataset(settings: DataSettings, *, folder: Path, seed: int) -> Dataset:
    """Read and prepare the data that a config names.

    Args:
        settings: The config's ``data`` part.
        folder: What a relative path is relative to.
        seed: The study's, at least 0; the split's unless that has its own.

    Raises:
        DataError: Whatever is wrong with the data, with file, row or column.
    """
    try:
        return _prepare(_read(settings, folder), settings, seed)
    except MemoryError:
        raise DataError(
            f"{settings.source}: does not fit into this machine's memory; take fewer rows"
        ) from None


def _read(settings: DataSettings, folder: Path) -> Raw:
    # Imported here, so that `from hpt_cli.data import DataSettings` stays quick: readers bring in more.
    from hpt_cli.data.arrays import read_npz
    from hpt_cli.data.builtin import read_builtin
    from hpt_cli.data.files import IDX, locate
    from hpt_cli.data.frames import read_raw
    from hpt_cli.data.idx import read_idx
    from hpt_cli.data.tables import open_table

    others = settings.split.files
    if settings.source in BUILTIN or others:
        _refuse_table_keys(settings, "a built-in set" if settings.source in BUILTIN else "")
    if settings.source in BUILTIN:
        return read_builtin(settings)
    path, suffix = locate(settings.source, folder)
    if suffix in (IDX, ".npz"):
        _refuse_table_keys(settings, "arrays", str(path))
        return read_npz(path, settings.target) if suffix == ".npz" else read_idx(path, settings.target)
    tables = {}
    for part, source in others.items():
        where, kind = locate(source, folder)
        if kind in (IDX, ".npz"):
            raise Source(str(where)).error(f"a file of the {part} part must be a table, as the data is")
        tables[part] = open_table(where, kind, header=settings.header)
    return read_raw(open_table(path, suffix, header=settings.header), tables, settings)


def _refuse_table_keys(settings: DataSettings, kind: str, path: str = "") -> None:
    """Refuse what can only be said of a table."""
    split = settings.split
    given = {
        "drop": settings.drop,
        "features": settings.features,
        "categorical": settings.categorical,
        "na_values": settings.na_values,
        **{f"split.{key}": name for key, name in split.roles.items()},
        **{f"split.{part}": path for part, path in split.files.items()},
    }
    named = [f"data.{key}" for key, value in given.items() if value not in (None, ())]
    if named and kind:
        place = Source(path or settings.source)
        raise place.error(f"{named[0]} is for tables (.csv, .tsv, .parquet), and this is {kind}; remove it")


def _prepare(raw: Raw, settings: DataSettings, seed: int) -> Dataset:
    notes = list(raw.notes)
    if settings.unlabeled == "drop" and not known(raw.target).all():
        missing = int((~known(raw.target)).sum())
        notes.append(f"Rows without a label, left out: {missing:,} of {len(raw.numbers):,}.")
        raw = raw.only(known(raw.target))
    source, target = raw.source, raw.target
    check_labels(target, source)
    task, why = infer_task(target)
    if settings.task == "auto":
        notes.insert(
            0, f"Taken for {task}: {source.column(target.name)} holds {why}. Set data.task to say otherwise."
        )
    else:
        task = settings.task
    target_mean, target_std = 0.0, 1.0
    classes: tuple[str, ...] = ()
    if task == "classification":
        y, classes = encode_classes(target, source)
        split = split_rows(raw, y, settings.split, seed=seed)
        notes += _class_notes(y, classes, split, stratify=settings.split.stratify)
    else:
        y = check_regression(target, source)
        split = split_rows(raw, None, settings.split, seed=seed)
        target_mean, target_std = _target_scale(y[split.train], target.name, source)
        y = ((y - target_mean) / target_std).astype(np.float32)
    labels = Labels(task, classes, target_mean, target_std)
    features = prepare_features(raw, split, settings, labels)
    sizes = f"{len(split.train):,} rows to train on, {len(split.validation):,} for validation"
    notes += [*split.notes, f"Split: {sizes}, {len(split.test):,} for test, which are kept apart."]
    if len(split.validation) < FEW_ROWS:
        notes.append(
            f"So few validation rows ({len(split.validation)}) tell good trials from lucky ones badly: raise "
            "data.split.validation, or search.repeats."
        )
    if note := duplicates(raw, split):
        notes.append(note)
    return Dataset(
        task=task,
        n_classes=len(classes),
        classes=classes,
        feature_names=features.names,
        target_name=target.name,
        x_train=features.train,
        y_train=y[split.train],
        x_validation=features.validation,
        y_validation=y[split.validation],
        x_test=features.test,
        y_test=y[split.test],
        recipe=features.recipe,
        target_mean=target_mean,
        target_std=target_std,
        hash=raw.hash(),
        notes=(*notes, *features.notes),
        image_shape=raw.image_shape,
        test_groups=None if raw.groups is None else raw.groups[split.test],
        by_time=raw.times is not None,
    )


def _class_notes(y: Array, classes: tuple[str, ...], split: Split, *, stratify: bool) -> list[str]:
    notes = []
    if note := rare_classes(y, classes):
        notes.append(note)
    if stratify and not split.stratified:
        notes.append(
            "A part of the split has fewer rows than there are classes: drawn without regard to classes."
        )
    unseen = [shown(classes[code]) for code in np.setdiff1d(y, y[split.train])]
    if unseen:
        notes.append(f"No training row, so never predicted: {', '.join(unseen[:12])}.")
    unjudged = [shown(classes[code]) for code in np.setdiff1d(y[split.train], y[split.validation])]
    if unjudged:
        notes.append(f"No validation row, so not judged: {', '.join(unjudged[:12])}.")
    largest = int(np.bincount(y).argmax())
    share = float(np.mean(y == largest))
    if share >= 0.8:
        notes.append(
            f"{share:.0%} of the rows are {shown(classes[largest])}: that accuracy costs nothing; "
            "validation_balanced_accuracy and validation_f1_macro tell more."
        )
    return notes


def _target_scale(train: Array, name: str, source: Source) -> tuple[float, float]:
    if np.ptp(train) == 0:
        raise source.error("the target is the same in every training row; more rows are needed", column=name)
    return float(train.mean()), float(train.std())
