"""The numbered files of a study: what each holds, or why it cannot be read."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hpt_cli import quick_json
from hpt_cli.confirmation import SCHEMA as CONFIRMATION_SCHEMA
from hpt_cli.confirmation import Confirmation
from hpt_cli.errors import DamagedStudyError, brief
from hpt_cli.files import read_content, read_json
from hpt_cli.listing import opened, trial_name
from hpt_cli.rerun import SCHEMA as RERUN_SCHEMA
from hpt_cli.rerun import Rerun
from hpt_cli.rounds import RoundPlan
from hpt_cli.rounds.plan import SCHEMA as ROUND_SCHEMA
from hpt_cli.trial import SCHEMA as TRIAL_SCHEMA
from hpt_cli.trial import TrialResult

_Record = TypeVar("_Record", TrialResult, Rerun, RoundPlan, Confirmation)


@dataclass(frozen=True)
class Damage:
    """A trial's, rerun's, round's or confirmation's file that cannot be read as one."""

    path: Path
    why: str


def read_trial(folder: Path, number: int, descriptor: int | None = None) -> TrialResult | Damage:
    """What the file of trial ``number`` in a folder holds.

    Args:
        folder: Where it is.
        number: The trial.
        descriptor: The folder, opened: to find 100,000 files by their whole paths takes a second more.

    Raises:
        DamagedStudyError: It was written by a newer version.
    """
    path = f"{folder}{os.sep}{trial_name(number)}"
    name = path if descriptor is None else trial_name(number)
    result = _read(path, TRIAL_SCHEMA, TrialResult.from_json, "trial's file", lambda: _load(name, descriptor))
    if isinstance(result, TrialResult) and result.number != number:
        return Damage(Path(path), f"it holds trial {result.number}")
    return result


def read_trials(folder: Path, numbers: Iterable[int]) -> Iterator[TrialResult | Damage]:
    """What the files of trials hold, one after the other.

    Raises:
        DamagedStudyError: One was written by a newer version.
    """
    with opened(folder) as descriptor:
        for number in numbers:
            yield read_trial(folder, number, descriptor)


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Without the search for cyclic garbage: of many trials it takes a quarter of the time and finds none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read_rerun(path: Path, trial: int, number: int) -> Rerun | Damage:
    """What the file of rerun ``number`` of ``trial`` holds.

    Raises:
        DamagedStudyError: It was written by a newer version.
    """
    rerun = _read(path, RERUN_SCHEMA, Rerun.from_json, "rerun's file")
    if isinstance(rerun, Rerun) and (rerun.trial, rerun.number) != (trial, number):
        return Damage(path, f"it holds rerun {rerun.number} of trial {rerun.trial}")
    return rerun


def read_round(path: Path, number: int) -> RoundPlan | Damage:
    """What the file of round ``number`` holds.

    Raises:
        DamagedStudyError: It was written by a newer version.
    """
    plan = _read(path, ROUND_SCHEMA, RoundPlan.from_json, "round's plan")
    if isinstance(plan, RoundPlan) and plan.number != number:
        return Damage(path, f"it holds round {plan.number}")
    return plan


def read_confirmation(path: Path, number: int) -> Confirmation | Damage:
    """What the file of confirmation ``number`` holds.

    Raises:
        DamagedStudyError: It was written by a newer version.
    """
    record = _read(path, CONFIRMATION_SCHEMA, Confirmation.from_json, "confirmation's record")
    if isinstance(record, Confirmation) and record.number != number:
        return Damage(path, f"it holds confirmation {record.number}")
    return record


def _read(
    path: Path | str,
    schema: int,
    parse: Callable[[Any], _Record],
    kind: str,
    load: Callable[[], Any] | None = None,
) -> _Record | Damage:
    try:
        data = read_json(path) if load is None else load()
        if isinstance(data, dict) and isinstance(data.get("schema"), int) and data["schema"] > schema:
            raise DamagedStudyError(f"{path}: written by a newer version of hpt; upgrade hpt")
        return parse(data)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        return Damage(Path(path), f"not a {kind} ({brief(error)})")


def _load(name: str, folder: int | None) -> Any:
    """As :func:`read_json`, for trials' files, of which there may be 100,000."""
    content = read_content(name, folder)
    try:
        data = quick_json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    params = data.get("params") if isinstance(data, dict) else None
    if isinstance(params, dict) and not all(map(quick_json.is_exact, params.values())):
        return json.loads(content)  # no other integer of a trial is as long as a param may be
    return data
