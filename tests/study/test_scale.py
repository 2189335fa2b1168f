"""Many trials: what the loop keeps of each is small, and grows with nothing but their number."""

import tracemalloc
from pathlib import Path

import pytest

from hpt_cli.config import ExecutionSettings, ObjectiveSettings, RoundSettings, SearchSettings, StudyConfig
from hpt_cli.data import DataSettings, load_dataset
from hpt_cli.events import TrialFinished
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import InFlight, StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.objectives.function import FunctionObjective
from hpt_cli.objectives.network import NetworkObjective
from hpt_cli.objectives.own_code import Home
from hpt_cli.objectives.settings import FunctionSettings
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.study import StudyLoop
from hpt_cli.trial import Leg, Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec
from hpt_cli.views.progress import Progress

SPACES = {
    "grid": {
        "rate": Float(1e-4, 1, "log", points=20),
        "units": Int(1, 1000, points=20),
        "kind": Choice(("a",)),
    },
    "random": {"rate": Float(1e-4, 1, "log"), "units": Int(1, 1000, "log"), "kind": Choice(("a", "b"))},
}
TRIALS = 400
BYTES_A_TRIAL = 2048


class Curved(Objective):
    """Costs nothing, and reports a curve of 100 epochs: 3 KB of it."""

    seconds_a_task = 0.0  # one at a time, so that few are in flight when memory is measured

    def evaluate(self, specs):
        return [self._evaluate(spec) for spec in specs]

    def _evaluate(self, spec):
        value = abs(spec.params["rate"] - 0.01)
        curve = [value + epoch for epoch in range(100, 0, -1)]
        repeat = RepeatResult(spec.seeds[0], Status.DONE, value, {"loss": value}, {"loss": curve})
        return TrialResult.from_repeats(spec, [repeat], Timing(0.0, 0.0, 1e-3))

    def model(self, trial):
        return {}


def make_config(strategy, trials=TRIALS):
    return StudyConfig(
        path=Path("curved.yaml"),
        text=b"",
        folder=Path(),
        name="curved",
        seed=3,
        data=DataSettings("digits"),
        objective=ObjectiveSettings("validation_loss", "minimize"),
        network={},
        space=SearchSpace(SPACES[strategy]),
        search=SearchSettings(parallel=4, model="gp", rounds=(RoundSettings(strategy, trials, 1),)),
        execution=ExecutionSettings(workers=1, engine="local", trial_timeout=None, max_failures=20),
    )


@pytest.fixture
def unsynced(monkeypatch):
    """No waiting for the disk: it has nothing to do with what is measured."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.mark.parametrize("strategy", SPACES)
def test_the_memory_of_the_loop_and_its_view_grows_by_less_than_2_kb_a_trial(tmp_path, strategy, unsynced):
    config = make_config(strategy)
    store = StudyStore.create(tmp_path / "curved", config_text=b"", study={"config": config.resolved()})
    progress = Progress("loss", "minimize")
    at = {}

    def observe(event):
        progress.take(event)
        if isinstance(event, TrialFinished) and progress.finished in (TRIALS // 4, TRIALS):
            at[progress.finished] = tracemalloc.get_traced_memory()[0]

    with store.lock():
        loop = StudyLoop(store, config, Curved(), SerialExecutor(), 2, observe, StopRequest())
        tracemalloc.start()
        try:
            loop.run()
        finally:
            tracemalloc.stop()
    assert at[TRIALS] - at[TRIALS // 4] < (TRIALS - TRIALS // 4) * BYTES_A_TRIAL
    assert progress.best.result.objective == min(result.objective for result in store.results())


CALL = FunctionObjective("loss", Home("cheap", Path(), Path(), Path()), FunctionSettings("cheap", "value"))
NETWORK = NetworkObjective(Path(), {}, "validation_loss")


@pytest.mark.parametrize(
    ("objective", "seconds", "most"),
    [(CALL, 1e-4, 32), (CALL, 0.01, 5), (CALL, 0.5, 1), (NETWORK, 0.5, 10), (NETWORK, 60, 1)],
)
def test_tasks_of_several_trials_are_short(objective, seconds, most):
    assert objective.most_a_task(seconds) == most


def failed_after(seconds):
    spec = TrialSpec(0, 0, {}, (1,), Origin("random"))
    return TrialResult.failure(spec, Status.FAILED, "", Timing(0.0, 0.0, seconds))


def test_calls_of_a_moment_share_a_task_and_long_ones_do_not():
    specs = [TrialSpec(number, 0, {}, (1,), Origin("random")) for number in range(8)]
    sizes = []

    class Counting(SerialExecutor):
        def submit(self, fn, /, *args, **kwargs):
            sizes.append(len(args[0]))
            return super().submit(list)

    for seconds in (1e-3, 0.5):
        flight = InFlight(CALL, Counting(), 2, StopRequest())
        flight.learn(failed_after(seconds))
        flight.submit([Leg(spec) for spec in specs])
    assert sizes == [4, 4, *[1] * 8]


def test_a_task_of_several_trials_is_far_from_the_timeout_of_one():
    def room(timeout):
        flight = InFlight(CALL, SerialExecutor(), 1, StopRequest(), timeout=timeout)
        flight.learn(failed_after(1e-3))
        return flight.room(waits=True)

    assert room(None) == room(10.0) == 2 * 32
    assert room(0.04) == 2 * 10
    assert room(1e-4) == 2


@pytest.mark.parametrize(
    ("fixed", "room"),
    [
        ({"epochs": 2}, 2 * 2 * 32),
        ({"epochs": 5000}, 2 * 2),
        ({"layers": [{"conv": 4}, {"dense": 8}], "epochs": 2}, 2 * 2),
    ],
    ids=["quick", "long", "unknown"],
)
def test_many_networks_are_asked_for_at_once_where_they_are_known_to_be_quick(tmp_path, fixed, room):
    data = load_dataset(DataSettings("digits"), folder=tmp_path, seed=0)
    data.save(tmp_path)
    objective = NetworkObjective(tmp_path, fixed, "validation_loss")
    assert InFlight(objective, SerialExecutor(), 2, StopRequest()).room(waits=False) == room
