"""Where a study stands: what every view of it is drawn from."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpt_cli.board import Leaderboard, Row
from hpt_cli.endings import Ended, Reason
from hpt_cli.errors import DamagedStudyError
from hpt_cli.network import metric_range
from hpt_cli.noise import UNLIMITED, Interval, Noise
from hpt_cli.objectives.settings import own_code_from_json
from hpt_cli.ranking import rank, widest
from hpt_cli.records import Damage, nothing_collected
from hpt_cli.rounds import RoundPlan
from hpt_cli.store import StudyStore
from hpt_cli.summary import read_summary
from hpt_cli.trial import Status, TrialResult
from hpt_cli.views.ended import ended_note
from hpt_cli.views.text import bounds_of, number, plural, short

_ALIKE = 0.9  # two spreads that differ by less are as good as one
DEFAULT_RUNS_DIR = Path("runs")
RUNS_DIR_VARIABLE = "HPT_RUNS_DIR"


@dataclass(frozen=True)
class Standing:
    """A study and its finished trials.

    Args:
        name: The study's.
        folder: Where it is.
        metric: What its trials are judged by.
        goal: ``minimize`` or ``maximize``.
        planned: Trials of all its rounds.
        board: The trials, best first.
        damage: Files among the trials and reruns that cannot be read.
        ended: How the study ended, if it did.
        ended_note: Why it ended before its last trial, in a sentence, if it did.
        running: Whether a process was at it when it was read.
    """

    name: str
    folder: Path
    metric: str
    goal: str
    planned: int
    board: Leaderboard
    damage: Sequence[Damage] = ()
    ended: Ended | None = None
    ended_note: str | None = None
    running: bool = False

    @property
    def finished(self) -> int:
        """How many trials have a result of any status."""
        return len(self.board.rows)

    @property
    def handle(self) -> str:
        """What to type for the study, see :func:`handle_of`."""
        return handle_of(self.folder)


def handle_of(folder: Path) -> str:
    """What to type for a study: its name where that is enough, else its folder."""
    runs_dir = Path(os.environ.get(RUNS_DIR_VARIABLE) or DEFAULT_RUNS_DIR)
    return shlex.quote(folder.name if folder.parent == runs_dir else str(folder))


def standing_of(store: StudyStore) -> Standing:
    """Read a study's folder.

    Raises:
        DamagedStudyError: Its description, a round's plan or a confirmation's record is unreadable.
    """
    plans = store.rounds()
    space = widest([plan.space for plan in plans])
    try:
        metric, goal, planned = store.metric, store.goal, planned_trials(plans, store.study["config"])
        limits = UNLIMITED if own_code_from_json(store.study["config"]) else metric_range(metric)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedStudyError(
            f"{store.folder / 'study.json'}: not a study's description ({error!r})"
        ) from error
    reruns = [read for read in store.each_rerun() if isinstance(read, Damage)]
    with nothing_collected():
        summary = read_summary(store, space.names if space else ())
        board = rank(summary.results, goal, space, store.evidence(), limits)
    return Standing(
        name=store.name,
        folder=store.folder,
        metric=metric,
        goal=goal,
        planned=planned,
        board=board,
        damage=[*summary.damage, *reruns],
        ended=Ended.from_study(store.study),
        ended_note=ended_note(store.study, len(summary.results), planned),
        running=store.holder() is not None,
    )


def row_of(standing: Standing, result: TrialResult) -> Row:
    """A trial's row, with its curves, which the leaderboard leaves in the trial's file.

    Args:
        standing: Where its study stands.
        result: The trial, as its file has it.
    """
    row = standing.board.rows.of(result.number)
    return dataclasses.replace(row, result=dataclasses.replace(row.result, repeats=result.repeats))


def planned_trials(plans: Sequence[RoundPlan], config: Mapping[str, Any]) -> int:
    """Trials of the rounds that have a plan, and of those that the resolved config still has in store."""
    ahead = config["search"]["rounds"][sum(plan.origin == "config" for plan in plans) :]
    return sum(plan.trials for plan in plans) + sum(int(settings["trials"]) for settings in ahead)


def counts(standing: Standing) -> str:
    """``23 of 60 trials: 21 done, 2 diverged``, shorter where all is well."""
    finished = standing.finished
    missing = standing.planned > finished
    of = f"{finished} of {standing.planned}" if missing else f"{finished}"
    noun = "trial" if max(finished, standing.planned) == 1 else "trials"
    found = standing.board.counts
    if not finished or set(found) == {Status.DONE}:
        stopped = missing and not standing.running and not _has_all(standing.ended)
        return f"{of} {noun}" + ("" if not finished else ", stopped" if stopped else ", done")
    return f"{of} {noun}: " + ", ".join(f"{count} {status}" for status, count in found.items())


def _has_all(ended: Ended | None) -> bool:
    """Whether nothing is left to run: a space can hold fewer trials than were planned."""
    return ended is not None and ended.reason is Reason.FINISHED


def notes(standing: Standing) -> list[str]:
    """What a person should know beside the table, in sentences."""
    board = standing.board
    said = [standing.ended_note] if standing.ended_note else []
    if board.ties:
        numbers = [str(row.result.number) for row in board.ties]
        listed = ", ".join(numbers[:5]) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
        verb = "ties" if len(numbers) == 1 else "tie"
        said.append(f"trial{'s' * (len(numbers) > 1)} {listed} {verb} with the best")
    said += [
        f"best {edge.name} {number(edge.value)} lies at the {edge.end} edge of "
        f"{bounds_of(edge.low, edge.high)}: widen it"
        for edge in board.edges
    ]
    ended_well = (Status.DONE, Status.PRUNED)
    others = board.rows.results[board.done :]
    failed = [result for result in others if result.status not in ended_well and result.error]
    if failed:
        first = min(failed, key=lambda result: result.number)
        of = f"the first of {plural(len(failed), 'trial')} without a result, " if len(failed) > 1 else ""
        said.append(f"{of}trial {first.number} {first.status.said}: {short(first.reason, 200)}")
    return said + _doubts(standing)


def warnings(store: StudyStore, standing: Standing) -> list[str]:
    """That a study is running, and which files cannot be read: no trial is left out in silence."""
    holder = store.holder()
    said = [f"study {store.name} is being run by {holder}; this is how it stands now"] if holder else []
    return said + [
        f"{damage.path}: {damage.why}; left out: hpt run CONFIG sets it aside" for damage in standing.damage
    ]


def _doubts(standing: Standing) -> list[str]:
    """What is not known of the best, and how it can be known."""
    board, ask = standing.board, f"hpt confirm {standing.handle}"
    if board.best is None or board.done < 2:
        return []
    if board.confirmation is not None:
        if not board.done_since:
            return []
        chosen = board.confirmation.outcome and board.confirmation.outcome.chosen
        since = f"{plural(board.done_since, 'trial')} done since trial {chosen} was confirmed"
        return [f"{since}; confirm again with: {ask}"]
    if board.noise is None:
        return [
            "one training a trial cannot tell the best from the luckiest; set search.repeats to 3 or more, "
            f"or train the best again: {ask}"
        ]
    level = len(board.level)
    if board.noise.spread == 0:
        return []
    if not level:
        second = board.rows[1]
        if second.rank is None or not _overlap(board.best.interval, second.interval):
            return []
        return [f"no trial is marked ~, though intervals overlap: {_differ(board.noise)}"]
    counted = plural(level, "trial") if board.all_level else f"more than {level} trials"
    return [
        f"{counted} marked ~ cannot be told from the best: {_differ(board.noise)}; "
        f"to decide on new seeds: {ask}"
    ]


def _differ(noise: Noise) -> str:
    """By how much trainings differ: of one trial, and of two trials on the same seeds where that is less."""
    said = f"trainings of one trial differ by {number(float(f'{noise.spread:.2g}'))}"
    if noise.paired == 0:
        return f"{said}, but a seed moves all trials alike, and they are compared on the same seeds"
    if noise.paired > _ALIKE * noise.spread:
        return said
    paired = number(float(f"{noise.paired:.2g}"))
    return f"{said}, but what a seed does to all alike drops out between trials, which leaves {paired}"


def _overlap(a: Interval | None, b: Interval | None) -> bool:
    return a is not None and b is not None and a.low <= b.high and b.low <= a.high
