"""Train finished trials again and compare every bit with what is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hpt_cli.config import StudyConfig
from hpt_cli.engines import count_workers
from hpt_cli.environment import describe_environment
from hpt_cli.errors import StudyFailedError, ranges
from hpt_cli.evaluation import make_objective
from hpt_cli.executors import LocalExecutor, WorkerDiedError
from hpt_cli.records import Damage
from hpt_cli.rerun import Rerun
from hpt_cli.store import StudyStore
from hpt_cli.trial import Status, TrialResult, TrialSpec

_MOST_TRIALS_A_TASK = 8
_BY_THE_CLOCK = (Status.TIMEOUT, Status.FAILED)  # what a clock or a killed worker ended need not end so again


@dataclass(frozen=True)
class Check:
    """What came of training one trial, or one rerun of it, again.

    Args:
        number: The trial's.
        rerun: The rerun's; ``None`` of the trial's own repeats.
        difference: Where the first difference is and how large, in words; ``None`` if every bit agrees.
        largest: The largest absolute difference between two numbers; ``None`` where there is none, and
            infinite where one of them is missing.
    """

    number: int
    rerun: int | None
    difference: str | None
    largest: float | None


def verify_trials(
    store: StudyStore,
    config: StudyConfig,
    results: Sequence[TrialResult],
    reruns: Sequence[Rerun] = (),
    *,
    workers: int | None,
) -> Iterator[Check]:
    """Train each of ``results`` and ``reruns`` again, in the order in which they finish.

    What failed or ran out of time are passed over: the record is the truth there.

    Args:
        store: The study's folder, with its prepared data.
        config: What it was made from.
        results: Finished trials, all that ``reruns`` are of among them.
        reruns: Finished ones.
        workers: Processes that train; ``None`` for the config's, or one a usable core.

    Raises:
        StudyFailedError: A worker process died under a trial.
    """
    trials = {result.number: result for result in results}
    stored: list[tuple[int | None, TrialResult]] = [(None, result) for result in results]
    stored += [(rerun.number, _as_trial(rerun, trials[rerun.trial])) for rerun in reruns]
    stored = [(number, result) for number, result in stored if result.status not in _BY_THE_CLOCK]
    specs = [
        TrialSpec(place, result.round, result.params, (), result.origin)
        for place, (_, result) in enumerate(stored)
    ]
    with TemporaryDirectory(prefix="hpt-") as scratch:  # the trials' own logs and folders stay as they are
        objective = make_objective(store, config, scratch=Path(scratch))
        settings = config.execution
        executor = LocalExecutor(count_workers(settings, workers), threads=settings.threads_per_worker)
        try:
            seconds = sum(result.timing.seconds for result in results) / max(len(results), 1)
            most = min(_MOST_TRIALS_A_TASK, objective.most_a_task(max(seconds, 1e-6)))
            futures = {}
            for task in objective.tasks(specs, most=most):
                part = [stored[spec.number] for spec in task]
                alone = objective.beside(Path(scratch) / str(task[0].number)) if len(task) == 1 else objective
                futures[executor.submit(alone.anew, [result for _, result in part])] = part
            for future in as_completed(futures):
                try:
                    results_again = future.result()
                except WorkerDiedError as error:
                    which = ranges([result.number for _, result in futures[future]])
                    raise StudyFailedError(
                        f"trained again, trial {which} did not come to its end: {error}"
                    ) from error
                for (rerun, result), again in zip(futures[future], results_again, strict=True):
                    yield _compare(result, again, rerun)
        finally:
            executor.shutdown(cancel_futures=True)


def _as_trial(rerun: Rerun, trial: TrialResult) -> TrialResult:
    """A rerun as a trial of one repeat."""
    repeat = rerun.repeat
    return replace(
        trial, status=repeat.status, objective=repeat.objective, repeats=(repeat,), error=repeat.error
    )


def file_problems(store: StudyStore) -> list[str]:
    """What is damaged in a study's folder, a line each; nothing is changed."""
    found = [*store.each_round(), *store.each_trial(), *store.each_rerun(), *store.each_confirmation()]
    lines = [f"{read.path}: {read.why}" for read in found if isinstance(read, Damage)]
    if damage := store.text_damage():
        lines.append(f"{damage.path}: {damage.why}; hpt run makes it again")
    best = store.folder / "best"
    if (best / "trial.json").exists() and store.best_number() is None:
        lines.append(f"{best}: not as it was written; hpt run makes it again")
    return lines


def environment_changes(store: StudyStore) -> list[str]:
    """What differs between the environment that made the study and this one, a line each."""
    now = describe_environment()
    lines = []
    for part, here in now.items():
        there = store.study.get(part)
        if isinstance(here, dict) and isinstance(there, dict):
            lines += [
                f"{name} {there.get(name, 'not there')} -> {here.get(name, 'not there')}"
                for name in sorted({*there, *here})
                if there.get(name) != here.get(name)
            ]
        elif there != here:
            lines.append(f"{part} {there} -> {here}")
    return lines


def _compare(stored: TrialResult, again: TrialResult, rerun: int | None) -> Check:
    old, new = (_comparable(result) for result in (stored, again))
    differences = list(_differences("", old, new))
    if not differences:
        return Check(stored.number, rerun, None, None)
    place, before, after, _ = differences[0]
    largest = max(size for *_, size in differences)
    return Check(stored.number, rerun, f"{place}: {before} -> {after}", largest)


def _comparable(result: TrialResult) -> dict[str, Any]:
    data = result.to_json()
    names = ["status", "objective", "repeats"]
    if result.status is not Status.PRUNED:  # why it was pruned is about other trials too
        names.append("error")
    return {name: data[name] for name in names}


def _differences(place: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any, float]]:
    """(where, before, after, how large) for each number or text that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _differences(f"{place}.{name}" if place else name, old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{place}[{index}]", before, after)
    elif old != new:
        numbers = all(isinstance(value, (int, float)) for value in (old, new))
        yield place, old, new, abs(old - new) if numbers else math.inf
