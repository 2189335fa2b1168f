"""Reruns: trained on seeds of their own, kept whole, the same whatever happens between."""

import json
import threading
import time
from concurrent.futures import Executor, Future

import pytest

from hpt_cli import rerunning, study
from hpt_cli.config import load_config
from hpt_cli.errors import InterruptedStudyError
from hpt_cli.events import Notice, RerunFinished, RerunsStarted, StudyFinished, TrialFinished
from hpt_cli.executors import SerialExecutor
from hpt_cli.in_flight import StopRequest
from hpt_cli.objectives.base import Objective
from hpt_cli.rerun import Purpose, WantedReruns
from hpt_cli.rerunning import Rerunner
from hpt_cli.seeds import rerun_seed
from hpt_cli.store import StudyStore
from hpt_cli.study import StudyLoop
from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult

CONFIG = """
data: {source: digits}
objective: {metric: validation_loss}
space: {learning_rate: {low: 1e-4, high: 1, scale: log}}
search: {strategy: random, trials: 6}
execution: {workers: 1}
"""
WANTED = WantedReruns((1, 4), (0, 1, 2), Purpose.NOISE, "to know the noise")


class Line(Objective):
    """Its value is the rate and a little of the seed."""

    def __init__(self, fail=()):
        self._fail = fail

    def evaluate(self, specs):
        if any((spec.number, len(specs)) in self._fail for spec in specs):
            raise RuntimeError("went down")
        return [
            TrialResult.from_repeats(
                spec,
                [
                    RepeatResult(seed, Status.DONE, spec.params["learning_rate"] + seed % 97 / 1e3, {}, {})
                    for seed in spec.seeds
                ],
                Timing(0.0, 0.0, 0.0),
            )
            for spec in specs
        ]

    def tasks(self, specs, *, most):
        return [list(specs[start : start + most]) for start in range(0, len(specs), most)]

    def model(self, trial):
        return {"model": str(trial.number).encode()}


class Late(Executor):
    """Finishes each task on a thread, the second before the first."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()

        def work():
            time.sleep(0.02 if args[0][0].number < 3 else 0.0)
            try:
                future.set_result(fn(*args, **kwargs))
            except RuntimeError as error:
                future.set_exception(error)

        threading.Thread(target=work).start()
        return future


class Endless(Executor):
    """Never comes to an end of the last three."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        if args[0][0].number < 3:
            future.set_result(fn(*args, **kwargs))
        return future


class KilledError(Exception):
    """Stands for a kill: nothing catches it."""


def make(tmp_path, name="line"):
    path = tmp_path / "line.yaml"
    path.write_text(CONFIG)
    config = load_config(path)
    store = StudyStore.create(tmp_path / name, config_text=b"", study={"config": config.resolved()})
    run_study(store, config)
    return store, config


def run_study(store, config, observe=lambda event: None):
    with store.lock():
        StudyLoop(store, config, Line(), SerialExecutor(), 1, observe, StopRequest()).run()


def rerun(store, config, *, objective=None, executor=None, workers=1, observe=lambda event: None, stop=None):
    stop = stop or StopRequest()
    with store.lock():
        objective, executor = objective or Line(), executor or SerialExecutor()
        rerunner = Rerunner(store, config.seed, objective, executor, workers, observe, stop)
        results = {result.number: result for result in store.results()}
        return rerunner.run(WANTED, results)


def files(store):
    return {path.name: path.read_bytes() for path in sorted((store.folder / "reruns").iterdir())}


def test_every_trial_trains_with_the_seed_of_the_reruns_number(tmp_path):
    store, config = make(tmp_path)
    before = {path.name: path.read_bytes() for path in (store.folder / "trials").iterdir()}
    reruns = rerun(store, config)
    assert [(one.trial, one.number) for one in reruns] == [(t, n) for t in (1, 4) for n in (0, 1, 2)]
    assert [one.repeat.seed for one in reruns] == 2 * [rerun_seed(0, number) for number in range(3)]
    assert store.reruns() == reruns
    assert {path.name: path.read_bytes() for path in (store.folder / "trials").iterdir()} == before


def test_what_is_there_is_not_trained_again(tmp_path):
    store, config = make(tmp_path)
    rerun(store, config)
    lost = store.rerun_path(4, 1)
    whole = files(store)
    lost.unlink()
    events = []
    rerun(store, config, observe=events.append)
    assert isinstance(events[0], RerunsStarted)
    assert events[0].finished == 5
    assert [(event.rerun.trial, event.rerun.number) for event in events[1:]] == [(4, 1)]
    assert files(store) == whole
    events.clear()
    rerun(store, config, observe=events.append)
    assert events == []


def test_killed_after_any_rerun_it_goes_on_to_the_same_files(tmp_path):
    straight, config = make(tmp_path)
    rerun(straight, config)
    for kill_after in range(6):
        store, _ = make(tmp_path, f"killed{kill_after}")
        left = [kill_after]

        def observe(event, left=left):
            if isinstance(event, RerunFinished):
                if not left[0]:
                    raise KilledError
                left[0] -= 1

        with pytest.raises(KilledError):
            rerun(store, config, observe=observe)
        rerun(store, config)
        assert files(store) == files(straight)


def test_neither_workers_nor_the_order_of_ending_change_a_file(tmp_path):
    straight, config = make(tmp_path)
    rerun(straight, config)
    late, _ = make(tmp_path, "late")
    rerun(late, config, executor=Late(), workers=2)
    assert files(late) == files(straight)


def test_a_group_that_goes_down_is_tried_one_by_one(tmp_path):
    straight, config = make(tmp_path)
    rerun(straight, config)
    store, _ = make(tmp_path, "down")
    rerun(store, config, objective=Line(fail={(4, 3), (4, 6)}), executor=Late())
    assert files(store) == files(straight)


def test_one_that_fails_is_kept_as_failed(tmp_path):
    store, config = make(tmp_path)
    reruns = rerun(store, config, objective=Line(fail={(4, 6), (4, 1)}), executor=Late())
    assert [one.repeat.status for one in reruns] == 3 * [Status.DONE] + 3 * [Status.FAILED]
    assert reruns[-1].repeat.error == "RuntimeError: went down"


def test_a_damaged_file_is_set_aside_and_trained_again(tmp_path):
    store, config = make(tmp_path)
    rerun(store, config)
    whole = files(store)
    store.rerun_path(1, 2).write_text("{")
    rerun(store, config)
    assert files(store) == {**whole, "00001-002.json.bad": b"{"}


def test_a_signal_keeps_what_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(rerunning, "SECONDS_TO_FINISH", 0.05)
    store, config = make(tmp_path)
    stop = StopRequest()

    def observe(event):
        if isinstance(event, RerunFinished) and event.rerun.trial == 1:
            stop.request(2)

    with pytest.raises(InterruptedStudyError, match=r"SIGINT: 3 of 6 trainings .* goes on"):
        rerun(store, config, executor=Endless(), workers=2, observe=observe, stop=stop)
    assert len(store.reruns()) == 3


def test_the_loop_trains_what_a_decision_wants_to_know_and_decides_again(tmp_path, monkeypatch):
    store, config = make(tmp_path)
    asked = []
    decide = study.next_round

    def wanting(plans, results, config, reruns, refine):
        asked.append(len(reruns))
        return WANTED if len(reruns) < 6 else decide(plans, results, config, reruns, refine)

    monkeypatch.setattr(study, "next_round", wanting)
    events = []
    run_study(store, config, events.append)
    assert asked == [0, 6]
    assert json.loads(store.rerun_path(4, 2).read_text())["purpose"] == "noise"
    assert isinstance(events[-1], StudyFinished)
    assert not any(isinstance(event, TrialFinished | Notice) for event in events)
