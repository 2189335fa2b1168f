"""Studies that prune real networks: who is trained how far, and that it changes no bit of the others."""

import dataclasses

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import StudyFailedError
from hpt_cli.evaluation import make_objective
from hpt_cli.events import TrialFinished
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import StopRequest
from hpt_cli.preparation import prepare_study
from hpt_cli.preview import preview
from hpt_cli.pruning import epochs_planned
from hpt_cli.study import StudyLoop, run_missing
from hpt_cli.trial import Leg, Origin, Paused, Status, TrialSpec
from hpt_cli.verification import verify_trials
from hpt_cli.views.plan import _facts

CONFIG = """\
name: iris
data: {{source: iris}}
network: {{epochs: 9, batch_size: 16, {network}}}
space:
  learning_rate: {{low: 1e-3, high: 10, scale: log}}
  hidden_units: {{low: 4, high: 16, scale: log}}
  batch_norm: [true, false]
  dropout: [0, 0.2]
search:
  strategy: {strategy}
  trials: 20
  repeats: {repeats}
  prune: {{method: {method}}}
"""
METHODS = ["successive_halving", "hyperband", "median"]
NETWORKS = {
    "adam": (1, "optimizer: adam"),
    "sgd": (1, "optimizer: sgd, momentum: 0.9, l2: 0.01, hidden_layers: 2"),
    "patience": (2, "patience: 3, schedule.kind: cosine, schedule.warmup_epochs: 2"),
}


class KilledError(Exception):
    """Stands for a kill: nothing catches it."""


def configured(folder, method, network="adam", strategy="random"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "iris.yaml"
    repeats, fixed = NETWORKS[network]
    path.write_text(CONFIG.format(method=method, strategy=strategy, repeats=repeats, network=fixed))
    return load_config(path)


def prepared(folder, config):
    return prepare_study(config, runs_dir=folder / "runs", fresh=False, notify=lambda sentence: None)


def run(folder, config, *, workers=1, survive=None):
    """The study, run in this process; after ``survive`` more trials a kill is pretended."""
    store = prepared(folder, config)
    finished = []

    def observe(event):
        if isinstance(event, TrialFinished):
            finished.append(event.result)
            if len(finished) == survive:
                raise KilledError

    objective = make_objective(store, config)
    with store.lock():
        StudyLoop(store, config, objective, SerialExecutor(), workers, observe, StopRequest()).run()
    return store


def records(store):
    return {result.number: {**result.to_json(), "timing": None} for result in store.results()}


def epochs_of(record):
    return max(len(curve) for repeat in record["repeats"] for curve in repeat["history"].values())


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The store of a study that ran without a break, each made once."""
    made = {}

    def study(*arguments):
        if arguments not in made:
            folder = tmp_path_factory.mktemp("straight")
            made[arguments] = run(folder, configured(folder, *arguments))
        return made[arguments]

    return study


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("method", METHODS)
class TestRecords:
    def test_a_trial_that_is_not_pruned_has_the_record_that_it_has_without_pruning(
        self, straight, method, network
    ):
        whole, pruned = records(straight("none", network)), records(straight(method, network))
        assert whole.keys() == pruned.keys()
        assert {"done", "pruned"} <= {record["status"] for record in pruned.values()}
        for number, record in pruned.items():
            if record["status"] == "done":
                assert record == whole[number]

    def test_a_pruned_trial_has_the_curves_up_to_there_and_no_objective(self, straight, method, network):
        whole = records(straight("none", network))
        for number, record in records(straight(method, network)).items():
            if record["status"] != "pruned":
                continue
            assert record["objective"] is None
            assert record["error"].startswith(f"at epoch {epochs_of(record)}, validation_loss ")
            assert epochs_of(record) < 9
            for repeat, full in zip(record["repeats"], whole[number]["repeats"], strict=True):
                assert repeat["status"] in ("pruned", "done")
                for name, curve in repeat["history"].items():
                    assert curve == full["history"][name][: len(curve)]


def test_the_epochs_of_halving_are_those_that_were_planned(straight):
    store = straight("successive_halving", "adam")
    config = configured(store.folder.parent.parent, "successive_halving")
    spent = sum(epochs_of(record) for record in records(store).values())
    assert spent == epochs_planned(config.search.prune, 9, 20)
    assert spent < 20 * 9 / 3


@pytest.mark.parametrize("strategy", ["random", "bayes"])
@pytest.mark.parametrize("method", METHODS)
class TestPromises:
    def test_killed_again_and_again_it_comes_to_the_same_study(self, straight, tmp_path, method, strategy):
        config, kills = configured(tmp_path, method, "adam", strategy), 0
        while True:
            try:
                store = run(tmp_path, config, survive=3, workers=1 + kills % 3)
                break
            except KilledError:
                kills += 1
                if kills == 2:  # what is known of those under way is a cache
                    for file in (tmp_path / "runs" / "iris" / ".cache" / "rungs").glob("*"):
                        file.write_bytes(file.read_bytes()[:-100])
        assert kills >= 5
        assert records(store) == records(straight(method, "adam", strategy))
        assert not (store.folder / ".cache" / "rungs").exists()


def test_workers_of_their_own_change_no_bit(straight, tmp_path):
    config = configured(tmp_path, "successive_halving", "patience", "bayes")
    store = prepared(tmp_path, config)
    run_missing(store, config, workers=2, observe=lambda event: None, stop=StopRequest())
    assert records(store) == records(straight("successive_halving", "patience", "bayes"))


def test_verify_trains_a_pruned_trial_as_far_as_it_was_trained(straight):
    store = straight("successive_halving", "patience")
    config = configured(store.folder.parent.parent, "successive_halving", "patience")
    checks = list(verify_trials(store, config, store.results()[:6], workers=1))
    assert [check.difference for check in checks] == [None] * 6


class TestLegs:
    """The network's trials between rungs."""

    @pytest.fixture
    def objective(self, tmp_path):
        config = configured(tmp_path, "successive_halving", "patience")
        return make_objective(prepared(tmp_path, config), config)

    def spec(self, number, **params):
        params = {"learning_rate": 0.01, "hidden_units": 8, "batch_norm": True, "dropout": 0.2, **params}
        return TrialSpec(number, 0, params, (1, 2), Origin("random"))

    def test_trials_go_on_together_from_different_epochs(self, objective):
        specs = [self.spec(number, learning_rate=0.01 * (number + 1)) for number in range(3)]
        whole = objective.evaluate(specs)
        objective.advance([Leg(specs[0], 2)])
        objective.advance([Leg(specs[1], 4)])
        for result, again in zip(whole, objective.advance([Leg(spec) for spec in specs]), strict=True):
            assert again.repeats == result.repeats

    def test_one_that_stands_beyond_the_rung_says_what_it_was_worth_there(self, objective):
        spec = self.spec(0)
        (early,) = objective.advance([Leg(spec, 2)])
        objective.advance([Leg(spec, 4)])
        (again,) = objective.advance([Leg(spec, 2)])
        assert isinstance(again, Paused)
        assert (again.epoch, again.value, again.repeats) == (early.epoch, early.value, early.repeats)

    def test_a_state_of_other_params_is_not_gone_on_from(self, objective):
        objective.advance([Leg(self.spec(0, learning_rate=0.5), 2)])
        (whole,) = objective.evaluate([self.spec(0)])
        (again,) = objective.advance([Leg(self.spec(0))])
        assert again.repeats == whole.repeats

    def test_a_trial_of_which_a_repeat_diverged_ends_at_the_rung(self, objective):
        wild = self.spec(0, learning_rate=1e6, batch_norm=False)
        (result,) = objective.advance([Leg(wild, 4)])
        assert result.status == "diverged"
        assert result.objective is None

    def test_contradictory_params_fail_alone(self, objective):
        bad, good = self.spec(0, dropout=2.0), self.spec(1)
        failed, paused = objective.advance([Leg(bad, 2), Leg(good, 2)])
        assert failed.status == "failed"
        assert isinstance(paused, Paused)


class TestPlan:
    def test_it_says_how_many_epochs_are_left(self, tmp_path):
        plan = preview(configured(tmp_path, "successive_halving", "patience"))
        assert plan.epochs_whole == 2 * 20 * 9
        assert plan.epochs == 2 * epochs_planned(plan.config.search.prune, 9, 20)
        said = dict(_facts(plan, 1))["prune"]
        assert said == f"successive halving at epochs 1, 3: {plan.epochs} epochs, 29% of the 360 without"

    def test_what_depends_on_the_results_is_at_most_all(self, tmp_path):
        said = dict(_facts(preview(configured(tmp_path, "median")), 1))["prune"]
        assert said == "median at epochs 1, 2, ..., 8; at most 180 epochs, as many as without"


def test_a_trial_whose_way_to_a_rung_took_too_long_is_not_trained_on(tmp_path):
    config = configured(tmp_path, "successive_halving")
    late = dataclasses.replace(config.execution, trial_timeout=1e-9)  # which this executor does not watch
    with pytest.raises(StudyFailedError, match=r"no trial succeeded|trials failed"):
        run(tmp_path, dataclasses.replace(config, execution=late))
    results = prepared(tmp_path, config).results()
    assert {result.status for result in results} <= {Status.TIMEOUT, Status.DIVERGED}
    first = next(result for result in results if result.status is Status.TIMEOUT)
    assert first.error == "took longer than 1e-09 s for 1 epochs, and was not trained on"
