"""Which rounds a study has, and which one comes next."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from hpt_cli.config import RoundSettings, StudyConfig
from hpt_cli.errors import InputError
from hpt_cli.objectives.base import Objective
from hpt_cli.pruning import Brackets, Pruner, make_pruner
from hpt_cli.rerun import Rerun, WantedReruns
from hpt_cli.rounds import RoundPlan, next_space
from hpt_cli.seeds import ASK
from hpt_cli.store import StudyStore
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.base import Strategy
from hpt_cli.trial import TrialResult


def planned_rounds(store: StudyStore, config: StudyConfig) -> list[RoundPlan]:
    """The rounds with a plan; the config's last one may have been extended since."""
    plans = store.rounds()
    own = [plan for plan in plans if plan.origin == "config"]
    if own and own[-1] is plans[-1]:
        asked = config.search.rounds[len(own) - 1].trials
        if asked > plans[-1].trials:
            plans[-1] = dataclasses.replace(plans[-1], trials=asked)
    return plans


def rounds_ahead(plans: Sequence[RoundPlan], config: StudyConfig) -> Sequence[RoundSettings]:
    """The config's rounds that have no plan yet."""
    return config.search.rounds[sum(plan.origin == "config" for plan in plans) :]


def trials_in_all(plans: Sequence[RoundPlan], config: StudyConfig) -> int:
    """Trials of all rounds, planned or not yet."""
    return sum(plan.trials for plan in plans) + sum(ahead.trials for ahead in rounds_ahead(plans, config))


def strategy_of(plan: RoundPlan, config: StudyConfig, history: Sequence[TrialResult] = ()) -> Strategy:
    """Who chooses a round's params, given the results of the rounds before it."""
    options: dict[str, Any] = {"model": config.search.model} if plan.strategy == "bayes" else {}
    if config.search.prune.method != "none":
        brackets = Brackets(config.search.prune, config.epochs)
        options["batch_of"] = lambda number: brackets.of(number).numbers
    return make_strategy(
        plan.strategy,
        plan.space,
        seed=(config.seed, ASK, plan.number),
        parallel=plan.parallel,
        goal=config.objective.goal,
        history=history,
        **options,
    )


def pruner_of(
    plan: RoundPlan, config: StudyConfig, results: Mapping[int, TrialResult], objective: Objective
) -> Pruner:
    """Who ends a round's poor trials early, given the study's finished trials by number."""
    return make_pruner(
        config.search.prune,
        config.epochs,
        first=plan.first,
        trials=plan.trials,
        parallel=plan.parallel,
        metric=config.objective.metric,
        goal=config.objective.goal,
        results=results,
        objective=objective,
    )


def first_round(config: StudyConfig) -> RoundPlan:
    """The round that a study begins with."""
    settings = config.search.rounds[0]
    return RoundPlan(
        number=0,
        first=0,
        space=config.space,
        strategy=settings.strategy,
        trials=settings.trials,
        repeats=settings.repeats,
        parallel=config.search.parallel,
    )


def next_round(
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    reruns: Sequence[Rerun] = (),  # noqa: ARG001 - the decision's first form does not ask for any
) -> RoundPlan | WantedReruns | None:
    """The config's next round after ``plans``, whose results are all there; ``None`` after the last.

    Where it takes reruns to decide, those it takes; asked again when they are there, it decides.
    """
    ahead = rounds_ahead(plans, config)
    if not ahead:
        return None
    if not plans:
        return first_round(config)
    return narrowed(plans, results, config, ahead[0], origin="config")


def narrowed(
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    settings: RoundSettings,
    *,
    origin: str,
) -> RoundPlan:
    """The round after the last of ``plans``, in the space that the results point to.

    Raises:
        InputError: There is too little to decide on.
    """
    last = plans[-1]
    space, moves = next_space(last.space, results, config.objective.goal)
    trials = settings.trials
    if settings.strategy == "grid":
        try:
            trials = space.grid_count()
        except ValueError as error:
            raise InputError(f"{error}; or take another strategy: --strategy sobol") from error
    return RoundPlan(
        number=len(plans),
        first=last.first + last.trials,
        space=space,
        strategy=settings.strategy,
        trials=trials,
        repeats=settings.repeats,
        parallel=config.search.parallel,
        origin=origin,
        moves=moves,
    )


def refine_study(
    store: StudyStore,
    config: StudyConfig,
    *,
    trials: int | None = None,
    strategy: str | None = None,
    repeats: int | None = None,
    dry_run: bool = False,
) -> RoundPlan:
    """Plan one more round, in a narrower space; :func:`hpt_cli.study.run_missing` then runs it.

    What is not given is as in the round before.  A refined round that was planned but not finished is
    returned again, so that the same command goes on after a kill.

    Raises:
        InputError: The config's own rounds are not finished, or there is too little to decide on.
    """
    with store.lock():
        plans, results = store.rounds(), store.results()
        if len(results) < sum(plan.trials for plan in plans) or rounds_ahead(plans, config):
            if plans and plans[-1].origin == "refine":
                return plans[-1]
            raise InputError(
                f"study {store.name} is not finished ({len(results)} trials); finish it first, with hpt run"
            )
        last = plans[-1]
        settings = RoundSettings(strategy or last.strategy, trials or last.trials, repeats or last.repeats)
        plan = narrowed(plans, results, config, settings, origin="refine")
        if not dry_run:
            store.save_round(plan)
        return plan
