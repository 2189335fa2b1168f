"""What commands and functions have in common: repeats one after the other, a log, a folder, what is kept."""

from __future__ import annotations

import shutil
import time
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hpt_cli.objectives.base import Objective
from hpt_cli.trial import RepeatResult, Timing, TrialResult, TrialSpec

_LOG_LINES = 8
"""Last lines of a log that a failed trial quotes."""


@dataclass(frozen=True)
class Run:
    """One training by own code: a repeat of a trial.

    Args:
        spec: The trial.
        repeat: Counts from 0.
        seconds: That it may take; ``None`` for no limit.
    """

    spec: TrialSpec
    repeat: int
    seconds: float | None = None

    @property
    def seed(self) -> int:
        """The training seed."""
        return self.spec.seeds[self.repeat]

    @property
    def title(self) -> str:
        """What a log calls it."""
        of = f", repeat {self.repeat}" if len(self.spec.seeds) > 1 else ""
        return f"trial {self.spec.number}{of}, seed {self.seed}"


@dataclass(frozen=True)
class Home:
    """Where a study's own code runs and writes.

    Args:
        study: The study's name.
        folder: The config's, where the code runs.
        logs: Where ``00017.log`` of trial 17 is written.
        work: Where each trial has a folder of its own, if its code asks for one.
    """

    study: str
    folder: Path
    logs: Path
    work: Path


@dataclass(frozen=True)
class OwnCodeObjective(Objective):
    """Trains by the user's own code, once for each of a trial's seeds, one after the other.

    Args:
        metric: What a trial is judged by.
        home: Where the code runs and writes.
    """

    metric: str
    home: Home

    @abstractmethod
    def train(self, run: Run) -> RepeatResult:
        """One training, to its end; whatever goes wrong is in the result."""

    def seconds_left(self, clock: float) -> float | None:  # noqa: ARG002
        """How long the trial that began at ``clock`` may still take, if it is the objective that ends it."""
        return None

    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Train every repeat of every trial, in order."""
        return [self._evaluate(spec) for spec in specs]

    def _evaluate(self, spec: TrialSpec) -> TrialResult:
        started, clock = time.time(), time.perf_counter()
        log = self.log_of(spec)
        with suppress(OSError):  # a resumed trial begins anew; what cannot be written is told by the loop
            log.parent.mkdir(parents=True, exist_ok=True)
            log.unlink(missing_ok=True)
        repeats = [
            self.train(Run(spec, repeat, self.seconds_left(clock))) for repeat in range(len(spec.seeds))
        ]
        timing = Timing(started, time.time(), time.perf_counter() - clock)
        return TrialResult.from_repeats(spec, repeats, timing)

    def log_of(self, spec: TrialSpec) -> Path:
        """Where a trial's output goes."""
        return self.home.logs / f"{spec.number:05d}.log"

    def folder_of(self, run: Run) -> Path:
        """The folder of one training's own; with several repeats, one for each."""
        folder = self.home.work / f"{run.spec.number:05d}"
        return folder / str(run.repeat) if len(run.spec.seeds) > 1 else folder

    def make_folder(self, run: Run) -> Path:
        """Its folder, empty."""
        folder = self.folder_of(run)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def beside(self, folder: Path) -> Objective:
        """The same code, with its logs and folders elsewhere."""
        return replace(self, home=replace(self.home, logs=folder, work=folder))

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """``params.yaml``; what else is worth keeping only the code knows, and it has a folder of its own."""
        import yaml

        text = yaml.safe_dump(dict(trial.params), sort_keys=False, allow_unicode=True)
        return {"params.yaml": text.encode()}


def quoting(reason: str, tail: Sequence[str]) -> str:
    """A failure and, below it, the last lines of its log."""
    lines = [line.rstrip() for line in tail if line.strip()][-_LOG_LINES:]
    return "\n".join([reason, "the last lines of its log:", *lines]) if lines else reason
