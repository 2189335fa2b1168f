"""The study folder: the only place where results live.

What is finished is what has a valid file; there is no index and no status elsewhere that could disagree.
Every file is published whole (temporary file, fsync, rename), so that a reader never sees half of one and a
kill loses at most what was not finished.  One process writes, holding the folder's lock; anybody reads::

    digits/
    ├── study.yaml           the config as given, byte for byte
    ├── study.json           the resolved config, versions, BLAS, data
    ├── rounds/000.json      a round's plan, written before its first trial
    ├── trials/00000.json    a trial, written once
    ├── trials/00000.log       what own code wrote while it trained
    ├── work/00000/            own code's folder for the trial, if it asks for one
    ├── reruns/00017-000.json  one more training of trial 17, for evidence
    ├── confirm/000.json     who was confirmed, on which seeds; begun before its first training
    ├── best/                params.yaml and model.npz of the best trial: a cache
    └── .cache/              the prepared rows that the workers map, and a summary of the trials: caches
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hpt_cli.confirmation import Confirmation
from hpt_cli.endings import Ended
from hpt_cli.errors import (
    CannotWriteError,
    DamagedStudyError,
    StudyNotFoundError,
    brief,
    ranges,
)
from hpt_cli.evidence import Evidence
from hpt_cli.files import (
    lock_holder,
    locked,
    make_part,
    publish,
    publish_json,
    read_json,
    remove_dead_drafts,
    sweep,
    sync_folder,
    writing,
)
from hpt_cli.listing import (
    TrialFile,
    find_study,
    numbered_files,
    rerun_files,
    trial_files,
    trial_name,
    trial_numbers,
)
from hpt_cli.records import (
    Damage,
    read_confirmation,
    read_rerun,
    read_round,
    read_trial,
    read_trials,
)
from hpt_cli.rerun import Rerun
from hpt_cli.rounds import RoundPlan
from hpt_cli.trial import TrialResult

SCHEMA = 1
"""Version of the folder's form; a reader refuses a newer one."""


class StudyStore:
    """One study's folder.

    Args:
        folder: An existing study's folder.  Make one with :meth:`create`, find one with :meth:`find`.

    Raises:
        StudyNotFoundError: There is no ``study.json`` in it.
        DamagedStudyError: It is unreadable, or written by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._study = _read_study(folder)

    @classmethod
    def create(cls, folder: Path, *, config_text: bytes, study: Mapping[str, Any]) -> StudyStore:
        """Make a study's folder appear, whole, at ``folder``.

        Raises:
            FileExistsError: The folder is there already.
            CannotWriteError: It cannot be made.
        """
        draft = folder.parent / f".new-{folder.name}-{os.getpid()}"
        try:
            with writing(folder):
                folder.parent.mkdir(parents=True, exist_ok=True)
                remove_dead_drafts(folder)
                for part in ("trials", "rounds"):
                    (draft / part).mkdir(parents=True)
                publish(draft / "study.yaml", config_text)
                publish_json(draft / "study.json", _sealed(study, config_text))
                draft.rename(folder)  # fails on a folder with content
                sync_folder(folder.parent)
        except CannotWriteError:
            shutil.rmtree(draft, ignore_errors=True)
            if os.path.lexists(folder):
                raise FileExistsError(folder) from None
            raise
        return cls(folder)

    @classmethod
    def find(cls, runs_dir: Path, study: str | None) -> StudyStore:
        """The study that a user means: a folder, a name under ``runs_dir``, or, left out, the newest.

        Raises:
            StudyNotFoundError: There is none; the message names those that are there.
        """
        return cls(find_study(runs_dir, study))

    @property
    def name(self) -> str:
        """The study's name: that of its folder."""
        return self.folder.name

    @property
    def study(self) -> dict[str, Any]:
        """What ``study.json`` has: the resolved ``config``, its ``folder``, ``data``, and ``versions``."""
        return self._study

    @property
    def goal(self) -> str:
        """``minimize`` or ``maximize``."""
        return str(self._study["config"]["objective"]["goal"])

    @property
    def metric(self) -> str:
        """The metric a trial is judged by."""
        return str(self._study["config"]["objective"]["metric"])

    @property
    def data_folder(self) -> Path:
        """Where the prepared rows are kept for the workers."""
        return self.folder / ".cache" / "data"

    @property
    def log_folder(self) -> Path:
        """Where own code's output goes, beside the trials: ``00017.log``."""
        return self.folder / "trials"

    @property
    def work_folder(self) -> Path:
        """Where the trials of own code have folders of their own."""
        return self.folder / "work"

    def update_study(self, study: Mapping[str, Any]) -> None:
        """Replace ``study.json``: the study was extended."""
        with writing(self.folder):
            publish_json(self.folder / "study.json", _sealed(study))
        self._study = _read_study(self.folder)

    def text_damage(self) -> Damage | None:
        """What is wrong with ``study.yaml``; ``None`` if it is as it was given, or too old to tell."""
        path, known = self.folder / "study.yaml", self._study.get("digests", {}).get("study.yaml")
        if known is None:
            return None
        try:
            same = path.is_file() and _digest(path.read_bytes()) == known
        except OSError as error:
            return Damage(path, f"cannot be read ({brief(error)})")
        why = "not the config as it was given" if os.path.lexists(path) else "it is missing"
        return None if same else Damage(path, why)

    def replace_text(self, config_text: bytes) -> Path | None:
        """Keep ``config_text`` as ``study.yaml``; where the file that stood there was set aside."""
        path = self.folder / "study.yaml"
        aside = self.set_aside(path) if os.path.lexists(path) else None
        with writing(path):
            publish(path, config_text)
            publish_json(self.folder / "study.json", _sealed(self._study, config_text))
        self._study = _read_study(self.folder)
        return aside

    def trial_path(self, number: int) -> Path:
        """Where trial ``number`` is, or will be."""
        return self.folder / "trials" / trial_name(number)

    def read_trial(self, number: int) -> TrialResult:
        """One finished trial.

        Raises:
            StudyNotFoundError: It has no file (yet).
            DamagedStudyError: Its file is damaged.
        """
        path = self.trial_path(number)
        if not os.path.lexists(path):
            numbers = self.trial_numbers()
            there = f"finished are {ranges(numbers)}" if numbers else "none is finished yet"
            raise StudyNotFoundError(f"{self.name} has no finished trial {number}; {there}")
        read = read_trial(path.parent, number)
        if isinstance(read, Damage):
            raise DamagedStudyError(f"{path}: {read.why}; hpt run CONFIG sets it aside and runs it again")
        return read

    def trial_files(self) -> list[TrialFile]:
        """The finished trials' files, by number."""
        return trial_files(self.folder / "trials")

    def trial_numbers(self) -> list[int]:
        """The finished trials: those that have a file."""
        return trial_numbers(self.folder / "trials")

    def each_trial(self, numbers: Iterable[int] | None = None) -> Iterator[TrialResult | Damage]:
        """What trials' files hold, one after the other: all their curves take memory.

        Args:
            numbers: The trials, which have a file; left out, all that have, by number.
        """
        return read_trials(self.folder / "trials", self.trial_numbers() if numbers is None else numbers)

    def results(self) -> list[TrialResult]:
        """Every finished trial, by number; damaged files are left out, see :meth:`damage`."""
        return [read for read in self.each_trial() if isinstance(read, TrialResult)]

    def damage(self) -> list[Damage]:
        """The files among the trials and reruns that cannot be read as one."""
        return [read for read in (*self.each_trial(), *self.each_rerun()) if isinstance(read, Damage)]

    def each_rerun(self) -> Iterator[Rerun | Damage]:
        """What each rerun's file holds, by trial and number."""
        for path, trial, number in rerun_files(self.folder / "reruns"):
            yield read_rerun(path, trial, number)

    def reruns(self) -> list[Rerun]:
        """Every finished rerun, by trial and number; damaged files are left out, see :meth:`damage`."""
        return [read for read in self.each_rerun() if isinstance(read, Rerun)]

    def rerun_path(self, trial: int, number: int) -> Path:
        """Where rerun ``number`` of ``trial`` is, or will be."""
        return self.folder / "reruns" / f"{trial:05d}-{number:03d}.json"

    def save_rerun(self, rerun: Rerun) -> None:
        """Publish a finished rerun.

        Raises:
            CannotWriteError: The disk is full or read-only.
        """
        path = self.rerun_path(rerun.trial, rerun.number)
        with writing(path):
            make_part(path.parent)
            publish_json(path, rerun.to_json())

    def set_aside(self, path: Path, why: str = "bad") -> Path:
        """Rename a file, so that its trial is run again; nothing is deleted.  The new path.

        Args:
            path: A file of the study.
            why: The new ending: ``bad`` for what is damaged, ``failed`` for what is tried again.
        """
        attempt = 0
        while True:
            aside = path.with_name(f"{path.name}.{why}{attempt or ''}")
            if not os.path.lexists(aside):
                with writing(path):
                    path.rename(aside)
                return aside
            attempt += 1

    def mark_ended(self, ended: Ended | None) -> None:
        """Note in ``study.json`` how the study ended, or that it goes on."""
        study = {key: value for key, value in self._study.items() if key not in ("ended", "schema")}
        if ended is not None:
            study["ended"] = ended.to_json()
        if study.get("ended") != self._study.get("ended"):
            self.update_study(study)

    def save(self, result: TrialResult) -> TrialFile:
        """Publish a finished trial; its file.

        Raises:
            CannotWriteError: The disk is full or read-only.
        """
        path = self.trial_path(result.number)
        with writing(path):
            make_part(path.parent)
            about = publish_json(path, result.to_json())
        return TrialFile(result.number, about.st_size, about.st_mtime_ns, about.st_ino)

    def rounds(self) -> list[RoundPlan]:
        """The plans of the rounds so far, by number.

        Raises:
            DamagedStudyError: One is unreadable.
        """
        plans = []
        for read in self.each_round():
            if isinstance(read, Damage):
                raise DamagedStudyError(f"{read.path}: {read.why}; hpt run CONFIG can decide it again")
            plans.append(read)
        return plans

    def each_round(self) -> Iterator[RoundPlan | Damage]:
        """What each round's file holds, by number; one that is missing between others is damage, too.

        Raises:
            DamagedStudyError: One was written by a newer version.
        """
        there = {number for _, number in numbered_files(self.folder / "rounds")}
        for number in range(max(there, default=-1) + 1):
            path = self.folder / "rounds" / f"{number:03d}.json"
            yield read_round(path, number) if number in there else Damage(path, "it is missing")

    def save_round(self, plan: RoundPlan) -> None:
        """Publish a round's plan; it must be there before the round's first trial."""
        path = self.folder / "rounds" / f"{plan.number:03d}.json"
        with writing(path):
            make_part(path.parent)
            publish_json(path, plan.to_json())

    def confirmations(self) -> list[Confirmation]:
        """The confirmations so far, by number; the last may not be finished.

        Raises:
            DamagedStudyError: One is unreadable.
        """
        records = []
        for read in self.each_confirmation():
            if isinstance(read, Damage):
                raise DamagedStudyError(
                    f"{read.path}: {read.why}; hpt confirm {self.name} sets it aside and confirms anew"
                )
            records.append(read)
        return records

    def each_confirmation(self) -> Iterator[Confirmation | Damage]:
        """What each confirmation's file holds, by number."""
        for path, number in numbered_files(self.folder / "confirm"):
            yield read_confirmation(path, number)

    def save_confirmation(self, record: Confirmation) -> None:
        """Publish a confirmation: its plan, and once more with what came of it."""
        path = self.folder / "confirm" / f"{record.number:03d}.json"
        with writing(path):
            make_part(path.parent)
            publish_json(path, record.to_json())

    def evidence(self) -> Evidence:
        """What is known beside the trials.

        Raises:
            DamagedStudyError: A confirmation's record is unreadable.
        """
        return Evidence(self.reruns(), self.confirmations())

    def holder(self) -> str | None:
        """Who is running the study, ``process 17 on host since ...``; ``None`` if nobody is."""
        return lock_holder(self.folder / ".lock")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the right to write; sweeps what a killed writer left half written.

        Raises:
            StudyInUseError: Another process holds it; the message says which.
        """
        with locked(self.folder):
            sweep(self.folder)
            yield

    def best_number(self) -> int | None:
        """The trial whose model ``best/`` holds whole, or ``None``."""
        best = self.folder / "best"
        try:
            about = read_json(best / "trial.json")
            whole = all(_digest((best / name).read_bytes()) == of for name, of in about["files"].items())
            return int(about["number"]) if whole else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def save_best(self, number: int, files: Mapping[str, bytes]) -> None:
        """Replace ``best/`` by these files, for trial ``number``."""
        best = self.folder / "best"
        with writing(best):
            if os.path.lexists(best) and not best.is_dir():
                self.set_aside(best)
            best.mkdir(exist_ok=True)
            for name in ("trial.json", *files):
                if (best / name).is_dir():  # where no file can be put
                    self.set_aside(best / name)
            (best / "trial.json").unlink(missing_ok=True)  # until all is there, best/ belongs to no trial
            for name, content in files.items():
                publish(best / name, content)
            digests = {name: _digest(content) for name, content in files.items()}
            publish_json(best / "trial.json", {"number": number, "files": digests})


def _sealed(study: Mapping[str, Any], config_text: bytes | None = None) -> dict[str, Any]:
    """The content of ``study.json``, with digests of the resolved config and, if given, of its text."""
    digests = {**study.get("digests", {}), "config": _digest_of(study["config"])}
    if config_text is not None:
        digests["study.yaml"] = _digest(config_text)
    return {**study, "schema": SCHEMA, "digests": digests}


def _digest_of(data: Any) -> str:
    return _digest(json.dumps(data, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


_WAYS_OUT = (
    "nothing else says what the trials are of: put a copy of it back, or start over with hpt run CONFIG "
    "--fresh (the folder is renamed, not deleted)"
)


def _read_study(folder: Path) -> dict[str, Any]:
    path = folder / "study.json"
    try:
        study = read_json(path)
    except FileNotFoundError:
        if os.path.lexists(folder / "trials"):
            raise DamagedStudyError(f"{path}: it is missing; {_WAYS_OUT}") from None
        raise StudyNotFoundError(f"{folder} is not a study: it has no study.json") from None
    except PermissionError as error:
        raise DamagedStudyError(
            f"{path}: cannot be read: {error.strerror}; it may be another user's"
        ) from error
    except (ValueError, OSError) as error:
        raise DamagedStudyError(f"{path}: cannot be read ({brief(error)}); {_WAYS_OUT}") from error
    if not isinstance(study, dict) or not isinstance(study.get("config"), dict):
        raise DamagedStudyError(f"{path}: not a study's description; {_WAYS_OUT}")
    if study.get("schema", SCHEMA) == SCHEMA and _is_altered(study):
        raise DamagedStudyError(f"{path}: its config is not as it was written; {_WAYS_OUT}")
    if study.get("schema") != SCHEMA:
        raise DamagedStudyError(
            f"{path}: schema {study.get('schema')}, but this version of hpt reads {SCHEMA}; upgrade hpt"
        )
    return study


def _is_altered(study: Mapping[str, Any]) -> bool:
    digests = study.get("digests", {})  # an older version wrote none
    return "config" in digests and digests["config"] != _digest_of(study["config"])
