"""Progress without a terminal: one line a trial."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console

from hpt_cli.board import Row
from hpt_cli.events import (
    Event,
    Notice,
    RerunFinished,
    RerunsStarted,
    RoundStarted,
    StudyStarted,
    TrialFinished,
)
from hpt_cli.rerun import Rerun
from hpt_cli.trial import TrialResult
from hpt_cli.views.console import write_lines
from hpt_cli.views.leaderboard import objective
from hpt_cli.views.progress import STOPPING, Progress
from hpt_cli.views.rounds import plain_round
from hpt_cli.views.text import clean, number, plural, seconds, short, value


class PlainView:
    """Prints a line for each event that a person wants to know.

    Args:
        console: Where to.
        progress: Is told every event.
    """

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self.progress = progress

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def observe(self, event: Event) -> None:
        """Print the event, if it says something."""
        self.progress.take(event)
        if isinstance(event, StudyStarted):
            before = f", {len(event.finished)} finished before" if event.finished else ""
            trials, workers = plural(event.planned, "trial"), plural(event.workers, "worker")
            self._say(f"study {event.name}: {trials}{before}; {workers}")
        elif isinstance(event, RoundStarted):
            write_lines(self._console, plain_round(event.plan, event.cost))
        elif isinstance(event, TrialFinished):
            self._say(self._trial_line(event.result))
        elif isinstance(event, RerunsStarted):
            there = f", {event.finished} finished before" if event.finished else ""
            self._say(f"{event.wanted.why}{there}")
        elif isinstance(event, RerunFinished):
            self._say(self._rerun_line(event.rerun))
        elif isinstance(event, Notice):
            self._say(f"note: {clean(event.text)}")

    def stopping(self) -> None:
        """Say that the end was asked for.  Safe in a signal handler: it goes past what is being written."""
        with suppress(OSError):
            os.write(sys.stderr.fileno(), f"hpt: {STOPPING}\n".encode())

    def restore(self) -> None:
        """Nothing of the terminal was changed."""

    def _trial_line(self, result: TrialResult) -> str:
        """``[13/60] trial 12: validation_accuracy 0.9833, best so far; learning_rate 0.0123; 1.24 s``."""
        progress = self.progress
        if result.objective is None:
            outcome = f"{result.status.said}: {short(result.reason, 200)}"
        else:
            outcome = f"{progress.metric} {objective(Row(None, result), '+-')}"
            if progress.best and progress.best.result.number == result.number:
                outcome += ", best so far"
        params = ", ".join(f"{clean(name)} {value(of)}" for name, of in result.params.items())
        place = f"[{progress.finished}/{progress.planned}]"
        return f"{place} trial {result.number}: {outcome}; {params}; {seconds(result.timing.seconds)} s"

    def _rerun_line(self, rerun: Rerun) -> str:
        """``[13/25] trial 12, new seed 3: validation_loss 0.0533; 1.24 s``."""
        progress, repeat = self.progress, rerun.repeat
        outcome = f"{repeat.status.said}: {short(repeat.error or 'no reason given', 200)}"
        if repeat.objective is not None:
            outcome = f"{progress.metric} {number(repeat.objective)}"
        place = f"[{progress.reruns_finished}/{progress.reruns}]"
        spent = seconds(rerun.timing.seconds)
        return f"{place} trial {rerun.trial}, new seed {rerun.number}: {outcome}; {spent} s"

    def _say(self, line: str) -> None:
        write_lines(self._console, [line])
