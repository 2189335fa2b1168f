"""What a study's loop keeps of its trials: not their learning curves, which their files have."""

from pathlib import Path

from hpt_cli.config import ExecutionSettings, ObjectiveSettings, RoundSettings, SearchSettings, StudyConfig
from hpt_cli.data import DataSettings
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.space import Float, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.strategies.base import LearningStrategy
from hpt_cli.study import StudyLoop
from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult


class Curved(Objective):
    """A slope, with learning curves."""

    def evaluate(self, specs):
        return [self._evaluate(spec) for spec in specs]

    def _evaluate(self, spec):
        value = spec.params["rate"]
        curves = {"validation_loss": (value + 1.0, value)}
        repeats = [RepeatResult(seed, Status.DONE, value, {}, curves) for seed in spec.seeds]
        return TrialResult.from_repeats(spec, repeats, Timing(0.0, 0.0, 0.0))

    def model(self, trial):
        return {"model": str(trial.number).encode()}


def test_no_strategy_is_told_curves_which_it_would_keep(tmp_path, monkeypatch):
    config = StudyConfig(
        path=Path("slope.yaml"),
        text=b"",
        folder=Path(),
        name="slope",
        seed=0,
        data=DataSettings("digits"),
        objective=ObjectiveSettings("validation_loss", "minimize"),
        network={},
        space=SearchSpace({"rate": Float(0.0, 1.0)}),
        search=SearchSettings(parallel=2, model="gp", rounds=(RoundSettings("bayes", 8, 1),)),
        execution=ExecutionSettings(workers=1, engine="local", trial_timeout=None, max_failures=20),
    )
    store = StudyStore.create(tmp_path / "slope", config_text=b"", study={"config": config.resolved()})
    told, tell = [], LearningStrategy.tell

    def listen(self, number, result):
        told.append(result)
        tell(self, number, result)

    monkeypatch.setattr(LearningStrategy, "tell", listen)
    with store.lock():
        StudyLoop(store, config, Curved(), SerialExecutor(), 2, lambda _: None, StopRequest()).run()
    assert all(repeat.history for result in store.results() for repeat in result.repeats)
    assert sorted(result.number for result in told) == list(range(8))
    assert not any(repeat.history for result in told for repeat in result.repeats)
