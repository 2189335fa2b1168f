"""A running study as its events tell it: what the live view and the plain lines are drawn from."""

from __future__ import annotations

import bisect
import dataclasses
import time
from collections import Counter
from collections.abc import Callable

from hpt_cli.board import Leaderboard, Row, Rows
from hpt_cli.events import (
    Event,
    RerunFinished,
    RerunsStarted,
    RoundFinished,
    RoundStarted,
    StudyStarted,
    TrialFinished,
    TrialStarted,
)
from hpt_cli.evidence import NOTHING_ELSE, Evidence
from hpt_cli.ranking import done_in_order, sort_key
from hpt_cli.rounds import RoundPlan
from hpt_cli.trial import Status, TrialResult

STOPPING = "stopping: trials in flight have 2 s; again to stop at once"
"""What is said when a signal asks for the end."""

Clock = Callable[[], float]

_KEPT = 50  # of the best trials: more than any view shows, and than reruns are likely to move down


class Progress:
    """Counts, the best trials so far, and how long it may still take.

    Args:
        metric: What trials are judged by.
        goal: ``minimize`` or ``maximize``.
        clock: Seconds from any start; only differences count.
    """

    def __init__(self, metric: str, goal: str, clock: Clock = time.monotonic) -> None:
        self.metric = metric
        self.goal = goal
        self.name = ""
        self.planned = 0
        self.finished = 0
        self.workers = 1
        self.counts: Counter[Status] = Counter()
        self.plan: RoundPlan | None = None
        self.reruns = 0  # wanted by now, of the last that were asked for
        self.reruns_finished = 0
        self._clock = clock
        self._open = 0  # handed out and not back, those that wait for a worker included
        self._ranked: list[TrialResult] = []  # by their own repeats, the best of them
        self._again: dict[int, TrialResult] = {}  # those with reruns, however good
        self._evidence = NOTHING_ELSE
        self._top: Rows | None = None  # what follows from these, as soon as it is asked for
        self.finished_now = 0  # not those of earlier sessions
        self._began: float | None = None  # the first trial of this session and round
        self._of_round = 0  # finished in this session and round
        self._expected: float | None = None  # seconds from one trial's end to the next one's
        self._last_finish = 0.0

    @property
    def running(self) -> int:
        """Trials that are being trained."""
        return min(self._open, self.workers)

    @property
    def best(self) -> Row | None:
        """The best trial that is done, by all that is known of it, as the leaderboard has it."""
        rows = self._rows()
        return rows[0] if rows else None

    def take(self, event: Event) -> None:
        """Learn from an event."""
        if isinstance(event, StudyStarted):
            self.name, self.planned, self.workers = event.name, event.planned, event.workers
            self._evidence = event.evidence
            for result in event.finished:
                self._count(result)
        elif isinstance(event, RoundStarted):
            self.plan = event.plan
            self.planned = max(self.planned, event.plan.first + event.plan.trials)  # a refine adds to them
            self.reruns = self.reruns_finished = 0
            self._began, self._of_round = None, 0
            left = event.plan.trials - event.finished
            self._expected = sum(event.cost.seconds) / 2 / left if event.cost and left else None
        elif isinstance(event, RerunsStarted):
            self.reruns = len(event.wanted.trials) * len(event.wanted.numbers)
            self.reruns_finished = event.finished
            self._again |= {result.number: result for result in event.trials}
        elif isinstance(event, RerunFinished):
            self.reruns_finished += 1
            known = self._evidence
            self._evidence = Evidence([*known.reruns, event.rerun], known.confirmations)
            self._top = None
        elif isinstance(event, TrialStarted):
            self._open += 1
            if self._began is None:
                self._began = self._clock()
        elif isinstance(event, TrialFinished):
            self._open -= 1
            self.finished_now += 1
            self._of_round += 1
            self._last_finish = self._clock()
            self._count(event.result)
        elif isinstance(event, RoundFinished) and self.plan is not None:
            self.planned -= self.plan.trials - event.plan.trials  # the space held fewer than were asked for

    def seconds_left(self) -> float | None:
        """At this round's pace, counted down since the last trial; ``None`` before there is a pace.

        What the round was expected to take counts as much as one trial a worker.
        """
        if self._began is None or (self._of_round < 2 and self._expected is None):
            return None
        expected, weight = (0.0, 0) if self._expected is None else (self._expected, self.workers)
        seen = self._last_finish - self._began if self._of_round else 0.0
        pace = (seen + weight * expected) / (self._of_round + weight)
        since = self._clock() - (self._last_finish if self._of_round else self._began)
        return max(pace * (self.planned - self.finished) - since, 0.0)

    def top(self, count: int) -> Leaderboard:
        """The best trials so far, at most ``count``, of which no view asks for more than 20."""
        shown = self._rows()
        rows = dataclasses.replace(shown, results=shown.results[:count], ranks=shown.ranks[:count])
        dimensions = self.plan.space.dimensions if self.plan else {}
        params = tuple(name for name, dimension in dimensions.items() if dimension.size != 1)
        return Leaderboard(self.goal, rows, params, (), dict(self.counts))

    def _rows(self) -> Rows:
        if self._top is None:
            kept = {result.number: result for result in self._ranked} | self._again
            done, among = [kept[number] for number in sorted(kept)], self.counts[Status.DONE]
            ordered, ranks = done_in_order(done, self.goal, self._evidence, among)
            confirmed = self._evidence.confirmed(among)
            self._top = Rows(ordered, ranks, self._evidence, confirmed=confirmed)
        return self._top

    def _count(self, result: TrialResult) -> None:
        self.finished += 1
        self.counts[result.status] += 1
        self._top = None
        if self._evidence.knows(result.number):
            self._again[result.number] = result
        if result.objective is not None:
            bisect.insort(self._ranked, result, key=lambda ranked: sort_key(ranked, self.goal))
            del self._ranked[_KEPT:]  # with 100,000 trials their curves would fill the memory
