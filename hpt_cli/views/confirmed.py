"""What a confirmation found, in sentences."""

from __future__ import annotations

from hpt_cli.confirmation import Confirmation, ConfirmOutcome, TestMetric
from hpt_cli.views.text import interval, number, plural, short


def headline(record: Confirmation, metric: str) -> str:
    """``validation_loss 0.0523, 95 % 0.0498..0.0548, on 5 new seeds``."""
    outcome = record.outcome
    if outcome is None or outcome.judged is None:
        return f"{metric} not known: no training of it ended well on the last seeds"
    judged = outcome.judged
    seeds = plural(judged.trainings, "new seed")
    within = "" if judged.low == judged.high else f", 95 % {interval(judged.low, judged.high)}"
    return f"{metric} {number(judged.mean)}{within}, on {seeds}"


def test_scores(outcome: ConfirmOutcome) -> list[tuple[str, str]]:
    """Each metric on the test rows, by name: those with an interval first."""
    found = sorted(outcome.test.items(), key=lambda item: item[1].low is None)
    return [(name, _score(metric)) for name, metric in found]


def remarks(record: Confirmation, metric: str) -> list[str]:
    """What choosing added, what did not end well, and what the test rows were used for, in sentences."""
    outcome = record.outcome
    if outcome is None:
        return ["a confirmation was begun and is not finished; the same command goes on"]
    said = [
        f"trial {candidate.trial} is out: on a new seed it {short(candidate.error, 120)}"
        for candidate in outcome.candidates
        if candidate.error
    ]
    if outcome.lost:
        said.append(f"{plural(outcome.lost, 'training')} of trial {outcome.chosen} did not end well")
    said += _choice(record, outcome, metric)
    if outcome.chosen is not None and not outcome.test:
        said.append("no test score: the study has no test rows")
    if outcome.used_before and outcome.test:
        times = "once" if outcome.used_before == 1 else f"{outcome.used_before} times"
        said.append(
            f"the test rows were looked at {times} before, by an earlier confirmation: what was chosen since "
            "may have been chosen by them, and the test score is no longer that of rows never seen"
        )
    return said


def _choice(record: Confirmation, outcome: ConfirmOutcome, metric: str) -> list[str]:
    """By what the trial was chosen, and how much of that was luck."""
    fresh = [candidate for candidate in outcome.candidates if candidate.fresh is not None]
    chosen = outcome.candidate(outcome.chosen) if outcome.chosen is not None else None
    if chosen is None or chosen.fresh is None or len(fresh) < 2:
        return []
    level = [candidate.trial for candidate in fresh if candidate.level and candidate.trial != chosen.trial]
    seeds = plural(len(record.plan.choosing), "new seed")
    said = [f"chosen as the best of {len(fresh)} on {seeds}, with {metric} {number(chosen.fresh.mean)} there"]
    if level:
        listed = ", ".join(map(str, level))
        said[0] += f"; trial{'s' * (len(level) > 1)} {listed} cannot be told from it by them"
    if outcome.luck:
        said.append(
            f"choosing the best of {len(level) + 1} that are equally good adds luck, "
            f"{number(float(f'{outcome.luck:.2g}'))} on average: that is why it was trained once more on "
            "seeds that had no part in the choice, and is judged by those alone"
        )
    return said


def _score(metric: TestMetric) -> str:
    """``0.9811, 95 % 0.961..0.991 (Wilson, 360 rows), over the seeds ± 0.0021``."""
    said = number(metric.mean)
    if metric.low is not None and metric.high is not None:
        said += f", 95 % {interval(metric.low, metric.high)} ({metric.method})"
    if metric.spread is not None:
        said += f"; spread over the seeds {number(float(f'{metric.spread:.2g}'))}"
    return said
