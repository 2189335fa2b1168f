"""The contract between the loop and what a trial does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from hpt_cli.trial import TrialResult, TrialSpec


class Objective(ABC):
    """Evaluates trials, in whatever process it is sent to.

    An objective is a small picklable value: what is large (data) it finds by path where it runs.  It must not
    depend on anything but itself and the specs: no clock, no global generator, no state from earlier calls.
    """

    @abstractmethod
    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Evaluate every spec with all its repeats; the results in the same order.

        What goes wrong inside a trial becomes its status and error; nothing is raised for it.
        """

    def tasks(self, specs: Sequence[TrialSpec], *, most: int) -> list[list[TrialSpec]]:  # noqa: ARG002
        """Which trials are worth evaluating together, each task at most ``most``; alone by default.

        It may change how long trials take, and nothing of what comes out.
        """
        return [[spec] for spec in specs]

    def beside(self, folder: Path) -> Objective:  # noqa: ARG002
        """The same objective, which puts what it writes beside its results (logs) into ``folder``."""
        return self

    @abstractmethod
    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """What is worth keeping of the best trial, by file name: its first repeat, done again."""
