"""Trials that are handed out: how they are grouped into tasks, and what comes back."""

from __future__ import annotations

import dataclasses
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from hpt_cli.errors import EngineError
from hpt_cli.events import Notice, Observer
from hpt_cli.executors import TaskTimeoutError, WorkerDiedError
from hpt_cli.objectives.base import Objective, StagedObjective
from hpt_cli.trial import Leg, Paused, Status, Timing, TrialResult, TrialSpec

_TASKS_PER_WORKER = 2  # one in work, one at hand: a worker never waits for the loop
_SHARE_OF_TIMEOUT = 0.25  # a group takes no more, so that only a trial that hangs can end it
_SECONDS_A_TRIAL = 0.1  # of which nothing is known

SECONDS_TO_FINISH = 2.0
"""Given to trials in flight when a signal ends the study."""


@dataclasses.dataclass(frozen=True)
class _Finished:
    """A task's future that is done, and what it was for."""

    future: Future[list[TrialResult | Paused]]
    legs: tuple[Leg, ...]
    submitted: float


class StopRequest:
    """How a signal handler asks the loop to end; safe to call from one."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._inboxes: list[queue.SimpleQueue[_Finished | str | None]] = []

    def request(self, signal_number: int) -> None:
        """End softly: start nothing, keep what finishes within a moment."""
        self.signal_number = signal_number
        for inbox in self._inboxes:
            inbox.put(None)  # wakes who waits there; a SimpleQueue may be used in a signal handler

    def say(self, sentence: str) -> None:
        """Have the loop tell whoever watches it; safe from any thread."""
        if self._inboxes:
            self._inboxes[0].put(sentence)

    def wake(self, inbox: queue.SimpleQueue[_Finished | str | None]) -> None:
        """Name a queue that the loop may wait at."""
        self._inboxes.append(inbox)


class InFlight:
    """The trials that were handed to an executor and are not back.

    How they are grouped depends on how long trials take and changes no result.

    Args:
        objective: What a trial does.
        executor: Where trials run.
        workers: How many of them run there at the same time, at first.
        stop: Wakes who waits here.
        observe: Is told what the executor has to say.
        timeout: Seconds after which the executor ends a task, or ``None``.
    """

    def __init__(
        self,
        objective: Objective,
        executor: Executor,
        workers: int,
        stop: StopRequest,
        observe: Observer = lambda _: None,
        timeout: float | None = None,
    ) -> None:
        self.trials = 0
        self._timeout = timeout
        self._observe = observe
        self._objective = objective
        self._executor = executor
        self._workers = workers
        self._inbox: queue.SimpleQueue[_Finished | str | None] = queue.SimpleQueue()
        # Of a trial: at most, then the mean of those so far. Decides how they are grouped, and nothing else.
        self._mean_seconds = objective.seconds_at_most() or 0.0
        self._learned = 0
        self._out: set[Future[list[TrialResult | Paused]]] = set()
        self._recalled = False
        stop.wake(self._inbox)

    def learn(self, outcome: TrialResult | Paused) -> None:
        """Note how long a trial took, for the size of groups."""
        self._learned += 1
        self._mean_seconds += (outcome.timing.seconds - self._mean_seconds) / self._learned

    def room(self, *, waits: bool) -> int:
        """How many trials to ask for now.

        Many at once make larger groups, so a strategy that waits for no results is asked when half of the
        last ones are done; few while nothing is known of how long a trial takes.
        """
        most = self._count() * _TASKS_PER_WORKER * (self._trials_a_task() if self._mean_seconds else 1)
        if not waits and self.trials > most // 2:
            return 0
        return most - self.trials

    def submit(self, legs: Sequence[Leg], started: Callable[[TrialSpec], None] | None = None) -> None:
        """Hand trials to the workers, grouped so that each has something to do.

        Args:
            legs: The trials, and how far they go.
            started: Is told each one before it goes.
        """
        if not legs:
            return
        share = -(-len(legs) // self._count())
        by_number = {leg.spec.number: leg for leg in legs}
        specs = [leg.spec for leg in legs]
        for task in self._objective.tasks(specs, most=min(share, self._trials_a_task())):
            for spec in task:
                if started is not None:
                    started(spec)
            self.trials += len(task)
            self._hand_over(tuple(by_number[spec.number] for spec in task))

    def wait(self, seconds: float | None = None) -> list[TrialResult | Paused]:
        """What came of the next task that ends; nothing when woken, or when the time is up.

        A group that went down as one is tried again, its trials one by one.

        Args:
            seconds: How long to wait; ``None`` for as long as it takes.

        Raises:
            EngineError: What trials run on is gone.
        """
        try:
            finished = self._inbox.get(timeout=seconds)
        except queue.Empty:
            return []
        if isinstance(finished, str):
            self._observe(Notice(finished))
        if not isinstance(finished, _Finished):
            return []
        self._out.discard(finished.future)
        if not finished.future.cancelled() and isinstance(finished.future.exception(), EngineError):
            finished.future.result()
        broken = not finished.future.cancelled() and finished.future.exception() is not None
        if finished.future.cancelled() or (broken and self._recalled):
            self.trials -= len(finished.legs)
            return []
        if broken and len(finished.legs) > 1:
            for leg in finished.legs:
                self._hand_over((leg,))
            return []
        self.trials -= len(finished.legs)
        return _results_of(finished)

    def recall(self) -> None:
        """Take back the trials that no worker has begun; those that run come to their end."""
        self._recalled = True
        for future in list(self._out):
            future.cancel()  # comes back through the inbox

    def begin(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Start something that is not a trial; its end wakes :meth:`wait`."""
        future = self._executor.submit(function, *args)
        future.add_done_callback(lambda _: self._inbox.put(None))
        return future

    def _count(self) -> int:
        """Workers by now: to a cluster some may have come."""
        return max(self._workers, getattr(self._executor, "workers", 0))

    def _trials_a_task(self) -> int:
        """How many trials one task may hold, for it to take no longer than a few seconds."""
        seconds = self._mean_seconds or _SECONDS_A_TRIAL
        most = self._objective.most_a_task(seconds)
        if self._timeout is None:
            return most
        return max(1, min(most, int(self._timeout * _SHARE_OF_TIMEOUT / seconds)))

    def _hand_over(self, legs: tuple[Leg, ...]) -> None:
        submitted = time.time()
        future: Future[Any]
        if isinstance(self._objective, StagedObjective):
            future = self._executor.submit(self._objective.advance, legs)
        else:
            future = self._executor.submit(self._objective.evaluate, tuple(leg.spec for leg in legs))
        self._out.add(future)
        future.add_done_callback(lambda done: self._inbox.put(_Finished(done, legs, submitted)))


def _results_of(finished: _Finished) -> list[TrialResult | Paused]:
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
    return [TrialResult.failure(leg.spec, status, why, timing) for leg in finished.legs]
