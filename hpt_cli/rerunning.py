"""Finished trials trained again, on seeds of their own."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import NoReturn

from hpt_cli.errors import InterruptedStudyError
from hpt_cli.events import Notice, Observer, RerunFinished, RerunsStarted
from hpt_cli.in_flight import SECONDS_TO_FINISH, InFlight, StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.records import Damage
from hpt_cli.rerun import Rerun, WantedReruns, rerun_of
from hpt_cli.seeds import rerun_seed
from hpt_cli.store import StudyStore
from hpt_cli.trial import Leg, Paused, TrialResult, TrialSpec

_Key = tuple[int, int]  # a trial, and the number of one of its reruns


class Rerunner:
    """Trains what is wanted and not there yet, and publishes it.

    Args:
        store: The study's folder, locked.
        seed: The study's.
        objective: What a trial does.
        executor: Where it runs.
        workers: How many trainings run there at the same time.
        observe: Is called with each event.
        stop: Asks for the end.
    """

    def __init__(
        self,
        store: StudyStore,
        seed: int,
        objective: Objective,
        executor: Executor,
        workers: int,
        observe: Observer,
        stop: StopRequest,
    ) -> None:
        self._store = store
        self._seed = seed
        self._objective = objective
        self._executor = executor
        self._workers = workers
        self._observe = observe
        self._stop = stop

    def run(self, wanted: WantedReruns, results: Mapping[int, TrialResult]) -> list[Rerun]:
        """Train what is missing; all the reruns that were wanted, by trial and number.

        A damaged file is set aside, and its rerun trained again.

        Args:
            wanted: Which reruns of which trials.
            results: The study's trials by number.

        Raises:
            InterruptedStudyError: ``stop`` was requested; what is finished is kept.
            CannotWriteError: A rerun could not be written.
        """
        found = self._stored()
        keys = [(trial, number) for trial in wanted.trials for number in wanted.numbers]
        missing = [key for key in keys if key not in found]
        if missing:
            trials = tuple(results[trial] for trial in wanted.trials)
            self._observe(RerunsStarted(wanted, len(keys) - len(missing), trials))
            self._train(missing, wanted, results, found)
        return [found[key] for key in keys]

    def set_damaged_aside(self) -> None:
        """Set the files aside that cannot be read; who needs such a rerun has it trained again."""
        for read in list(self._store.each_rerun()):
            if isinstance(read, Damage):
                aside = self._store.set_aside(read.path)
                self._observe(Notice(f"{read.path.name}: {read.why}; set aside as {aside.name}"))

    def _stored(self) -> dict[_Key, Rerun]:
        self.set_damaged_aside()
        return {(rerun.trial, rerun.number): rerun for rerun in self._store.reruns()}

    def _train(
        self,
        missing: Sequence[_Key],
        wanted: WantedReruns,
        results: Mapping[int, TrialResult],
        found: dict[_Key, Rerun],
    ) -> None:
        objective = _Numbered(self._objective, tuple(missing), self._store.folder.resolve() / "reruns")
        in_flight = InFlight(objective, self._executor, self._workers, self._stop, self._observe)
        specs: list[TrialSpec] = []
        for place, (trial, number) in enumerate(missing):
            result = results[trial]
            in_flight.learn(_one_training(result))
            seeds = (rerun_seed(self._seed, number),)
            specs.append(TrialSpec(place, result.round, result.params, seeds, result.origin))
        in_flight.submit([Leg(spec) for spec in specs])
        deadline = None
        while in_flight.trials:
            if self._stop.signal_number is not None:
                deadline = deadline or time.monotonic() + SECONDS_TO_FINISH
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            for again in in_flight.wait(left):
                if isinstance(again, Paused):
                    raise AssertionError("a rerun has no rung")
                trial, number = missing[again.number]
                rerun = rerun_of(trial, number, specs[again.number].seeds[0], wanted.purpose, again)
                self._store.save_rerun(rerun)
                found[trial, number] = rerun
                self._observe(RerunFinished(rerun))
        if in_flight.trials:
            self._interrupted(len(missing) - in_flight.trials, len(missing))

    def _interrupted(self, there: int, of: int) -> NoReturn:
        number = self._stop.signal_number or signal.SIGINT
        raise InterruptedStudyError(
            number,
            f"stopped by {signal.Signals(number).name}: {there} of {of} trainings are finished and kept; "
            "the same command goes on",
        )


@dataclasses.dataclass(frozen=True)
class _Numbered(Objective):
    """An objective that is given its trainings by their place in a list: so each is told from the others.

    Args:
        inner: What a trial does.
        keys: The trial and the number of the rerun, by place.
        folder: Where a rerun may leave what a trial leaves beside the trials, in a folder of its own.
    """

    inner: Objective
    keys: tuple[_Key, ...]
    folder: Path

    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        real = [dataclasses.replace(spec, number=self.keys[spec.number][0]) for spec in specs]
        inner = self.inner
        if len(specs) == 1:
            trial, number = self.keys[specs[0].number]
            inner = inner.beside(self.folder / f"{trial:05d}-{number:03d}")
        return [
            dataclasses.replace(result, number=spec.number)
            for spec, result in zip(specs, inner.evaluate(real), strict=True)
        ]

    def tasks(self, specs: Sequence[TrialSpec], *, most: int) -> list[list[TrialSpec]]:
        return self.inner.tasks(specs, most=most)

    def at(self, folder: Path) -> Objective:
        return dataclasses.replace(self, inner=self.inner.at(folder))

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        return self.inner.model(trial)


def _one_training(result: TrialResult) -> TrialResult:
    """The trial as if it had one repeat, for how long it takes."""
    seconds = result.timing.seconds / max(len(result.repeats), 1)
    return dataclasses.replace(result, timing=dataclasses.replace(result.timing, seconds=seconds))
