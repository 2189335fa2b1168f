"""THE LOOP: ask, submit, save, tell, round by round.

The loop numbers the trials and is the only writer of the study's folder.  What it does next follows from the
config and the finished trials alone, so going on after a kill is the same as never having stopped: a fresh
strategy is told the stored results and asked for the first missing number.
"""

from __future__ import annotations

import dataclasses
import queue
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import NoReturn

from hpt_cli.config import StudyConfig
from hpt_cli.environment import usable_cores
from hpt_cli.errors import InterruptedStudyError, StudyFailedError
from hpt_cli.events import (
    Notice,
    Observer,
    RoundFinished,
    RoundStarted,
    StudyFinished,
    StudyStarted,
    TrialFinished,
    TrialStarted,
)
from hpt_cli.executors import LocalExecutor, TaskTimeoutError, WorkerDiedError
from hpt_cli.objectives.base import Objective
from hpt_cli.objectives.network import NetworkObjective
from hpt_cli.planning import next_round, planned_rounds, strategy_of, trials_in_all
from hpt_cli.ranking import best_of
from hpt_cli.rounds import RoundPlan
from hpt_cli.seeds import training_seed
from hpt_cli.space import Params
from hpt_cli.store import StudyStore
from hpt_cli.strategies.base import Strategy
from hpt_cli.trial import Status, Timing, TrialResult, TrialSpec

_TASKS_PER_WORKER = 2  # one in work, one at hand: a worker never waits for the loop
_SECONDS_A_TASK = 5.0  # so much is lost, at most, when a study is killed
_MOST_TRIALS_A_TASK = 32  # beyond it a population gains nothing more
_SECONDS_TO_FINISH = 2.0  # given to trials in flight when a signal ends the study


class StopRequest:
    """How a signal handler asks the loop to end; safe to call from one."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._inbox: queue.SimpleQueue[_Finished | None] | None = None

    def request(self, signal_number: int) -> None:
        """End softly: start nothing, keep what finishes within a moment."""
        self.signal_number = signal_number
        if self._inbox is not None:
            self._inbox.put(None)  # wakes the loop; a SimpleQueue may be used in a signal handler

    def wake(self, inbox: queue.SimpleQueue[_Finished | None]) -> None:
        """Name the queue that the loop waits at."""
        self._inbox = inbox


@dataclasses.dataclass(frozen=True)
class _Finished:
    """A task's future that is done, and what it was for."""

    future: Future[list[TrialResult]]
    specs: tuple[TrialSpec, ...]
    submitted: float


def run_study(
    store: StudyStore, config: StudyConfig, *, workers: int | None, observe: Observer, stop: StopRequest
) -> None:
    """Run what is missing of a study, to its end.

    Args:
        store: The study's folder.
        config: What the folder was made from (with a longer last round, or more rounds, if it was extended).
        workers: Processes that train; ``None`` for one a usable core.
        observe: Is called with each event, from this thread.
        stop: Asks the loop to end.

    Raises:
        StudyFailedError: No trial succeeded, or too many failed.
        InterruptedStudyError: ``stop`` was requested.
        StudyInUseError: Another process runs the study.
        CannotWriteError: A result could not be written.
    """
    workers = workers or config.execution.workers or usable_cores()
    objective = NetworkObjective(store.data_folder.resolve(), config.network, config.objective.metric)
    with store.lock(), _local_workers(workers, config) as executor:
        StudyLoop(store, config, objective, executor, workers, observe, stop).run()


@contextmanager
def _local_workers(workers: int, config: StudyConfig) -> Iterator[Executor]:
    executor = LocalExecutor(workers, timeout=config.execution.trial_timeout)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


class StudyLoop:
    """One run of the loop over one locked study.

    Args:
        store: The study's folder, locked.
        config: What it was made from.
        objective: What a trial does.
        executor: Where trials run.
        workers: How many of them run there at the same time.
        observe: Is called with each event.
        stop: Asks the loop to end.
    """

    def __init__(
        self,
        store: StudyStore,
        config: StudyConfig,
        objective: Objective,
        executor: Executor,
        workers: int,
        observe: Observer,
        stop: StopRequest,
    ) -> None:
        self._store = store
        self._config = config
        self._objective = objective
        self._executor = executor
        self._workers = workers
        self._observe = observe
        self._stop = stop
        self._inbox: queue.SimpleQueue[_Finished | None] = queue.SimpleQueue()
        self._results: dict[int, TrialResult] = {}
        self._counts: Counter[Status] = Counter()
        self._mean_seconds = 0.0  # of the trials so far; decides how they are grouped, and nothing else
        stop.wake(self._inbox)

    def run(self) -> None:
        """Run what is missing; raises as :func:`run_study`."""
        for damage in self._store.damage():
            aside = self._store.set_aside(damage)
            self._observe(
                Notice(f"{damage.path.name}: {damage.why}; set aside as {aside.name}, its trial runs again")
            )
        for result in self._store.results():
            self._remember(result)
        self._observe(StudyStarted(self._store.name, tuple(self._in_order()), self._in_all(), self._workers))
        self._stop_if_broken()
        number = 0
        while (plan := self._plan(number)) is not None:
            self._run_round(plan)
            number += 1
        best = best_of(self._results.values(), self._config.objective.goal)
        if best is None:
            raise StudyFailedError(f"no trial succeeded; {self._first_failure()}")
        self._keep_best(best)
        self._observe(StudyFinished(self._store.name, len(self._results)))

    def _plan(self, number: int) -> RoundPlan | None:
        """The plan of round ``number``, decided and published if it is new; ``None`` after the last."""
        plans = planned_rounds(self._store, self._config)
        if number < len(plans):
            return plans[number]
        plan = next_round(plans, self._in_order(), self._config)
        if plan is not None:
            self._store.save_round(plan)
        return plan

    def _remember(self, result: TrialResult) -> None:
        self._results[result.number] = result
        self._counts[result.status] += 1
        self._mean_seconds += (result.timing.seconds - self._mean_seconds) / len(self._results)

    def _in_order(self) -> list[TrialResult]:
        return [self._results[number] for number in sorted(self._results)]

    def _run_round(self, plan: RoundPlan) -> None:
        """Ask for every number of the round that has no result, and wait for all."""
        numbers = range(plan.first, plan.first + plan.trials)
        finished = [number for number in numbers if number in self._results]
        if len(finished) == plan.trials:
            return
        self._observe(RoundStarted(plan, len(finished)))
        before = [result for result in self._in_order() if result.number < plan.first]
        strategy = strategy_of(plan, self._config, before)
        for number in finished:
            strategy.tell(number - plan.first, self._results[number])
        asked = self._ask_and_tell(plan, strategy)
        plan = dataclasses.replace(plan, trials=asked)  # fewer if the space held no more
        if plan != self._store.rounds()[plan.number]:
            self._store.save_round(plan)
        if asked < len(numbers):
            self._observe(
                Notice(
                    f"round {plan.number} ends after {asked} of {len(numbers)} trials: "
                    "the space holds no other point that was not tried"
                )
            )
        self._observe(RoundFinished(plan, exhausted=asked < len(numbers)))

    def _ask_and_tell(self, plan: RoundPlan, strategy: Strategy) -> int:
        """Until every trial of the round has a result; how many trials there are."""
        number = 0  # the next to be asked, within the round
        settled = 0  # every number below it has a result
        trials = plan.trials
        in_flight = 0
        while True:
            while plan.first + settled in self._results:
                settled += 1
            asked: list[TrialSpec] = []
            room = self._room(in_flight, strategy)
            while number < trials and len(asked) < room:
                if self._stop.signal_number is not None:
                    self._wind_down(in_flight)
                if plan.first + number in self._results:
                    number += 1
                    continue
                if strategy.uses_results and settled <= number - plan.parallel:
                    break
                params = strategy.ask(number)
                if params is None:
                    trials = number
                    break
                asked.append(self._spec(plan, number, params, strategy))
                number += 1
            self._submit_all(asked)
            in_flight += len(asked)
            if not in_flight:
                return trials
            for result in self._wait(in_flight):
                strategy.tell(result.number - plan.first, result)
                in_flight -= 1

    def _room(self, in_flight: int, strategy: Strategy) -> int:
        """How many trials to ask for now.

        Many at once make larger groups, so a planned strategy is asked when half of the last ones are done;
        few at first, until it is known how long a trial takes.
        """
        most = self._workers * _TASKS_PER_WORKER * (self._trials_a_task() if self._mean_seconds else 1)
        if not strategy.uses_results and in_flight > most // 2:
            return 0
        return most - in_flight

    def _trials_a_task(self) -> int:
        """How many trials one task may hold, for it to take no longer than a few seconds."""
        if not self._mean_seconds:
            return _MOST_TRIALS_A_TASK
        return max(1, min(_MOST_TRIALS_A_TASK, int(_SECONDS_A_TASK / self._mean_seconds)))

    def _spec(self, plan: RoundPlan, number: int, params: Params, strategy: Strategy) -> TrialSpec:
        seeds = tuple(training_seed(self._config.seed, repeat) for repeat in range(plan.repeats))
        return TrialSpec(plan.first + number, plan.number, params, seeds, strategy.origin(number))

    def _submit_all(self, specs: Sequence[TrialSpec]) -> None:
        """Hand trials to the workers, grouped so that each has something to do."""
        if not specs:
            return
        share = -(-len(specs) // self._workers)
        for task in self._objective.tasks(specs, most=min(share, self._trials_a_task())):
            for spec in task:
                self._observe(TrialStarted(spec))
            self._submit(tuple(task))

    def _submit(self, specs: tuple[TrialSpec, ...]) -> None:
        submitted = time.time()
        future = self._executor.submit(self._objective.evaluate, specs)
        future.add_done_callback(lambda done: self._inbox.put(_Finished(done, specs, submitted)))

    def _wait(self, in_flight: int) -> list[TrialResult]:
        """The results of the next task that finishes, published."""
        while True:
            finished = self._inbox.get()
            results = [] if finished is None else self._keep(finished)
            if self._stop.signal_number is not None:
                self._wind_down(in_flight - len(results))
            if results:
                return results

    def _keep(self, finished: _Finished) -> list[TrialResult]:
        """Publish what came of a task; a group that went down is tried again one by one."""
        if finished.future.exception() is not None and len(finished.specs) > 1:
            for spec in finished.specs:
                self._submit((spec,))
            return []
        results = _results_of(finished)
        for result in results:
            self._store.save(result)
            self._remember(result)
            self._observe(TrialFinished(result))
        self._stop_if_broken()
        return results

    def _wind_down(self, in_flight: int) -> NoReturn:
        """A signal asked for the end: keep what finishes within a moment."""
        deadline = time.monotonic() + _SECONDS_TO_FINISH
        while in_flight and (left := deadline - time.monotonic()) > 0:
            try:
                finished = self._inbox.get(timeout=left)
            except queue.Empty:
                break
            if finished is not None:
                in_flight -= len(self._keep(finished))
        number = self._stop.signal_number or signal.SIGINT
        raise InterruptedStudyError(
            number,
            f"stopped by {signal.Signals(number).name}: {len(self._results)} of {self._in_all()} trials are "
            "finished and kept; the same command goes on",
        )

    def _in_all(self) -> int:
        return trials_in_all(planned_rounds(self._store, self._config), self._config)

    def _stop_if_broken(self) -> None:
        """End a study that only fails.

        Divergence counts while nothing has succeeded: then it is no finding about the space.
        """
        failures = self._counts[Status.FAILED] + self._counts[Status.TIMEOUT]
        if not self._counts[Status.DONE]:
            failures += self._counts[Status.DIVERGED]
        if failures > self._config.execution.max_failures:
            raise StudyFailedError(
                f"stopped: {failures} trials failed, more than execution.max_failures, "
                f"{self._config.execution.max_failures}; {self._first_failure()}"
            )

    def _first_failure(self) -> str:
        first = next((result for result in self._in_order() if result.status is not Status.DONE), None)
        if first is None:
            return "the space holds no point"
        return f"the first, trial {first.number}, {first.status.said}: {first.error}"

    def _keep_best(self, best: TrialResult) -> None:
        """Train the best trial's first repeat again, for its weights: cheaper than to carry everybody's."""
        if self._store.best_number() == best.number:
            return
        future = self._executor.submit(self._objective.model, best)
        future.add_done_callback(lambda _: self._inbox.put(None))
        while not future.done():
            self._inbox.get()
            if self._stop.signal_number is not None:
                self._wind_down(0)
        self._store.save_best(best.number, future.result())


def _results_of(finished: _Finished) -> list[TrialResult]:
    """What a task returned, or what its end says of each of its trials."""
    try:
        return finished.future.result()
    except TaskTimeoutError as error:
        status, why = Status.TIMEOUT, str(error)
    except WorkerDiedError as error:
        status, why = Status.FAILED, str(error)
    except Exception as error:  # noqa: BLE001 - it must not take the other trials along
        status, why = Status.FAILED, f"{type(error).__name__}: {error}"
    now = time.time()
    timing = Timing(finished.submitted, now, now - finished.submitted)
    return [TrialResult.failure(spec, status, why, timing) for spec in finished.specs]
