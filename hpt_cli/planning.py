"""Which rounds a study has, and which one comes next."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

from hpt_cli.config import RoundSettings, StudyConfig
from hpt_cli.config.hyperparameters import spec_of
from hpt_cli.errors import DamagedStudyError, InputError
from hpt_cli.objectives.base import Objective
from hpt_cli.pruning import Brackets, Pruner, make_pruner
from hpt_cli.rerun import Rerun, WantedReruns
from hpt_cli.rounds import (
    Cost,
    Decision,
    Limits,
    RoundPlan,
    Situation,
    believed_best,
    decide,
    expected_cost,
    wanted_reruns,
    why_no_belief,
)
from hpt_cli.rounds.situation import measured_noise
from hpt_cli.seeds import ASK, DECIDE
from hpt_cli.space import Float
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


def mend_rounds(store: StudyStore, config: StudyConfig) -> list[str]:
    """Decide the config's rounds again whose plan is damaged; what was done, in sentences.

    A plan follows from the config and the trials before it, so that it comes out as it was.  The file is set
    aside.

    Raises:
        DamagedStudyError: A plan cannot be decided again: it was a refine's, or its trials do not fit it.
    """
    found = list(store.each_round())
    said, plans = [], []
    for number, read in enumerate(found):
        if isinstance(read, RoundPlan):
            plans.append(read)
            continue
        following = next((plan.first for plan in found[number + 1 :] if isinstance(plan, RoundPlan)), None)
        known = sum(isinstance(plan, RoundPlan) and plan.origin == "config" for plan in found)
        plan = _decided_again(store, config, plans, following) if known < len(config.search.rounds) else None
        if plan is None:
            raise DamagedStudyError(
                f"{read.path}: {read.why}, and it cannot be decided again; put a copy of it back, or start "
                "over with hpt run CONFIG --fresh (the folder is renamed, not deleted)"
            )
        aside = f"; set aside as {store.set_aside(read.path).name}" if os.path.lexists(read.path) else ""
        store.save_round(plan)
        said.append(f"{read.path.name}: {read.why}{aside}; the round was decided again")
        plans.append(plan)
        found[number] = plan
    return said


def _decided_again(
    store: StudyStore, config: StudyConfig, before: Sequence[RoundPlan], following: int | None
) -> RoundPlan | None:
    """The config's round after ``before``; ``None`` if its trials do not fit it."""
    results = store.results()
    earlier = [result for result in results if result.round < len(before)]
    try:
        plan = next_round(before, earlier, config, store.reruns())
    except InputError:
        return None
    if not isinstance(plan, RoundPlan):
        return None
    if following is not None:
        plan = dataclasses.replace(plan, trials=following - plan.first)
    own = [result for result in results if result.round == plan.number]
    legal = [result.params in plan.space for result in own if result.origin.kind != "probe"]
    numbers = range(plan.first, plan.first + plan.trials)
    return plan if all(legal) and all(result.number in numbers for result in own) else None


def rounds_ahead(plans: Sequence[RoundPlan], config: StudyConfig) -> Sequence[RoundSettings]:
    """The config's rounds that have no plan yet."""
    return config.search.rounds[sum(plan.origin == "config" for plan in plans) :]


def trials_in_all(plans: Sequence[RoundPlan], config: StudyConfig) -> int:
    """Trials of all rounds, planned or not yet."""
    return sum(plan.trials for plan in plans) + sum(ahead.trials for ahead in rounds_ahead(plans, config))


def strategy_of(
    plan: RoundPlan,
    config: StudyConfig,
    history: Sequence[TrialResult] = (),
    warm: Sequence[TrialResult] = (),
) -> Strategy:
    """Who chooses a round's params, given the results of the rounds before it and of earlier studies."""
    options: dict[str, Any] = {"model": config.search.model} if plan.strategy == "bayes" else {}
    if plan.strategy == "bayes":
        options["warm"] = [result for result in warm if result.params in plan.space]
    if plan.number == 0:
        options["first"] = config.search.enqueue
    if config.search.prune.method != "none":
        brackets = Brackets(config.search.prune, config.epochs)
        options["batch_of"] = lambda number: brackets.of(number).numbers
        if plan.strategy == "bayes":
            options["curve"] = config.objective.metric
    if plan.probes:
        options |= {"first": plan.probes, "first_are": "probe"}
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


def best_believed(
    plans: Sequence[RoundPlan], results: Sequence[TrialResult], config: StudyConfig, reruns: Sequence[Rerun]
) -> int | None:
    """The trial that the model of coarse to fine believes best, by which a confirmation takes its candidates.

    ``None`` where there is no such model, and where trainings of one trial do not differ: what was seen is
    true then.
    """
    known = situation(plans, results, config, reruns)
    noise = measured_noise(known)
    if why_no_belief(known) or (noise is not None and noise.spread == 0):
        return None
    return believed_best(known)[0]


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


@dataclasses.dataclass(frozen=True)
class RefineRequest:
    """Rounds that are asked for on top of the config's.

    Args:
        rounds: How many, at least 1.
        trials: In each; ``None`` is as in the round before.
        strategy: Who chooses; ``None`` is as before.
        repeats: Trainings a trial; ``None`` is as before.
        hold: Dimensions that are left as they are.
    """

    rounds: int = 1
    trials: int | None = None
    strategy: str | None = None
    repeats: int | None = None
    hold: tuple[str, ...] = ()


def next_round(
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    reruns: Sequence[Rerun] = (),
    request: RefineRequest | None = None,
) -> RoundPlan | WantedReruns | NoRound | None:
    """The round after ``plans``, whose results are all there; ``None`` after the last.

    It is the config's next one, or one more of a refine that has rounds ahead, or the ``request``'s first.
    Where it takes reruns to decide, those it takes; asked again when they are there, it decides.

    Raises:
        InputError: A refine has too little to decide on.
    """
    ahead = rounds_ahead(plans, config)
    if ahead and not plans:
        return first_round(config)
    if ahead:
        return _decided(plans, results, config, reruns, ahead[0], origin="config")
    last = plans[-1]
    if last.origin == "refine" and last.ahead:
        settings = RoundSettings(last.strategy, last.asked or last.trials, last.repeats)
        more, hold = last.ahead - 1, last.hold
        return _decided(plans, results, config, reruns, settings, origin="refine", more=more, hold=hold)
    if request is None:
        return None
    settings, more, hold = _requested(request, last), request.rounds - 1, request.hold
    return _decided(plans, results, config, reruns, settings, origin="refine", more=more, hold=hold)


def _requested(request: RefineRequest, last: RoundPlan) -> RoundSettings:
    return RoundSettings(
        request.strategy or last.strategy,
        request.trials or last.asked or last.trials,
        request.repeats or last.repeats,
    )


@dataclasses.dataclass(frozen=True)
class NoRound:
    """There is no further round, because it would be of no use.

    Args:
        why: In a sentence.
    """

    why: str


def _decided(
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    reruns: Sequence[Rerun],
    settings: RoundSettings,
    *,
    origin: str,
    more: int = 0,
    hold: tuple[str, ...] = (),
) -> RoundPlan | WantedReruns | NoRound:
    """The round after the last of ``plans``, in the space that the results point to.

    A round of the config is run whatever comes of the decision, in the same space if need be; a refine is for
    looking closer, and ends where that is of no use.

    Raises:
        InputError: There is too little to decide on.
    """
    probed = settings.strategy != "grid"  # a grid is its product
    known = situation(plans, results, config, reruns, hold)
    decision = decide(known, trials=settings.trials if probed else 0)
    if isinstance(decision, WantedReruns):
        return decision
    if origin == "refine":
        if not decision.decided:
            raise InputError(decision.note)
        if decision.stop:
            return NoRound(decision.note)
    return planned(plans, config, settings, decision, origin=origin, more=more, hold=hold)


def situation(
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    reruns: Sequence[Rerun] = (),
    hold: Sequence[str] = (),
) -> Situation:
    """All that the decision about the round after ``plans`` follows from."""
    return Situation(
        plans=plans,
        results=results,
        reruns=reruns,
        goal=config.objective.goal,
        seed=(config.seed, DECIDE),
        settings=config.search.refine,
        limits=natural_limits(config),
        hold=hold,
    )


def natural_limits(config: StudyConfig) -> dict[str, Limits]:
    """Between what hyperparameters make sense: the network's by nature, those of own code by their sign.

    Of own code no more is known than the range that was written.  One above 0, or below, stays there, and
    what has the scale of a momentum stays from 0 to 1; one that begins at 0 may have been meant as a box.
    """
    if config.own_code is not None:
        return {
            name: _of_one_sign(dimension)
            for name, dimension in config.space.dimensions.items()
            if isinstance(dimension, Float) and dimension.scale != "log"
        }
    known = {name: spec_of(name) for name in config.space.names}
    return {
        name: Limits(spec.low, spec.high, spec.open_low, spec.open_high)
        for name, spec in known.items()
        if spec is not None
    }


def _of_one_sign(dimension: Float) -> Limits:
    if dimension.scale == "log1m" and dimension.low >= 0:
        return Limits(low=0.0)
    if dimension.low > 0:
        return Limits(low=0.0, open_low=True)
    return Limits(high=0.0, open_high=True) if dimension.high < 0 else Limits()


def planned(
    plans: Sequence[RoundPlan],
    config: StudyConfig,
    settings: RoundSettings,
    decision: Decision,
    *,
    origin: str,
    more: int = 0,
    hold: tuple[str, ...] = (),
) -> RoundPlan:
    """The round of a decision.

    Raises:
        InputError: Its strategy is ``grid``, and the space does not say which values.
    """
    last = plans[-1]
    trials = settings.trials
    if settings.strategy == "grid":
        try:
            trials = decision.space.grid_count()
        except ValueError as error:
            raise InputError(f"{error}; or take another strategy: --strategy sobol") from error
    return RoundPlan(
        number=len(plans),
        first=last.first + last.trials,
        space=decision.space,
        strategy=settings.strategy,
        trials=trials,
        repeats=settings.repeats,
        parallel=config.search.parallel,
        origin=origin,
        moves=decision.moves,
        probes=decision.probes,
        noise=decision.noise,
        note=decision.note,
        asked=settings.trials,
        ahead=more,
        hold=hold,
    )


POWERS: Mapping[str, float] = {"epochs": 1.0, "hidden_layers": 0.7, "hidden_units": 0.5, "batch_size": -0.7}
"""By which power of a hyperparameter of the network its training's time grows, about."""


def cost_of(
    plan: RoundPlan,
    plans: Sequence[RoundPlan],
    results: Sequence[TrialResult],
    config: StudyConfig,
    workers: int,
) -> Cost | None:
    """What a round is expected to take; ``None`` where too little is known.

    Args:
        plan: The round.
        plans: Of the study, all that have trials among them.
        results: All trials that are finished.
        config: The study's.
        workers: How many trials are trained at the same time.
    """
    repeats = {known.number: known.repeats for known in plans}
    return expected_cost(
        plan,
        results,
        workers=workers,
        powers=POWERS if config.own_code is None else None,
        before=repeats.get(max((result.round for result in results), default=plan.number)),
    )


def check_refinable(store: StudyStore, config: StudyConfig) -> bool:
    """Whether a refine is to be begun; if not, one that was begun is to be finished first.

    Raises:
        InputError: The config's own rounds are not finished.
    """
    plans, results = store.rounds(), store.results()
    finished = {result.number for result in results}
    missing = any(
        number not in finished for plan in plans for number in range(plan.first, plan.first + plan.trials)
    )
    if not missing and plans and not rounds_ahead(plans, config):
        return plans[-1].ahead == 0
    if plans and plans[-1].origin == "refine":
        return False
    damaged = "".join(f"\n{damage.path}: {damage.why}" for damage in store.damage())
    raise InputError(
        f"study {store.name} is not finished ({len(results)} trials); finish it first, with hpt run{damaged}"
    )


def trials_left(store: StudyStore, plan: RoundPlan) -> int:
    """How many trials of a round have no result yet."""
    numbers = {file.number for file in store.trial_files()}
    return sum(number not in numbers for number in range(plan.first, plan.first + plan.trials))


def preview_refine(store: StudyStore, config: StudyConfig, request: RefineRequest) -> RoundPlan | NoRound:
    """What a refine would decide by what is known, without a training: no trial is trained again.

    Raises:
        InputError: As :func:`check_refinable`; or there is too little to decide on.
    """
    if not check_refinable(store, config):
        return store.rounds()[-1]
    plans = store.rounds()
    settings = _requested(request, plans[-1])
    known = situation(plans, store.results(), config, store.reruns(), request.hold)
    wanted = wanted_reruns(known)
    bare = dataclasses.replace(known, settings=dataclasses.replace(known.settings, reruns=0))
    decision = decide(bare, trials=settings.trials if settings.strategy != "grid" else 0)
    assert not isinstance(decision, WantedReruns)  # none are wanted where none are allowed
    if not decision.decided:
        raise InputError(decision.note)
    if decision.stop:
        return NoRound(decision.note)
    if wanted is not None:
        count = len(wanted.trials)
        first = (
            f"a refine would first train the best {count} trials again to know the noise, and may then "
            "decide otherwise"
        )
        decision = dataclasses.replace(decision, note=f"{decision.note}; {first}" if decision.note else first)
    more, hold = request.rounds - 1, request.hold
    return planned(plans, config, settings, decision, origin="refine", more=more, hold=hold)
