"""The loop over a cheap objective: what it asks, keeps, and does when it is stopped at any point."""

import dataclasses
import json
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

from hpt_cli.config import (
    ExecutionSettings,
    ObjectiveSettings,
    RoundSettings,
    SearchSettings,
    StudyConfig,
)
from hpt_cli.data import DataSettings
from hpt_cli.errors import InputError, InterruptedStudyError, StudyFailedError
from hpt_cli.events import (
    Notice,
    RerunFinished,
    RoundFinished,
    RoundStarted,
    StudyFinished,
    StudyStarted,
    TrialFinished,
)
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.planning import NoRound, RefineRequest, check_refinable, preview_refine
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.study import StudyLoop
from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult

SPACE = SearchSpace(
    {"rate": Float(1e-4, 1, "log"), "units": Int(4, 64, "log"), "kind": Choice(("a", "b"))},
)


class Bowl(Objective):
    """Best at a rate of 0.01; fails where it is told to."""

    def __init__(self, fail=lambda number: None):
        self._fail = fail

    def evaluate(self, specs):
        return [self._evaluate(spec) for spec in specs]

    def _evaluate(self, spec):
        timing = Timing(0.0, 0.0, 0.0)
        if error := self._fail(spec.number):
            return TrialResult.failure(spec, Status.FAILED, error, timing)
        value = abs(spec.params["rate"] - 0.01) + spec.params["units"] / 1000
        repeats = [
            RepeatResult(seed, Status.DONE, value + seed % 7 / 1e4, {"validation_loss": value}, {})
            for seed in spec.seeds
        ]
        return TrialResult.from_repeats(spec, repeats, timing)

    def model(self, trial):
        return {"model": str(trial.number).encode()}


class Shuffling(Executor):
    """Finishes tasks on threads, later ones often before earlier ones."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        (specs,) = args if isinstance(args[0], tuple) else (None,)
        pause = 0.003 * ((specs[0].number * 7) % 5) if specs else 0.0

        def work():
            time.sleep(pause)
            future.set_result(fn(*args, **kwargs))

        threading.Thread(target=work).start()
        return future


class KilledError(Exception):
    """Stands for a kill: nothing catches it."""


SHORT = (RoundSettings("random", 8, 1),)


def make_config(rounds=SHORT, *, space=SPACE, parallel=3, model="gp", max_failures=20):
    return StudyConfig(
        path=Path("bowl.yaml"),
        text=b"",
        folder=Path(),
        name="bowl",
        seed=3,
        data=DataSettings("digits"),
        objective=ObjectiveSettings("validation_loss", "minimize"),
        network={},
        space=space,
        search=SearchSettings(parallel=parallel, model=model, rounds=tuple(rounds)),
        execution=ExecutionSettings(workers=1, engine="local", trial_timeout=None, max_failures=max_failures),
    )


def open_store(folder, config):
    if folder.exists():
        return StudyStore(folder)
    return StudyStore.create(folder, config_text=b"", study={"config": config.resolved()})


def run(
    folder,
    config,
    *,
    objective=None,
    executor=None,
    workers=2,
    observe=lambda event: None,
    stop=None,
    refine=None,
):
    store = open_store(folder, config)
    with store.lock():
        objective, executor, stop = objective or Bowl(), executor or SerialExecutor(), stop or StopRequest()
        StudyLoop(store, config, objective, executor, workers, observe, stop, refine).run()
    return store


def contents(folder):
    """Every published file of a study, by relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def identities(folder):
    """What changes when a file is written again, even with the same content."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def at_strategy(name):
    space = SPACE
    trials = 8
    if name == "grid":
        space = SPACE.replace({"rate": Float(1e-4, 1, "log", points=3), "units": Int(4, 64, "log", points=2)})
        trials = 12
    return make_config([RoundSettings(name, trials, 2)], space=space)


STRATEGIES = ["grid", "random", "sobol", "bayes"]


@pytest.mark.parametrize("name", STRATEGIES)
class TestEveryStrategy:
    def test_the_order_in_which_trials_finish_changes_nothing(self, tmp_path, name):
        config = at_strategy(name)
        one = run(tmp_path / "one", config, workers=1)
        many = run(tmp_path / "many", config, executor=Shuffling(), workers=4)
        assert contents(one.folder) == contents(many.folder)

    def test_killed_after_any_trial_it_goes_on_to_the_same_study(self, tmp_path, name):
        config = at_strategy(name)
        straight = run(tmp_path / "straight", config)

        def kill_at_second(event, seen=None):
            if isinstance(event, TrialFinished):
                finished.append(event)
                if len(finished) == 2:
                    raise KilledError

        kills = 0
        while True:
            finished = []
            try:
                run(tmp_path / "killed", config, observe=kill_at_second)
            except KilledError:
                kills += 1
                continue
            break
        assert kills >= 3
        assert contents(straight.folder) == contents(tmp_path / "killed")


def test_scikit_optimizes_model_can_be_chosen(tmp_path):
    params = []
    for model in ("gp", "skopt"):
        store = run(tmp_path / model, make_config([RoundSettings("bayes", 12, 1)], model=model))
        params.append([result.params for result in store.results()])
    assert len(params[0]) == len(params[1]) == 12
    assert params[0] != params[1]


def test_events_tell_the_story_in_order(tmp_path):
    events = []
    run(tmp_path / "s", make_config([RoundSettings("random", 3, 1)]), observe=events.append)
    kinds = [type(event).__name__ for event in events]
    assert kinds[:2] == ["StudyStarted", "RoundStarted"]
    assert kinds[-2:] == ["RoundFinished", "StudyFinished"]
    assert kinds.count("TrialStarted") == kinds.count("TrialFinished") == 3


def test_a_finished_study_is_not_touched_again(tmp_path):
    config = make_config()
    run(tmp_path / "s", config)
    before = identities(tmp_path / "s" / "trials")
    events = []
    run(tmp_path / "s", config, objective=Bowl(lambda number: "must not run"), observe=events.append)
    assert [type(event) for event in events] == [StudyStarted, StudyFinished]
    assert identities(tmp_path / "s" / "trials") == before


def test_a_longer_last_round_keeps_the_trials_there_are(tmp_path):
    long = make_config([RoundSettings("sobol", 12, 1)])
    run(tmp_path / "grown", make_config([RoundSettings("sobol", 5, 1)]))
    run(tmp_path / "grown", long)
    run(tmp_path / "long", long)
    grown, straight = (contents(tmp_path / name) for name in ("grown", "long"))
    del grown["study.json"], straight["study.json"]
    assert grown == straight


def test_a_finite_space_ends_the_round_early_and_says_so(tmp_path):
    space = SearchSpace({"rate": Choice((0.1, 0.2)), "units": Int(1, 2)})
    events = []
    store = run(
        tmp_path / "s", make_config([RoundSettings("random", 50, 1)], space=space), observe=events.append
    )
    assert len(store.results()) == 4
    assert [event.exhausted for event in events if isinstance(event, RoundFinished)] == [True]
    (notice,) = [event.text for event in events if isinstance(event, Notice)]
    assert "ends after 4 of 50 trials" in notice
    assert store.rounds()[0].trials == 4


def test_repeats_train_with_the_same_seeds_in_every_trial(tmp_path):
    store = run(tmp_path / "s", make_config([RoundSettings("random", 3, 4)]))
    seeds = {tuple(repeat.seed for repeat in result.repeats) for result in store.results()}
    assert len(seeds) == 1
    assert len(set(seeds.pop())) == 4


class TestRounds:
    ROUNDS = (RoundSettings("random", 12, 1), RoundSettings("sobol", 6, 1), RoundSettings("bayes", 6, 1))

    def test_each_round_lies_in_the_one_before_and_numbers_run_through(self, tmp_path):
        store = run(tmp_path / "s", make_config(self.ROUNDS))
        assert [result.number for result in store.results()] == list(range(24))
        plans = store.rounds()
        assert plans[0].space != plans[1].space
        for result in store.results():
            inside = result.params in plans[result.round].space
            assert inside == (result.origin.kind != "probe")

    def test_probes_come_first_in_their_round(self, tmp_path):
        store = run(tmp_path / "s", make_config(self.ROUNDS))
        for plan in store.rounds()[1:]:
            assert len(plan.probes) == 1  # a tenth of 6
            of_round = [result for result in store.results() if result.round == plan.number]
            assert [result.origin.kind == "probe" for result in of_round] == [True] + [False] * 5
            assert of_round[0].params == plan.probes[0]

    def test_the_noise_is_measured_on_the_best_before_the_first_decision(self, tmp_path):
        store = run(tmp_path / "s", make_config(self.ROUNDS))
        best = sorted(store.results()[:12], key=lambda result: result.objective)[:3]
        reruns = store.reruns()
        assert {rerun.trial for rerun in reruns} == {result.number for result in best}
        # the objective's seeds differ by multiples of 1e-4, so that a second rerun was wanted of each
        assert {rerun.number for rerun in reruns} == {0, 1}
        assert all(0 < plan.noise < 1e-3 for plan in store.rounds()[1:])

    def test_killed_while_deciding_it_comes_to_the_same_decision(self, tmp_path):
        config = make_config(self.ROUNDS)
        straight = run(tmp_path / "straight", config)

        def kill(event):
            if isinstance(event, RerunFinished) and event.rerun.number == 1:
                raise KilledError

        with pytest.raises(KilledError):
            run(tmp_path / "killed", config, observe=kill)
        assert len(StudyStore(tmp_path / "killed").rounds()) == 1
        run(tmp_path / "killed", config)
        assert contents(straight.folder) == contents(tmp_path / "killed")

    @pytest.mark.parametrize("survived", [1, 11, 12, 13, 18, 23])
    def test_killed_anywhere_it_goes_on_to_the_same_study(self, tmp_path, survived):
        config = make_config(self.ROUNDS)
        straight = run(tmp_path / "straight", config)
        finished = []

        def kill(event):
            if isinstance(event, TrialFinished):
                finished.append(event)
            if len(finished) == survived:
                raise KilledError

        with pytest.raises(KilledError):
            run(tmp_path / "killed", config, observe=kill)
        run(tmp_path / "killed", config)
        assert contents(straight.folder) == contents(tmp_path / "killed")

    def test_killed_between_plan_and_first_trial(self, tmp_path):
        config = make_config(self.ROUNDS)
        straight = run(tmp_path / "straight", config)

        def kill(event):
            if isinstance(event, RoundStarted) and event.plan.number == 1:
                raise KilledError

        with pytest.raises(KilledError):
            run(tmp_path / "killed", config, observe=kill)
        run(tmp_path / "killed", config)
        assert contents(straight.folder) == contents(tmp_path / "killed")


class TestRefine:
    def test_adds_rounds_to_a_finished_study(self, tmp_path):
        config = make_config()
        store = run(tmp_path / "s", config)
        run(tmp_path / "s", config, refine=RefineRequest(2, 5, "sobol", 2))
        refined = store.rounds()[1:]
        assert [(plan.origin, plan.first, plan.trials, plan.ahead) for plan in refined] == [
            ("refine", 8, 5, 1),
            ("refine", 13, 5, 0),
        ]
        results = [result for result in store.results() if result.round > 0]
        assert [result.number for result in results] == list(range(8, 18))
        assert {len(result.repeats) for result in results} == {2}
        assert any(move.action != "hold" for move in refined[0].moves)

    def test_killed_it_goes_on_to_the_rounds_that_were_asked_for(self, tmp_path):
        config, request = make_config(), RefineRequest(2, 5)
        run(tmp_path / "straight", config)
        straight = run(tmp_path / "straight", config, refine=request)
        run(tmp_path / "killed", config)

        def kill(event):
            if isinstance(event, TrialFinished) and event.result.number == 10:
                raise KilledError

        with pytest.raises(KilledError):
            run(tmp_path / "killed", config, refine=request, observe=kill)
        assert not check_refinable(StudyStore(tmp_path / "killed"), config)
        run(tmp_path / "killed", config)
        assert contents(straight.folder) == contents(tmp_path / "killed")

    def test_what_is_to_be_held_is_held_in_all_its_rounds_also_after_a_kill(self, tmp_path):
        config = make_config([RoundSettings("random", 20, 2)])
        assert run(tmp_path / "free", config, refine=RefineRequest(trials=12)).rounds()[1].moves
        moved = StudyStore(tmp_path / "free").rounds()[1].moves[0]
        assert moved.action != "hold"  # or there would be nothing to see
        request = RefineRequest(rounds=2, trials=12, hold=(moved.name,))
        straight = run(tmp_path / "straight", config, refine=request)
        held = [plan.moves[0] for plan in straight.rounds()[1:]]
        assert [(move.action, move.new) for move in held] == [("hold", moved.old)] * 2
        assert held[0].why.startswith("as was asked for; it would have gone to ")
        assert all(
            moved.old.low <= result.params[moved.name] <= moved.old.high for result in straight.results()
        )  # probes too

        def kill(event):
            if isinstance(event, TrialFinished) and event.result.number == 25:
                raise KilledError

        with pytest.raises(KilledError):
            run(tmp_path / "killed", config, refine=request, observe=kill)
        run(tmp_path / "killed", config)
        assert contents(straight.folder) == contents(tmp_path / "killed")

    def test_each_round_says_what_it_will_take(self, tmp_path):
        class Slow(Bowl):
            def _evaluate(self, spec):
                return dataclasses.replace(super()._evaluate(spec), timing=Timing(0.0, 2.0, 2.0))

        events, config = [], make_config([RoundSettings("random", 8, 1)] * 2)
        run(tmp_path / "s", config, observe=events.append, objective=Slow())
        costs = [event.cost for event in events if isinstance(event, RoundStarted)]
        assert costs[0] is None  # nothing is known yet
        assert costs[1].seconds[0] < 8 * 2 / costs[1].workers < costs[1].seconds[1]

    def test_a_preview_writes_and_trains_nothing(self, tmp_path):
        config = make_config()
        store = run(tmp_path / "s", config)
        before = contents(store.folder)
        plan = preview_refine(store, config, RefineRequest(trials=5))
        assert "would first train the best 3 trials again" in plan.note
        assert contents(store.folder) == before

    def test_a_preview_of_what_is_known_is_what_is_done(self, tmp_path):
        config = make_config([RoundSettings("random", 12, 2)])
        store = run(tmp_path / "s", config)
        plan = preview_refine(store, config, RefineRequest(trials=5))
        run(tmp_path / "s", config, refine=RefineRequest(trials=5))
        assert store.rounds()[1] == plan

    def test_a_grid_without_points_is_refused_in_words(self, tmp_path):
        config = make_config()
        store = run(tmp_path / "s", config)
        with pytest.raises(InputError, match=r"a grid needs .* for rate.*--strategy"):
            run(tmp_path / "s", config, refine=RefineRequest(strategy="grid"))
        assert len(store.rounds()) == 1

    def test_an_unfinished_study_is_refused(self, tmp_path):
        config = make_config()
        store = open_store(tmp_path / "s", config)
        with pytest.raises(InputError, match="finish it first"):
            check_refinable(store, config)

    def test_all_failed_is_said_and_nothing_is_lost(self, tmp_path):
        config = make_config(max_failures=20)
        with pytest.raises(StudyFailedError):
            run(tmp_path / "s", config, objective=Bowl(lambda number: f"no luck {number}"))
        store = StudyStore(tmp_path / "s")
        with pytest.raises(InputError, match=r"too few trials .* 0 finished.*8 trials did not end well"):
            preview_refine(store, config, RefineRequest())
        assert len(store.results()) == 8

    def test_what_would_chase_noise_is_not_run(self, tmp_path):
        class Noise(Bowl):
            def _evaluate(self, spec):
                result = super()._evaluate(spec)
                repeats = [
                    dataclasses.replace(repeat, objective=repeat.seed * (spec.number + 1) % 1009 / 1009)
                    for repeat in result.repeats
                ]
                return TrialResult.from_repeats(spec, repeats, result.timing)

        config = make_config([RoundSettings("random", 40, 3)])
        store = run(tmp_path / "s", config, objective=Noise())
        decided = preview_refine(store, config, RefineRequest())
        assert isinstance(decided, NoRound)
        assert decided.why.startswith("further zoom would chase noise")
        events = []
        run(tmp_path / "s", config, refine=RefineRequest(), observe=events.append, objective=Noise())
        assert [event.text for event in events if isinstance(event, Notice)] == [decided.why]
        assert len(store.rounds()) == 1

    def test_a_round_of_the_config_added_later_comes_after_it(self, tmp_path):
        config = make_config()
        store = run(tmp_path / "s", config)
        run(tmp_path / "s", config, refine=RefineRequest(trials=5))
        longer = make_config([*config.search.rounds, RoundSettings("random", 4, 1)])
        run(tmp_path / "s", longer)
        assert [(plan.origin, plan.trials) for plan in store.rounds()] == [
            ("config", 8),
            ("refine", 5),
            ("config", 4),
        ]


class TestFailures:
    def test_a_failed_trial_is_a_result_and_the_study_goes_on(self, tmp_path):
        fail = Bowl(lambda number: "no good" if number == 2 else None)
        store = run(tmp_path / "s", make_config(), objective=fail)
        assert [str(result.status) for result in store.results()].count("failed") == 1
        assert store.read_trial(2).error == "no good"

    def test_a_broken_study_stops_and_shows_the_first_error(self, tmp_path):
        broken = Bowl(lambda number: f"error {number}")
        with pytest.raises(StudyFailedError, match=r"trial 0, failed: error 0") as caught:
            run(tmp_path / "s", make_config(max_failures=3), objective=broken, workers=1)
        assert str(caught.value).count("error") == 1
        assert len(StudyStore(tmp_path / "s").results()) == 4

    def test_no_success_is_a_failed_study(self, tmp_path):
        with pytest.raises(StudyFailedError, match="no trial succeeded"):
            run(tmp_path / "s", make_config(), objective=Bowl(lambda number: f"always {number}"))

    def test_an_exception_of_the_executor_is_the_trials_own(self, tmp_path):
        class Broken(Bowl):
            def evaluate(self, specs):
                if specs[0].number == 1:
                    raise MemoryError("too large")
                return super().evaluate(specs)

        store = run(tmp_path / "s", make_config(), objective=Broken())
        assert store.read_trial(1).error == "MemoryError: too large"

    def test_a_damaged_trial_is_set_aside_and_run_again(self, tmp_path):
        config = make_config()
        store = run(tmp_path / "s", config)
        before = contents(store.folder)
        store.trial_path(4).write_text('{"number": 4')
        run(tmp_path / "s", config)
        after = contents(store.folder)
        assert after.pop("trials/00004.json.bad") == b'{"number": 4'
        assert after == before


def test_a_request_to_stop_keeps_what_is_finished(tmp_path):
    config = make_config([RoundSettings("random", 30, 1)])
    stop = StopRequest()
    events = []

    def observe(event):
        events.append(event)
        if sum(isinstance(e, TrialFinished) for e in events) == 5:
            stop.request(15)

    with pytest.raises(InterruptedStudyError, match="of 30 trials") as caught:
        run(tmp_path / "s", config, executor=Shuffling(), observe=observe, stop=stop)
    assert caught.value.exit_status == 143
    kept = len(StudyStore(tmp_path / "s").results())
    assert 5 <= kept < 30
    run(tmp_path / "s", config)
    assert len(StudyStore(tmp_path / "s").results()) == 30


def test_a_request_before_the_first_trial_starts_nothing(tmp_path):
    stop = StopRequest()
    stop.request(2)
    with pytest.raises(InterruptedStudyError):
        run(tmp_path / "s", make_config(), stop=stop)
    assert StudyStore(tmp_path / "s").results() == []


def test_the_best_trials_model_is_kept(tmp_path):
    store = run(tmp_path / "s", make_config())
    best = min(store.results(), key=lambda result: result.objective)
    assert store.best_number() == best.number
    assert (store.folder / "best" / "model").read_bytes() == str(best.number).encode()


def test_the_same_seed_gives_the_same_study_and_another_seed_another(tmp_path):
    config = make_config()
    one, two = (run(tmp_path / name, config) for name in ("one", "two"))
    other = run(tmp_path / "other", dataclasses.replace(config, seed=4))
    assert contents(one.folder) == contents(two.folder)
    assert [result.params for result in one.results()] != [result.params for result in other.results()]
    json.loads((one.folder / "rounds" / "000.json").read_text())
