"""Finished trials trained again, on seeds of their own."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping

from hpt_cli.errors import InterruptedStudyError
from hpt_cli.events import Observer, RerunFinished, RerunsStarted
from hpt_cli.in_flight import SECONDS_TO_FINISH, InFlight, StopRequest
from hpt_cli.rerun import Rerun, WantedReruns, reruns_of
from hpt_cli.seeds import rerun_seed
from hpt_cli.store import Damage, StudyStore
from hpt_cli.trial import TrialResult, TrialSpec


class Rerunner:
    """Trains what is wanted and not there yet, and publishes it.

    Trials are grouped as in the study's own rounds, all reruns of one together, which changes no bit.

    Args:
        store: The study's folder, locked.
        seed: The study's.
        in_flight: What hands trainings to the workers; nothing else is in flight.
        observe: Is called with each event.
        stop: Asks for the end.
    """

    def __init__(
        self, store: StudyStore, seed: int, in_flight: InFlight, observe: Observer, stop: StopRequest
    ) -> None:
        self._store = store
        self._seed = seed
        self._in_flight = in_flight
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
        found: dict[tuple[int, int], Rerun] = {}
        for read in self._store.each_rerun():
            if isinstance(read, Damage):
                self._store.set_aside(read)
            else:
                found[read.trial, read.number] = read
        keys = [(trial, number) for trial in wanted.trials for number in wanted.numbers]
        missing = {
            trial: {number: rerun_seed(self._seed, number) for number in wanted.numbers}
            for trial in wanted.trials
        }
        for trial, number in found:
            missing.get(trial, {}).pop(number, None)
        waiting = [self._spec(results[trial], seeds) for trial, seeds in missing.items() if seeds]
        if waiting:
            self._observe(RerunsStarted(wanted, finished=sum(key in found for key in keys)))
        while waiting or self._in_flight.trials:
            if self._stop.signal_number is None:
                room = self._in_flight.room(uses_results=False)
                self._in_flight.submit(waiting[:room], lambda _: None)
                waiting = waiting[room:]
                self._keep(self._in_flight.wait(), wanted, missing, found)
            else:
                self._wind_down(wanted, missing, found, len(keys))
        return [found[key] for key in keys]

    def _spec(self, result: TrialResult, seeds: Mapping[int, int]) -> TrialSpec:
        return TrialSpec(result.number, result.round, result.params, tuple(seeds.values()), result.origin)

    def _keep(
        self,
        results: list[TrialResult],
        wanted: WantedReruns,
        missing: Mapping[int, Mapping[int, int]],
        found: dict[tuple[int, int], Rerun],
    ) -> None:
        """Publish what came of a task."""
        for result in results:
            self._in_flight.learn(result)
            for rerun in reruns_of(result, list(missing[result.number].items()), wanted.purpose):
                self._store.save_rerun(rerun)
                found[rerun.trial, rerun.number] = rerun
                self._observe(RerunFinished(rerun))

    def _wind_down(
        self,
        wanted: WantedReruns,
        missing: Mapping[int, Mapping[int, int]],
        found: dict[tuple[int, int], Rerun],
        in_all: int,
    ) -> None:
        """A signal asked for the end: keep what finishes within a moment."""
        deadline = time.monotonic() + SECONDS_TO_FINISH
        while self._in_flight.trials and (left := deadline - time.monotonic()) > 0:
            self._keep(self._in_flight.wait(left), wanted, missing, found)
        number = self._stop.signal_number or signal.SIGINT
        there = sum((trial, of) in found for trial in wanted.trials for of in wanted.numbers)
        raise InterruptedStudyError(
            number,
            f"stopped by {signal.Signals(number).name}: {there} of {in_all} trainings are finished and kept; "
            "the same command goes on",
        )
