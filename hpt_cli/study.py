"""THE LOOP: ask, submit, save, tell, round by round.

The loop numbers the trials and is the only writer of the study's folder.  What it does next follows from the
config and the finished trials alone, so going on after a kill is the same as never having stopped: a fresh
strategy is told the stored results and asked for the first missing number.
"""

from __future__ import annotations

import dataclasses
import signal
import time
from collections import Counter
from concurrent.futures import Executor
from typing import NoReturn

from hpt_cli import warm_start
from hpt_cli.config import StudyConfig
from hpt_cli.endings import Ended, Limits, Reason, begins_with_failures, spent_seconds
from hpt_cli.engines import open_engine
from hpt_cli.errors import InterruptedStudyError, StudyFailedError, ranges
from hpt_cli.evaluation import make_objective, read_folder
from hpt_cli.events import (
    Notice,
    Observer,
    RoundFinished,
    RoundStarted,
    StudyFinished,
    StudyStarted,
    TrialFinished,
    TrialStarted,
)
from hpt_cli.executors import Crew, TaskTimeoutError, WorkerDiedError
from hpt_cli.in_flight import SECONDS_TO_FINISH, InFlight, StopRequest
from hpt_cli.objectives.base import Objective, StagedObjective
from hpt_cli.planning import (
    NoRound,
    RefineRequest,
    cost_of,
    next_round,
    planned_rounds,
    pruner_of,
    rounds_ahead,
    strategy_of,
    trials_in_all,
)
from hpt_cli.pruning import NoPruner, Pruner, Verdict
from hpt_cli.ranking import best_of
from hpt_cli.records import Damage, nothing_collected
from hpt_cli.rerun import WantedReruns
from hpt_cli.rerunning import Rerunner
from hpt_cli.rounds import RoundPlan
from hpt_cli.seeds import training_seed
from hpt_cli.space import Params
from hpt_cli.store import StudyStore
from hpt_cli.strategies.base import Strategy
from hpt_cli.summary import Notes
from hpt_cli.trial import Leg, Paused, Status, TrialResult, TrialSpec


def run_missing(
    store: StudyStore,
    config: StudyConfig,
    *,
    workers: int | None,
    observe: Observer,
    stop: StopRequest,
    retry_failed: bool = False,
    refine: RefineRequest | None = None,
    crew: Crew | None = None,
) -> None:
    """Run what is missing of a study, to its end.

    Args:
        store: The study's folder.
        config: What the folder was made from (with a longer last round, or more rounds, if it was extended).
        workers: Processes that train; ``None`` for one a usable core.
        observe: Is called with each event, from this thread.
        stop: Asks the loop to end.
        retry_failed: Run the trials again that failed or timed out; their files are set aside.
        refine: Rounds to add to those that there are.
        crew: Workers that were started early.

    Raises:
        InputError: There is too little to decide on for ``refine``.
        StudyFailedError: No trial succeeded, or too many failed.
        InterruptedStudyError: ``stop`` was requested.
        StudyInUseError: Another process runs the study.
        CannotWriteError: A result could not be written.
    """
    objective = make_objective(store, config)
    needs = (read_folder(store, config), objective.grace)
    engine = open_engine(config.execution, workers, *needs, stop.say, crew)
    with store.lock(), engine as (executor, workers):
        if retry_failed:
            _set_failed_aside(store, observe)
        StudyLoop(store, config, objective, executor, workers, observe, stop, refine).run()


def _set_failed_aside(store: StudyStore, observe: Observer) -> None:
    failed = [result.number for result in store.results() if result.status in (Status.FAILED, Status.TIMEOUT)]
    for number in failed:
        store.set_aside(store.trial_path(number), "failed")
    if failed:
        told = f"{ranges(failed)}; the files of before are kept as trials/NUMBER.json.failed"
        observe(Notice(f"failed or timed out, and run again: {told}"))


class StudyLoop:
    """One run of the loop over one locked study.

    Args:
        store: The study's folder, locked.
        config: What it was made from.
        objective: What a trial does.
        executor: Where trials run.
        workers: How many of them run there at the same time.
        observe: Is called with each event.
        stop: Asks the loop to end.
        refine: Rounds to add to those that there are.
    """

    def __init__(
        self,
        store: StudyStore,
        config: StudyConfig,
        objective: Objective,
        executor: Executor,
        workers: int,
        observe: Observer,
        stop: StopRequest,
        refine: RefineRequest | None = None,
    ) -> None:
        self._refine = refine
        self._store = store
        self._config = config
        self._objective = objective
        self._workers = workers
        self._observe = observe
        self._stop = stop
        self._notes = Notes(store)
        self._results: dict[int, TrialResult] = {}  # slim: a study may have 100,000 trials
        self._counts: Counter[Status] = Counter()
        self._pruner: Pruner = NoPruner()
        self._in_flight = InFlight(
            objective, executor, workers, stop, observe, config.execution.trial_timeout
        )
        self._rerunner = Rerunner(store, config.seed, objective, executor, workers, observe, stop)
        self._limits = Limits(budget=None, target=None, goal="minimize", parallel=1, spent=0.0)

    def run(self) -> None:
        """Run what is missing; raises as :func:`run_missing`."""
        with nothing_collected():
            self._remember_finished()
        self._rerunner.set_damaged_aside()
        self._limits = self._limits_so_far()
        finished, evidence = tuple(self._in_order()), self._store.evidence()
        self._observe(StudyStarted(self._store.name, finished, self._in_all(), self._workers, evidence))
        self._stop_if_broken()
        ended = self._run_rounds()
        if (
            isinstance(self._objective, StagedObjective)
            and self._prunes
            and ended.reason is not Reason.BUDGET
        ):
            self._objective.forget()  # also what a killed worker left
        evidence = self._store.evidence()
        best = best_of(self._results.values(), self._config.objective.goal, evidence)
        if best is not None:
            self._keep_best(evidence.judged_as(best))
        elif ended.reason is Reason.FINISHED:
            ended = Ended(Reason.FAILURES)
        before = Ended.from_study(self._store.study)  # gone, if anything was run
        if before is None or {before.reason, ended.reason} != {Reason.BUDGET}:
            self._store.mark_ended(ended)
        if best is None:
            raise StudyFailedError(f"no trial succeeded; {self._first_failure()}")
        self._notes.save()
        self._observe(StudyFinished(self._store.name, len(self._results)))

    def _remember_finished(self) -> None:
        for read in self._store.each_trial():
            if isinstance(read, Damage):
                aside = self._store.set_aside(read.path)
                self._observe(
                    Notice(f"{read.path.name}: {read.why}; set aside as {aside.name}, its trial runs again")
                )
            else:
                self._remember(read)

    def _limits_so_far(self) -> Limits:
        search = self._config.search
        limits = Limits(
            budget=search.budget,
            target=search.target,
            goal=self._config.objective.goal,
            parallel=search.parallel,
            spent=spent_seconds(self._results.values(), Ended.from_study(self._store.study)),
        )
        for result in self._results.values():
            limits.learn(result)
        return limits

    def _run_rounds(self) -> Ended:
        """Run every round that is not finished, up to a limit; how the study ended."""
        number = 0
        while True:
            plans = planned_rounds(self._store, self._config)
            is_new = number == len(plans) and bool(rounds_ahead(plans, self._config))
            reached = self._limits.reached_before(sum(plan.trials for plan in plans[:number]))
            limit = self._limits.ended() if reached or is_new else None
            plan = None if limit else self._plan(number)
            if plan is None:
                return limit or Ended(Reason.FINISHED)
            if not self._run_round(plan):
                return self._limits.ended() or Ended(Reason.FINISHED)
            number += 1

    def _plan(self, number: int) -> RoundPlan | None:
        """The plan of round ``number``, decided and published if it is new; ``None`` after the last.

        What the decision wants to know of the noise is found out first.
        """
        plans = planned_rounds(self._store, self._config)
        if number < len(plans):
            return plans[number]
        while True:
            reruns = self._store.reruns()
            decided = next_round(plans, self._in_order(), self._config, reruns, self._refine)
            if not isinstance(decided, WantedReruns):
                break
            self._rerunner.run(decided, self._results)
        if isinstance(decided, NoRound):
            self._observe(Notice(decided.why))
            return None
        if decided is not None:
            self._store.save_round(decided)
            if decided.origin == "refine":
                self._refine = None  # the plan says how many rounds follow
        return decided

    def _remember(self, result: TrialResult) -> None:
        curve = self._config.objective.metric if self._prunes else None
        self._results[result.number] = result.slim(curve=curve)
        self._counts[result.status] += 1
        self._in_flight.learn(result)
        self._limits.learn(result)

    def _in_order(self) -> list[TrialResult]:
        return [self._results[number] for number in sorted(self._results)]

    def _run_round(self, plan: RoundPlan) -> bool:
        """Ask for every number of the round that has no result, and wait for all; whether all were run."""
        numbers = range(plan.first, plan.first + plan.trials)
        finished = [number for number in numbers if number in self._results]
        if len(finished) == plan.trials:
            return True
        before = [result for result in self._in_order() if result.number < plan.first]
        warm = warm_start.kept(self._store)
        strategy = strategy_of(plan, self._config, before, warm.results() if warm else ())
        missing = (number for number in numbers if number not in self._results)
        if not any(self._may_ask(plan, strategy, number - plan.first) for number in missing):
            return False
        self._store.mark_ended(None)
        known = self._in_order()
        cost = cost_of(plan, self._store.rounds(), known, self._config, self._workers) if known else None
        self._observe(RoundStarted(plan, len(finished), cost))
        for number in finished:
            strategy.tell(number - plan.first, self._results[number])
        self._pruner = pruner_of(plan, self._config, self._results, self._objective)
        asked = self._ask_and_tell(plan, strategy)
        if any(number not in self._results for number in numbers[:asked]):
            return False
        plan = dataclasses.replace(plan, trials=asked)  # fewer if the space held no more
        if plan != self._store.rounds()[plan.number]:
            self._store.save_round(plan)
        if asked < len(numbers):
            self._observe(
                Notice(
                    f"round {plan.number} ends after {asked} of {len(numbers)} trials: "
                    "the space holds no other point that was not tried"
                )
            )
        self._observe(RoundFinished(plan, exhausted=asked < len(numbers)))
        return True

    def _ask_and_tell(self, plan: RoundPlan, strategy: Strategy) -> int:
        """Until every trial of the round has a result, or a limit is reached; how many trials there are."""
        number = 0  # the next to be asked, within the round
        settled = 0  # every number below it has a result
        trials = plan.trials
        waits = strategy.uses_results or self._limits.has_target or self._pruner.waits
        while True:
            while plan.first + settled in self._results:
                settled += 1
            asked: list[Leg] = []
            room = self._in_flight.room(waits=waits)
            while number < trials and len(asked) < room:
                if self._stop.signal_number is not None:
                    self._wind_down()
                if plan.first + number in self._results:
                    number += 1
                    continue
                if waits and settled < strategy.needs(number):
                    break
                if not self._may_ask(plan, strategy, number):
                    break
                params = strategy.ask(number)
                if params is None:
                    trials = number
                    break
                asked.append(self._pruner.first_leg(self._spec(plan, number, params, strategy)))
                number += 1
            if number == trials:
                for result in self._follow(self._pruner.close(plan.first + trials)):
                    strategy.tell(result.number - plan.first, self._results[result.number])
            self._in_flight.submit(asked, lambda spec: self._observe(TrialStarted(spec)))
            if not self._in_flight.trials:
                return trials
            for result in self._wait():  # told without curves, which it would keep
                strategy.tell(result.number - plan.first, self._results[result.number])

    def _may_ask(self, plan: RoundPlan, strategy: Strategy, number: int) -> bool:
        return self._limits.may_ask(plan.first + number, waits_for=plan.first + strategy.needs(number))

    def _spec(self, plan: RoundPlan, number: int, params: Params, strategy: Strategy) -> TrialSpec:
        seeds = tuple(training_seed(self._config.seed, repeat) for repeat in range(plan.repeats))
        return TrialSpec(plan.first + number, plan.number, params, seeds, strategy.origin(number))

    def _wait(self) -> list[TrialResult]:
        """What is finished with the next task that ends, published; trials may have paused without one."""
        left = self._limits.seconds_left()
        if left == 0:
            self._in_flight.recall()
        results = self._keep(self._in_flight.wait(left or None))
        if self._stop.signal_number is not None:
            self._wind_down()
        return results

    def _keep(self, outcomes: list[TrialResult | Paused]) -> list[TrialResult]:
        """Publish what came of a task, and what follows from it."""
        published: list[TrialResult] = []
        for outcome in map(self._in_time, outcomes):
            if isinstance(outcome, TrialResult):
                self._publish(outcome)
                published.append(outcome)
            else:
                self._in_flight.learn(outcome)
            published += self._follow(self._pruner.take(outcome))
        if published:
            self._stop_if_broken()
        return published

    def _in_time(self, outcome: TrialResult | Paused) -> TrialResult | Paused:
        """The outcome; a trial at a rung has timed out if its legs took too long together.

        A single leg that takes too long is ended where it runs.
        """
        timeout = self._config.execution.trial_timeout
        if isinstance(outcome, TrialResult) or timeout is None or outcome.timing.seconds <= timeout:
            return outcome
        why = f"took longer than {timeout:g} s for {outcome.epoch} epochs, and was not trained on"
        return TrialResult.failure(outcome.spec, Status.TIMEOUT, why, outcome.timing)

    def _follow(self, verdict: Verdict) -> list[TrialResult]:
        """Publish the trials that were pruned, and train on those that go on."""
        for result in verdict.pruned:
            self._publish(result)
        if self._stop.signal_number is None and self._limits.seconds_left() != 0:
            self._in_flight.submit(verdict.legs)
        return verdict.pruned

    def _publish(self, result: TrialResult) -> None:
        self._notes.add(self._store.save(result), result)
        self._remember(result)
        self._forget([result.number])
        self._observe(TrialFinished(result))

    def _forget(self, numbers: list[int] | None) -> None:
        """Remove what is kept of where trials stood at their last rung; ``None`` for all."""
        if self._prunes and isinstance(self._objective, StagedObjective):
            self._objective.forget(numbers)

    @property
    def _prunes(self) -> bool:
        return self._config.search.prune.method != "none"

    def _wind_down(self) -> NoReturn:
        """A signal asked for the end: keep what finishes within a moment."""
        deadline = time.monotonic() + SECONDS_TO_FINISH
        while self._in_flight.trials and (left := deadline - time.monotonic()) > 0:
            self._keep(self._in_flight.wait(left))
        self._notes.save()
        number = self._stop.signal_number or signal.SIGINT
        raise InterruptedStudyError(
            number,
            f"stopped by {signal.Signals(number).name}: {len(self._results)} of {self._in_all()} trials are "
            "finished and kept; the same command goes on",
        )

    def _in_all(self) -> int:
        return trials_in_all(planned_rounds(self._store, self._config), self._config)

    def _stop_if_broken(self) -> None:
        """End a study that only fails.

        Divergence counts while nothing has succeeded: then it is no finding about the space.
        """
        execution = self._config.execution
        if begins_with_failures(self._results, execution.max_first_failures):
            self._fail(
                f"stopped: the first {execution.max_first_failures} trials failed for the same reason "
                f"(execution.max_first_failures); {self._first_failure()}"
            )
        failures = self._counts[Status.FAILED] + self._counts[Status.TIMEOUT]
        if not self._counts[Status.DONE]:
            failures += self._counts[Status.DIVERGED]
        if failures > execution.max_failures:
            self._fail(
                f"stopped: {failures} trials failed, more than execution.max_failures, "
                f"{execution.max_failures}; {self._first_failure()}"
            )

    def _fail(self, why: str) -> NoReturn:
        self._store.mark_ended(Ended(Reason.FAILURES))
        again = (
            "when the cause is mended, the same command with --retry-failed runs them again; "
            "where the config has to change for it, --fresh begins anew"
        )
        raise StudyFailedError(f"{why}\n{again}")

    def _first_failure(self) -> str:
        ended_well = (Status.DONE, Status.PRUNED)
        first = next((result for result in self._in_order() if result.status not in ended_well), None)
        if first is None:
            out_of_time = self._limits.seconds_left() == 0
            return "none was finished within search.budget" if out_of_time else "the space holds no point"
        return f"the first, trial {first.number}, {first.status.said}: {first.reason}"

    def _keep_best(self, best: TrialResult) -> None:
        """Train the best trial's first training again, for its weights: cheaper than to carry everybody's."""
        if self._store.best_number() == best.number:
            return
        future = self._in_flight.begin(self._objective.model, best)
        while not future.done():
            self._keep(self._in_flight.wait())
            if self._stop.signal_number is not None:
                self._wind_down()
        try:
            files = future.result()
        except (WorkerDiedError, TaskTimeoutError) as error:
            why = f"{error}; the same command tries again"
            self._observe(Notice(f"the model of the best trial, {best.number}, could not be kept: {why}"))
        else:
            self._store.save_best(best.number, files)
