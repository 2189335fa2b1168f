"""``hpt confirm``: the contenders trained again on fresh seeds, one chosen, and scored on the test rows."""

from __future__ import annotations

import dataclasses
import math
import signal
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from hpt_cli.config import StudyConfig
from hpt_cli.confirmation import Candidate, Confirmation, ConfirmOutcome, ConfirmPlan, TestMetric
from hpt_cli.engines import count_workers, open_engine
from hpt_cli.errors import InputError, InterruptedStudyError, StudyChangedError, StudyFailedError
from hpt_cli.evaluation import make_objective, read_folder
from hpt_cli.events import Notice, Observer, StudyStarted
from hpt_cli.evidence import Evidence
from hpt_cli.in_flight import InFlight, StopRequest
from hpt_cli.network import metric_range
from hpt_cli.noise import UNLIMITED, Noise, contenders, interval, luck_of_the_best, mean_of, measure
from hpt_cli.objectives.base import Objective
from hpt_cli.planning import situation
from hpt_cli.preparation import ensure_data, read_data
from hpt_cli.ranking import rank
from hpt_cli.records import Damage
from hpt_cli.rerun import Purpose, Rerun, WantedReruns, objectives_of
from hpt_cli.rerunning import Rerunner
from hpt_cli.rounds import believed_best, why_no_belief
from hpt_cli.seeds import SCORE
from hpt_cli.store import StudyStore
from hpt_cli.trial import RepeatResult, Status, TrialResult

if TYPE_CHECKING:
    from hpt_cli.data import Dataset

REPEATS = 5
"""Fresh trainings of each candidate, where the user names no number."""
TOP = 5
"""Candidates where the noise is not known."""
MOST = 10
"""Contenders that become candidates, where the user names no number: those that are believed best."""


def confirm_study(
    store: StudyStore,
    config: StudyConfig,
    *,
    top: int | None,
    repeats: int | None,
    workers: int | None,
    observe: Observer,
    stop: StopRequest,
) -> tuple[Confirmation, bool]:
    """Train the candidates on fresh seeds, choose one by these alone, and score it on the test rows.

    The plan is written before the first training, so that the same call goes on after a kill; the choice and
    the score follow from it and the reruns.  Where trials differ in nothing but luck, the best of the fresh
    means is lucky once more: so the chosen one is trained on further seeds, and judged by those.

    Args:
        store: The study's folder.
        config: What it was made from.
        top: How many candidates; ``None`` for the contenders.
        repeats: Fresh trainings of each, at least 2; ``None`` for :data:`REPEATS`.
        workers: Processes that train; ``None`` for the config's, or one a usable core.
        observe: Is called with each event.
        stop: Asks for the end.

    Returns:
        The record, and whether anything was done; if not, it was there already.

    Raises:
        InputError: No trial is done; or a confirmation of another kind was begun.
        StudyChangedError: The data is no longer what the study was made with.
        StudyFailedError: Every candidate had a training that did not end well.
        InterruptedStudyError: ``stop`` was requested.
        StudyInUseError: Another process writes the study.
        CannotWriteError: A file could not be written.
    """
    with store.lock():
        for read in list(store.each_confirmation()):
            if isinstance(read, Damage):
                aside = store.set_aside(read.path)
                observe(Notice(f"{read.path.name}: {read.why}; set aside as {aside.name}"))
        for damage in store.damage():
            observe(Notice(f"{damage.path}: {damage.why}; left out: hpt run CONFIG sets it aside"))
        results = {result.number: result.slim() for result in store.results()}
        record = _record(store, config, results, top=top, repeats=repeats)
        if record.outcome is not None:
            return record, False
        dataset = _dataset(store, config)
        count = count_workers(config.execution, workers)
        finished = tuple(results.values())
        observe(StudyStarted(store.name, finished, len(results), count, store.evidence()))
        store.save_confirmation(record)
        objective = make_objective(store, config)
        needs = (read_folder(store, config), objective.grace)
        with open_engine(config.execution, workers, *needs, stop.say) as (executor, count):
            confirming = _Confirming(store, config, objective, executor, count, observe, stop)
            return confirming.run(record, results, dataset), True


def _record(
    store: StudyStore,
    config: StudyConfig,
    results: Mapping[int, TrialResult],
    *,
    top: int | None,
    repeats: int | None,
) -> Confirmation:
    """The confirmation to go on with, to show again, or to begin."""
    records = store.confirmations()
    last = records[-1] if records else None
    done = sum(result.objective is not None for result in results.values())
    if not done:
        raise InputError(f"study {store.name} has no trial that is done; there is nothing to confirm")
    if last is not None and last.outcome is None:
        if not _agrees(last.plan, top, repeats):
            asked = f"--top {len(last.plan.trials)} --repeats {len(last.plan.choosing)}"
            raise InputError(
                f"a confirmation of study {store.name} was begun with {asked} and is not finished; finish it "
                "first, with the same options or none"
            )
        return last
    if last is not None and last.plan.done == done and _agrees(last.plan, top, repeats):
        return last
    evidence = store.evidence()
    known = situation(store.rounds(), list(results.values()), config, evidence.reruns)
    plan = plan_confirmation(
        results.values(),
        evidence,
        store.goal,
        top=top,
        repeats=repeats or REPEATS,
        believed=believed_best(known),
        doubt=f"no model could be made: {why}" if (why := why_no_belief(known)) else "",
    )
    return Confirmation(1 + max((record.number for record in records), default=-1), plan)


def _agrees(plan: ConfirmPlan, top: int | None, repeats: int | None) -> bool:
    """Whether a plan is what the options ask for."""
    asked = top is None or min(top, plan.done) == len(plan.trials)
    return asked and repeats in (None, len(plan.choosing))


def plan_confirmation(
    results: Iterable[TrialResult],
    evidence: Evidence,
    goal: str,
    *,
    top: int | None,
    repeats: int,
    believed: Sequence[int] = (),
    doubt: str = "no model was asked",
) -> ConfirmPlan:
    """Who is trained again, on which seeds: on such that no trial of the study has seen.

    Candidates are the contenders, what is believed best before all: the best that were seen are the luckiest
    ones.  The very best believed is among them, contender or not, and the best seen where there are two.

    Args:
        results: The study's trials, of which one or more are done.
        evidence: What is known beside them.
        goal: ``minimize`` or ``maximize``.
        top: How many candidates, contenders first; ``None`` for the contenders.
        repeats: Trainings of each.
        believed: The trials that are done, what a model believes best first.
        doubt: Why there is no such model, so that the leaderboard's order counts; empty if there is.
    """
    board = rank(results, goal, None, evidence)
    seen = [result.number for result in board.rows.results[: board.done]]
    certain = board.noise is not None and board.noise.spread == 0  # what was seen is what is true
    ordered = list(seen if certain or doubt else believed)
    level = {seen[0], *(row.result.number for row in board.level)}
    if board.noise is None:
        trials, limit = ordered, top or TOP
    else:
        pool = level | {ordered[0]}
        trials = sorted(ordered, key=lambda number: number not in pool)
        limit = top or min(len(pool), MOST)
    trials = trials[:limit]
    if seen[0] not in trials and limit > 1:
        trials[-1] = seen[0]
    first = 1 + max((rerun.number for rerun in evidence.reruns), default=-1)
    choosing = tuple(range(first, first + repeats))
    judging = tuple(range(first + repeats, first + 2 * repeats)) if len(trials) > 1 else choosing
    known = None if board.noise is None else len(level)
    by = "contenders" if top is None and known is not None else "top"
    doubt = "trainings of one trial do not differ, so that what was seen is true" if certain else doubt
    words = _words(trials, seen, level if known is not None else None, doubt)
    return ConfirmPlan(tuple(trials), choosing, judging, by, known, len(seen), words)


def _words(trials: Sequence[int], seen: Sequence[int], level: Container[int] | None, doubt: str) -> str:
    """How the candidates were found, in a sentence.

    Args:
        trials: The candidates in order.
        seen: All trials that are done, the best seen first.
        level: The contenders; ``None`` where the noise is not known.
        doubt: Why no model was asked; empty if one was.
    """
    rivals = seen if level is None else [number for number in seen if number in level]
    noun = "trial" if level is None else "contender"
    inside = sum(number in rivals for number in trials)
    if len(rivals) == 1:
        said = f"the one {noun}"
    elif inside == len(rivals):
        said = f"all {_count(inside, noun)}"
    else:
        said = f"{inside} of {_count(len(rivals), noun)}"
    if doubt:
        return f"candidates: {said}, the best that were seen first ({doubt})"
    other = len(trials) - inside
    more = f" and {_count(other, 'trial')} beside" if other else ""
    best = f"trial {trials[0]}" + (
        ", the best seen, too" if trials[0] == seen[0] else f", the best seen trial {seen[0]}"
    )
    order = f"the best believed by the model before it, which has also seen what is near a trial, is {best}"
    return f"candidates: {said}{more}; {order}"


def _dataset(store: StudyStore, config: StudyConfig) -> Dataset | None:
    """The data with its test rows, which the study's folder does not keep; ``None`` of own code.

    Raises:
        StudyChangedError: It is no longer what the study was made with.
    """
    dataset = read_data(config)
    if dataset is None:
        return None
    if dataset.hash != store.study["data"]["hash"]:
        source = config.data.source if config.data else ""
        raise StudyChangedError(
            f"{source} has other content now than when study {store.name} was made: its test rows are no "
            "longer those that the search never saw; put the old file back, or make a new study"
        )
    ensure_data(store, dataset)
    return dataset


class _Confirming:
    """One confirmation, from its plan to its record."""

    def __init__(
        self,
        store: StudyStore,
        config: StudyConfig,
        objective: Objective,
        executor: Executor,
        workers: int,
        observe: Observer,
        stop: StopRequest,
    ) -> None:
        self._store = store
        self._config = config
        self._goal = str(config.objective.goal)
        metric, own = config.objective.metric, config.own_code is not None
        self._limits = UNLIMITED if own else metric_range(metric)
        self._objective = objective
        self._rerunner = Rerunner(store, config.seed, objective, executor, workers, observe, stop)
        self._in_flight = InFlight(objective, executor, workers, stop)
        self._stop = stop

    def run(
        self, record: Confirmation, results: Mapping[int, TrialResult], dataset: Dataset | None
    ) -> Confirmation:
        """Train, choose, judge, score; the finished record."""
        plan = record.plan
        seeds, trials = len(plan.choosing), len(plan.trials)
        why = f"training {_count(trials, 'candidate')} on {seeds} new seeds each"
        fresh = self._rerunner.run(WantedReruns(plan.trials, plan.choosing, Purpose.CONFIRM, why), results)
        candidates, noise = compare_candidates(plan, fresh, self._goal, self._limits)
        chosen = candidates[0].trial if candidates[0].fresh is not None else None
        outcome = ConfirmOutcome(chosen, candidates, None, 0, 0.0, 0, {}, self._used_before())
        if chosen is not None and noise is not None:
            outcome = self._judge(plan, outcome, results[chosen], noise, dataset)
        finished = dataclasses.replace(record, outcome=outcome)
        self._store.save_confirmation(finished)
        if chosen is None:
            raise StudyFailedError(
                f"none of {_count(trials, 'candidate')} ended well on all of its new seeds; the first, trial "
                f"{candidates[0].trial}: {candidates[0].error}"
            )
        return finished

    def _judge(
        self,
        plan: ConfirmPlan,
        outcome: ConfirmOutcome,
        chosen: TrialResult,
        noise: Noise,
        dataset: Dataset | None,
    ) -> ConfirmOutcome:
        """Train the chosen one where it was not chosen, keep its model, and score it."""
        why = f"training trial {chosen.number}, the chosen one, on {len(plan.judging)} seeds more"
        wanted = WantedReruns((chosen.number,), plan.judging, Purpose.CONFIRM, why)
        reruns = self._rerunner.run(wanted, {chosen.number: chosen})
        well = [rerun.repeat for rerun in reruns if rerun.repeat.status is Status.DONE]
        level = sum(candidate.level for candidate in outcome.candidates)
        test: Mapping[str, TestMetric] = {}
        if well:
            test = self._score(chosen, well, dataset)
        return dataclasses.replace(
            outcome,
            judged=interval(objectives_of(well), noise, self._limits) if well else None,
            lost=len(reruns) - len(well),
            luck=luck_of_the_best(level) * noise.paired / math.sqrt(len(plan.choosing)),
            rows=0 if dataset is None else len(dataset.y_test),
            test=test,
        )

    def _score(
        self, chosen: TrialResult, repeats: Sequence[RepeatResult], dataset: Dataset | None
    ) -> Mapping[str, TestMetric]:
        """The chosen one on the test rows, if there are any; ``best/`` gets its first model."""
        scored = dataset is not None and len(dataset.y_test) > 0
        trials = [dataclasses.replace(chosen, repeats=(repeat,)) for repeat in repeats]
        files = self._models(trials if scored else trials[:1])
        self._store.save_best(chosen.number, files[0])
        if dataset is None or not scored:
            return {}
        from hpt_cli.network import NetworkSettings
        from hpt_cli.scoring import score

        return score(
            dataset,
            NetworkSettings.from_flat({**self._config.network, **chosen.params}),
            [of_one["model.npz"] for of_one in files],
            metric=self._config.objective.metric,
            seed=(self._config.seed, SCORE),
        )

    def _models(self, trials: Sequence[TrialResult]) -> list[dict[str, bytes]]:
        """What is worth keeping of each of these trainings, done again for it."""
        futures = [self._in_flight.begin(self._objective.model, trial) for trial in trials]
        while not all(future.done() for future in futures):
            self._in_flight.wait()
            if self._stop.signal_number is not None:
                number = self._stop.signal_number
                raise InterruptedStudyError(
                    number,
                    f"stopped by {signal.Signals(number).name}: all trainings are finished and kept, the "
                    "score is not made yet; the same command goes on",
                )
        return [future.result() for future in futures]

    def _used_before(self) -> int:
        """How many confirmations have looked at the test rows."""
        records = self._store.confirmations()
        return sum(bool(record.outcome and record.outcome.test) for record in records)


def compare_candidates(
    plan: ConfirmPlan, reruns: Sequence[Rerun], goal: str, limits: tuple[float, float] = UNLIMITED
) -> tuple[tuple[Candidate, ...], Noise | None]:
    """The candidates, best first, by their fresh trainings alone, and the noise among these.

    Args:
        plan: Who the candidates are.
        reruns: All that the choice is made by.
        goal: ``minimize`` or ``maximize``.
        limits: Between which values the objective lies.
    """
    repeats: dict[int, list[RepeatResult]] = {trial: [] for trial in plan.trials}
    for rerun in reruns:
        repeats[rerun.trial].append(rerun.repeat)
    bad = {
        trial: next((repeat for repeat in of_one if repeat.status is not Status.DONE), None)
        for trial, of_one in repeats.items()
    }
    fresh = {trial: objectives_of(repeats[trial]) for trial, repeat in bad.items() if repeat is None}
    noise = measure(fresh.values(), goal)
    level = contenders(fresh, noise, goal) if noise is not None else ()
    sign = 1.0 if goal == "minimize" else -1.0
    ordered = sorted(fresh, key=lambda trial: (sign * mean_of(fresh[trial]), plan.trials.index(trial)))
    well = [Candidate(trial, interval(fresh[trial], noise, limits), trial in level) for trial in ordered]
    out = [
        Candidate(trial, None, False, f"{repeat.status.said}: {repeat.error}")
        for trial, repeat in bad.items()
        if repeat is not None
    ]
    return (*well, *out), noise


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
