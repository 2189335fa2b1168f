"""All that is known of how good a study's trials are: their own repeats, reruns, confirmations."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from hpt_cli.confirmation import Candidate, Confirmation
from hpt_cli.noise import Interval
from hpt_cli.rerun import Rerun, objectives_of
from hpt_cli.trial import RepeatResult, Status, TrialResult


@dataclass(frozen=True)
class Evidence:
    """Reruns and confirmations of a study.

    A trial that was a candidate of a confirmation is judged by its trainings there, and the chosen one by
    those that had no part in the choice: the others made it a candidate, so they are lucky ones.  Every other
    trial is judged by its repeats and reruns together.

    Args:
        reruns: In any order.
        confirmations: By number.
    """

    reruns: Sequence[Rerun] = ()
    confirmations: Sequence[Confirmation] = ()
    _by_trial: dict[int, dict[int, Rerun]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_trial: dict[int, dict[int, Rerun]] = {}
        for rerun in self.reruns:
            by_trial.setdefault(rerun.trial, {})[rerun.number] = rerun
        object.__setattr__(self, "_by_trial", by_trial)

    @property
    def last(self) -> Confirmation | None:
        """The last finished confirmation that chose a trial."""
        return next((record for record in reversed(self.confirmations) if _chosen(record) is not None), None)

    def confirmed(self, done: int) -> int | None:
        """The confirmed trial, unless trials have finished since.

        Args:
            done: How many trials of the study are done by now.
        """
        last = self.last
        return None if last is None or last.plan.done < done else _chosen(last)

    @property
    def trials(self) -> AbstractSet[int]:
        """The trials of which more is known than their own repeats."""
        return self._by_trial.keys()

    def knows(self, trial: int) -> bool:
        """Whether there is anything beside the trial's own repeats."""
        return trial in self._by_trial

    def repeats(self, result: TrialResult) -> list[RepeatResult]:
        """The trainings that a trial is judged by, those that did not end well left out."""
        reruns = self._by_trial.get(result.number, {})
        numbers = self._judging(result.number)
        if numbers is None:
            counted = [*result.repeats, *(rerun.repeat for rerun in reruns.values())]
        else:
            counted = [reruns[number].repeat for number in numbers if number in reruns]
        return [repeat for repeat in counted if repeat.status is Status.DONE]

    def trainings(self, result: TrialResult) -> dict[int, float]:
        """The objectives of these trainings, by seed."""
        return objectives_of(self.repeats(result))

    def judged_as(self, result: TrialResult) -> TrialResult:
        """The trial with the trainings that it is judged by in the place of its repeats."""
        if not self.knows(result.number):
            return result
        return replace(result, repeats=tuple(self.repeats(result)) or result.repeats)

    def interval_of(self, trial: int) -> Interval | None:
        """Where the mean of a confirmation's candidate lies, as it was found there."""
        found = self._found(trial)
        if found is None:
            return None
        record, candidate = found
        chosen = record.outcome if trial == _chosen(record) else None
        return chosen.judged if chosen else candidate.fresh

    def _judging(self, trial: int) -> tuple[int, ...] | None:
        """The reruns of a confirmation that a trial is judged by, or ``None`` if it was in none."""
        found = self._found(trial)
        if found is None:
            return None
        plan = found[0].plan
        return plan.judging if trial == _chosen(found[0]) else plan.choosing

    def _found(self, trial: int) -> tuple[Confirmation, Candidate] | None:
        """The last confirmation in which all trainings of a trial ended well."""
        for record in reversed(self.confirmations):
            candidate = record.outcome.candidate(trial) if record.outcome else None
            if candidate is not None and candidate.fresh is not None:
                return record, candidate
        return None


NOTHING_ELSE = Evidence()
"""No rerun, no confirmation: a trial is what its repeats are."""


def _chosen(record: Confirmation) -> int | None:
    return None if record.outcome is None else record.outcome.chosen
