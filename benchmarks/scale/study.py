"""One study of trials that cost nothing, and what its loop took."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from hpt_cli.config import ExecutionSettings, ObjectiveSettings, RoundSettings, SearchSettings, StudyConfig
from hpt_cli.data import DataSettings
from hpt_cli.events import Event, TrialFinished
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.space import Choice, Dimension, Float, Int, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.study import StudyLoop
from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult, TrialSpec
from hpt_cli.views.progress import Progress


class Bowl(Objective):
    """A few additions, and a curve of 20 epochs."""

    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Evaluate all."""
        return [self._evaluate(spec) for spec in specs]

    def _evaluate(self, spec: TrialSpec) -> TrialResult:
        rate = spec.params["rate"]
        assert isinstance(rate, float)
        value = abs(rate - 0.01) + spec.number * 1e-9
        curve = [value + 1 / epoch for epoch in range(1, 21)]
        repeat = RepeatResult(spec.seeds[0], Status.DONE, value, {"validation_loss": value}, {"loss": curve})
        return TrialResult.from_repeats(spec, [repeat], Timing(0.0, 1e-4, 1e-4))

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """There is none."""
        return {}


def space_of(strategy: str, trials: int) -> SearchSpace:
    """Five dimensions; of a grid, as many points as trials."""
    dimensions: dict[str, Dimension] = {
        "rate": Float(1e-4, 1, "log"),
        "units": Int(1, 10_000, "log"),
        "dropout": Float(0.0, 0.5),
        "decay": Float(1e-6, 1e-2, "log"),
        "optimizer": Choice(("sgd", "adam")),
    }
    if strategy == "grid":
        dimensions |= {
            "rate": Float(1e-4, 1, "log", points=trials // 100),
            "units": Int(1, 10_000, "log", points=10),
            "dropout": Float(0.0, 0.5, points=5),
            "decay": Choice((1e-4,)),
        }
    return SearchSpace(dimensions)


def config_of(strategy: str, trials: int) -> StudyConfig:
    """A study of one round."""
    return StudyConfig(
        path=Path("bowl.yaml"),
        text=b"",
        folder=Path(),
        name="bowl",
        seed=0,
        data=DataSettings("digits"),
        objective=ObjectiveSettings("validation_loss", "minimize"),
        network={},
        space=space_of(strategy, trials),
        search=SearchSettings(parallel=4, model="gp", rounds=(RoundSettings(strategy, trials, 1),)),
        execution=ExecutionSettings(workers=1, engine="local", trial_timeout=None, max_failures=20),
    )


def measure(strategy: str, trials: int, folder: str) -> None:
    """Run the study in ``folder``, or go on with it, and print as JSON what it took."""
    config = config_of(strategy, trials)
    path = Path(folder)
    study = {"config": config.resolved(), "folder": "."}
    store = StudyStore(path) if path.exists() else StudyStore.create(path, config_text=b"", study=study)
    progress = Progress("validation_loss", "minimize")
    half: list[float] = []

    def observe(event: Event) -> None:
        progress.take(event)
        if isinstance(event, TrialFinished) and progress.finished in (trials // 2, trials):
            half.extend((time.process_time(), memory()))

    started, clock = time.process_time(), time.perf_counter()
    with store.lock():
        StudyLoop(store, config, Bowl(), SerialExecutor(), 2, observe, StopRequest()).run()
    measured = {"strategy": strategy, "trials": trials}
    measured |= {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - started}
    if len(half) == 4:
        count = trials - trials // 2
        measured |= {"ms": 1e3 * (half[2] - half[0]) / count, "bytes": (half[3] - half[1]) / count}
    print(json.dumps(measured))


def memory() -> int:
    """Bytes in use now, or, where the system does not tell, the most that were."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
