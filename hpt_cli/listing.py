"""Which studies there are under a folder, and which numbered files in a study; no file is read."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hpt_cli.errors import DamagedStudyError, InputError, StudyNotFoundError, brief

STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A study's name is one safe part of a path."""

_MOST_NAMED = 12  # studies that a message lists

# As we write them: 000007.json is not ours, and must not stand for trial 7 beside 00007.json.
_TRIAL_FILE = re.compile(r"(\d{5}|[1-9]\d{5,})\.json", re.ASCII)
_RERUN_FILE = re.compile(r"(\d{5}|[1-9]\d{5,})-(\d{3}|[1-9]\d{3,})\.json", re.ASCII)
_ROUND_FILE = re.compile(r"(\d{3}|[1-9]\d{3,})\.json", re.ASCII)


def find_study(runs_dir: Path, study: str | None) -> Path:
    """The folder of the study that a user means: a folder, a name under ``runs_dir``, or the newest.

    Raises:
        StudyNotFoundError: There is none; the message names those that are there.
    """
    names = study_names(runs_dir)
    if study is None:
        if not names:
            raise StudyNotFoundError(f"no study in {runs_dir} yet; make one with: hpt run CONFIG")
        return max((runs_dir / name for name in names), key=last_change)
    by_name = runs_dir / study
    if STUDY_NAME.fullmatch(study) and is_study(by_name):
        return by_name
    if is_study(Path(study)):
        return Path(study)
    near = difflib.get_close_matches(study, names, n=1)
    more = f" and {len(names) - _MOST_NAMED} more (hpt list)" if len(names) > _MOST_NAMED else ""
    there = f"there are: {', '.join(names[:_MOST_NAMED])}{more}" if names else "there is none"
    if near:
        there = f"did you mean {near[0]!r}? {there}"
    raise StudyNotFoundError(
        f"no study {study!r}: neither a name under {runs_dir} nor a study's folder; {there}"
    )


def study_names(runs_dir: Path) -> list[str]:
    """The names of the studies under ``runs_dir``, sorted.

    Raises:
        InputError: It cannot be read.
    """
    try:
        names = [path.name for path in runs_dir.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(f"{runs_dir}: the folder of studies cannot be read ({brief(error)})") from error
    return sorted(name for name in names if STUDY_NAME.fullmatch(name) and is_study(runs_dir / name))


def is_study(folder: Path) -> bool:
    """Whether a folder is a study's, perhaps one whose description cannot be read any more."""
    try:
        (folder / "study.json").lstat()
    except PermissionError:  # it may be; whoever opens it is told
        return True
    except OSError:
        return os.path.lexists(folder / "trials")
    return True


def last_change(folder: Path) -> float:
    """When a study last gained a trial or more, in seconds since the epoch; its caches do not count."""
    parts = (folder / part for part in ("trials", "rounds", "reruns", "confirm"))
    times = [0.0]
    for part in parts:
        with suppress(OSError):  # not there, or not for us to see
            times.append(part.stat().st_mtime)
    return max(times)


class TrialFile(NamedTuple):
    """A finished trial's file, as it was when it was listed; by number.

    Args:
        number: From its name.
        size: In bytes.
        mtime_ns: When its content last changed, in nanoseconds since the epoch.
        inode: A file that took its place has another one.
    """

    number: int
    size: int
    mtime_ns: int
    inode: int


def trial_name(number: int) -> str:
    """What the file of trial ``number`` is called."""
    return f"{number:05d}.json"


def trial_numbers(folder: Path) -> list[int]:
    """The trials that have a file in a folder."""
    return sorted(int(fit[1]) for fit, _ in _fitting(folder, _TRIAL_FILE))


def trial_files(folder: Path) -> list[TrialFile]:
    """The trials' files in a folder, by number."""
    found = []
    for fit, entry in _fitting(folder, _TRIAL_FILE):
        try:
            now = entry.stat()
        except OSError:  # a link that leads nowhere is damage; what another process has set aside is not
            try:
                now = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
        found.append((int(fit[1]), now.st_size, now.st_mtime_ns, now.st_ino))
    found.sort()
    return list(map(TrialFile._make, found))


def rerun_files(folder: Path) -> list[tuple[Path, int, int]]:
    """The reruns' files in a folder, each with its trial and number, by these."""
    found = [(int(fit[1]), int(fit[2]), folder / fit[0]) for fit, _ in _fitting(folder, _RERUN_FILE)]
    return [(path, trial, number) for trial, number, path in sorted(found)]


def numbered_files(folder: Path) -> list[tuple[Path, int]]:
    """The rounds' or confirmations' files in a folder, each with its number, by number."""
    found = [(int(fit[1]), folder / fit[0]) for fit, _ in _fitting(folder, _ROUND_FILE)]
    return [(path, number) for number, path in sorted(found)]


@contextmanager
def opened(folder: Path) -> Iterator[int | None]:
    """A folder's descriptor; ``None`` if there is no such folder.

    Raises:
        DamagedStudyError: It cannot be read as a folder.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise DamagedStudyError(
            f"{folder}: not a folder that can be read ({brief(error)}); put a copy back, or move it away "
            "and make what was in it again with hpt run CONFIG"
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _fitting(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], os.DirEntry[str]]]:
    """The files of ``folder`` whose whole name fits ``pattern``; none if there is no such folder.

    Raises:
        DamagedStudyError: It cannot be read as a folder.
    """
    with opened(folder) as descriptor:
        if descriptor is None:
            return
        with os.scandir(descriptor) as entries:
            for entry in entries:
                fit = pattern.fullmatch(entry.name)
                if fit:
                    yield fit, entry
