"""What own code wrote in its trials: ``trials/00017.log``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from hpt_cli.errors import StudyNotFoundError
from hpt_cli.objectives.settings import own_code_from_json
from hpt_cli.store import StudyStore

_BLOCK = 2**16
_SECONDS_BETWEEN_LOOKS = 0.1


def read_log(store: StudyStore, number: int, *, follow: bool = False) -> Iterator[bytes]:
    """A trial's log, in pieces as they come.

    Args:
        store: The study.
        number: The trial's.
        follow: Wait for what is still to be written, until the trial has ended.

    Raises:
        StudyNotFoundError: There is no such log; the message says why.
    """
    path = store.log_folder / f"{number:05d}.log"
    while not path.exists():
        if not follow or _is_over(store, number):
            raise StudyNotFoundError(_nothing_there(store, number))
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    position = 0
    while True:
        over = not follow or _is_over(store, number)  # before the last look, which then sees all
        if path.stat().st_size < position:  # the trial has begun anew
            position = 0
        with path.open("rb") as file:
            file.seek(position)
            while block := file.read(_BLOCK):
                position += len(block)
                yield block
        if over:
            return
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _is_over(store: StudyStore, number: int) -> bool:
    return store.trial_path(number).exists() or store.holder() is None


def _nothing_there(store: StudyStore, number: int) -> str:
    if own_code_from_json(store.study["config"]) is None:
        return f"study {store.name} trains the built-in network; only own code writes logs"
    there = sorted(int(path.stem) for path in _logs(store.log_folder))
    seen = f"there are logs of {len(there)} trials, 0 to {there[-1]}" if there else "there is none yet"
    return f"trial {number} of {store.name} has no log; {seen}"


def _logs(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.log") if path.stem.isdigit()]
