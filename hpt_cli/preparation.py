"""From a config to a study's folder: everything is checked before anything is made."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpt_cli import warm_start
from hpt_cli.config import StudyConfig, changes, check_images
from hpt_cli.config.fit_notes import fit_notes
from hpt_cli.environment import describe_environment
from hpt_cli.errors import DataError, InputError, StudyChangedError
from hpt_cli.files import locked
from hpt_cli.planning import mend_rounds
from hpt_cli.store import StudyStore
from hpt_cli.warm_start import WarmStart

if TYPE_CHECKING:
    from hpt_cli.data import Dataset

Notify = Callable[[str], None]


def prepare_study(config: StudyConfig, *, runs_dir: Path, fresh: bool, notify: Notify) -> StudyStore:
    """The folder that ``config`` goes on in: made, or found and matched.

    Args:
        config: What the study is.
        runs_dir: Where studies are kept.
        fresh: Start over; an existing folder is renamed, never deleted.
        notify: Is told, in sentences, what was inferred and what was done.

    Raises:
        DataError: The data cannot be used.
        InputError: The objective or a layer does not fit the data.
        StudyChangedError: The folder holds a study of another config.
    """
    dataset = read_data(config)
    for note in dataset.notes if dataset else ():
        notify(note)
    folder = runs_dir / config.name
    warm = None
    if fresh and os.path.lexists(folder):
        notify(f"the study that was there is now {_move_away(folder)}")
    if not os.path.lexists(folder):
        try:
            warm = warm_start.read_studies(config, runs_dir) if config.search.warm_start else None
            described = _describe(config, dataset, warm)
            store = StudyStore.create(folder, config_text=config.text, study=described)
        except FileExistsError:  # another process was faster
            store = StudyStore(folder)
    else:
        store = StudyStore(folder)
    with store.lock():
        for sentence in mend_rounds(store, open_config(store)):
            notify(sentence)
        _match(store, config, dataset)
        if damage := store.text_damage():
            aside = store.replace_text(config.text)
            kept = f"; set aside as {aside.name}" if aside else ""
            notify(f"{damage.path}: {damage.why}{kept}; the config as it is now is kept instead")
        if dataset is not None:
            ensure_data(store, dataset)
        for note in warm.notes if warm else ():
            notify(note)
        if warm:
            warm_start.keep(store, warm)
    return store


def read_data(config: StudyConfig) -> Dataset | None:
    """The data of a study, which its objective and its layers fit; ``None`` of own code, which reads its own.

    Raises:
        DataError: The data cannot be used.
        InputError: The objective or a layer does not fit it.
    """
    if config.data is None:
        return None
    from hpt_cli.data import load_dataset

    dataset = load_dataset(config.data, folder=config.folder, seed=config.seed)
    check_objective(config, dataset)
    check_images(config, dataset.image_shape)
    more = fit_notes(config, dataset.rows()["training"])
    return dataclasses.replace(dataset, notes=(*dataset.notes, *more))


def open_config(store: StudyStore) -> StudyConfig:
    """The config that a study's folder was made from, or extended to.

    Raises:
        DamagedStudyError: ``study.json`` does not hold one.
    """
    return StudyConfig.from_resolved(
        store.study["config"], folder=Path(store.study["folder"]), path=store.folder / "study.json"
    )


def check_objective(config: StudyConfig, dataset: Dataset) -> None:
    """See that the metric and the loss can be had from the data.

    Raises:
        InputError: One cannot; the message says which can.
    """
    from hpt_cli.network import check_metric, metrics_for, resolve_loss

    known = metrics_for(dataset.task, dataset.n_classes)
    if config.objective.metric not in known:
        raise InputError(
            f"objective.metric: {config.objective.metric} cannot be had from this data, which is for "
            f"{dataset.task}; metrics for it: {', '.join(known)}"
        )
    _check_classes(config, dataset)
    try:
        check_metric(config.objective.metric, dataset.training_data())
    except ValueError as error:
        raise InputError(f"{config.path}: objective.{error}") from error
    try:
        resolve_loss(str(config.network.get("loss", "auto")), dataset.task, dataset.n_classes)
    except ValueError as error:
        raise InputError(f"{config.path}: network.{error}") from error


def _check_classes(config: StudyConfig, dataset: Dataset) -> None:
    """The area under the curve ranks the rows of every class, so the part must have some of each."""
    part, _, kind = config.objective.metric.partition("_")
    if kind != "auc":
        return
    y = dataset.y_validation if part == "validation" else dataset.y_train
    missing = [name for code, name in enumerate(dataset.classes) if code not in y]
    if missing:
        from hpt_cli.data.messages import listed

        raise InputError(
            f"{config.path}: objective.metric: {config.objective.metric} needs rows of every class, and the "
            f"{part} part has none of {listed(missing, 6)}; judge by {part}_balanced_accuracy, change "
            "data.split, or remove the class"
        )


def source_change(store: StudyStore, config: StudyConfig) -> str | None:
    """A sentence on data that is no longer what the study was made with, or ``None``."""
    if config.data is None:
        return None
    from hpt_cli.data import load_dataset

    try:
        dataset = load_dataset(config.data, folder=config.folder, seed=config.seed)
    except DataError as error:
        return f"the data can no longer be read: {error}"
    if dataset.hash != store.study["data"]["hash"]:
        return f"{config.data.source} has other content now; trained on the rows that the study keeps"
    return None


def ensure_data(store: StudyStore, dataset: Dataset) -> None:
    """Keep the prepared rows in the study's folder for the workers to map."""
    from hpt_cli.data import intact_hash

    if intact_hash(store.data_folder) != dataset.hash:
        dataset.save(store.data_folder)


def reload_data(store: StudyStore, config: StudyConfig) -> None:
    """Prepare the rows again where the study's cache of them is gone.

    Raises:
        StudyChangedError: The data is no longer what the study was made with.
    """
    if config.data is None:
        return
    from hpt_cli.data import intact_hash, load_dataset

    if intact_hash(store.data_folder) == store.study["data"]["hash"]:
        return
    dataset = load_dataset(config.data, folder=config.folder, seed=config.seed)
    if dataset.hash != store.study["data"]["hash"]:
        raise StudyChangedError(_refusal(store, [f"data: {config.data.source} has other content now"]))
    dataset.save(store.data_folder)


def _describe(config: StudyConfig, dataset: Dataset | None, warm: WarmStart | None) -> dict[str, Any]:
    """What ``study.json`` says: the only reader of it that must understand all of it is this version."""
    data = {}
    if dataset is not None:
        data["data"] = {
            "hash": dataset.hash,
            "task": dataset.task,
            "classes": list(dataset.classes),
            "rows": dataset.rows(),
            "features": len(dataset.feature_names),
        }
    return {
        "config": config.resolved(),
        "folder": str(config.folder.resolve()),
        **data,
        **({"warm_start": warm.hash} if warm else {}),
        **describe_environment(),
    }


def _match(store: StudyStore, config: StudyConfig, dataset: Dataset | None) -> None:
    """Accept the same config, more trials or rounds, another end or ``execution``; refuse the rest."""
    old, new = open_config(store), config.search
    rounds = new.rounds if _extends(old, config) else old.search.rounds
    search = dataclasses.replace(old.search, rounds=rounds, budget=new.budget, target=new.target)
    as_it_was = dataclasses.replace(old, search=search)
    changed = changes(as_it_was.resolved(), config.resolved())
    plans = store.rounds()
    longer = rounds[len(old.search.rounds) - 1] != old.search.rounds[-1]
    if longer and plans and plans[-1].origin == "refine":
        changed.append("search.trials: the round was refined since; add trials with hpt refine")
    if dataset and config.data and dataset.hash != store.study.get("data", {}).get("hash", dataset.hash):
        changed.append(f"data: {config.data.source} has other content now")
    fewer = old.search.rounds[-1].trials
    if changed and config.search.rounds[-1].trials < fewer and _extends(config, old):
        changed.append(f"if that is all, the study was extended since: go on with --trials {fewer}")
    if changed:
        raise StudyChangedError(_refusal(store, changed))
    if config.resolved() != store.study["config"]:
        study: Mapping[str, Any] = {**store.study, "config": config.resolved()}
        store.update_study(study)


def _extends(old: StudyConfig, new: StudyConfig) -> bool:
    """Whether the new rounds are the old ones with more trials in the last one, or more rounds behind."""
    *earlier, last = old.search.rounds
    if len(new.search.rounds) < len(old.search.rounds):
        return False
    same = new.search.rounds[len(earlier)]
    return list(new.search.rounds[: len(earlier)]) == earlier and (
        dataclasses.replace(same, trials=last.trials) == last and same.trials >= last.trials
    )


def _refusal(store: StudyStore, changed: list[str]) -> str:
    return "\n".join(
        [
            f"{store.folder} holds a study of another config; changed since:",
            *(f"    {change}" for change in changed),
            "keep both with --name NEW, or start over with --fresh (the old folder is renamed, not deleted)",
        ]
    )


def _move_away(folder: Path) -> Path:
    """Rename a study's folder to the first free ``name-1``, ``name-2``, ..."""
    with locked(folder):
        number = 1
        while (aside := folder.with_name(f"{folder.name}-{number}")).exists():
            number += 1
        folder.rename(aside)
    return aside
