"""What a confirmation found: for people, and for programs."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from hpt_cli.confirmation import Confirmation, ConfirmOutcome, TestMetric
from hpt_cli.space import Params
from hpt_cli.views.console import BEST, FAINT, WARNING, pairs, plus_minus, write_lines
from hpt_cli.views.standing import Standing
from hpt_cli.views.table import Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, exact, interval, number, plural, short, spread, value


def show_confirmation(console: Console, standing: Standing, record: Confirmation) -> None:
    """The candidates, the confirmed trial, its test score, and what to know of them."""
    if not console.is_terminal:
        write_lines(console, _plain(standing, record))
        return
    outcome = record.outcome
    if outcome is None or outcome.chosen is None:
        return
    kept, _ = fitting(candidate_columns(standing, record, outcome), console.width)
    styles = [BEST if candidate.trial == outcome.chosen else "" for candidate in outcome.candidates]
    console.print(draw(console, kept, styles))
    console.print()
    console.print(
        Text.assemble((f"confirmed: trial {outcome.chosen}", BEST), f"  {headline(record, standing.metric)}")
    )
    console.print(pairs(test_scores(outcome, standing.metric, plus_minus(console))))
    console.print(pairs([(name, value(of)) for name, of in _params(standing, outcome).items()], style=BEST))
    for remark in remarks(record, standing.metric):
        console.print(Text.assemble(("note: ", WARNING), remark))
    ways = [("study", str(standing.folder)), ("", f"hpt show {standing.handle}")]
    ways.append(("", f"hpt best {standing.handle} --yaml"))
    if (standing.folder / "best" / "model.json").exists():
        ways.append(("", f"hpt predict FILE {standing.handle}"))
    console.print()
    console.print(pairs(ways, indent=""), style=FAINT, soft_wrap=True)


def confirmation_json(standing: Standing, record: Confirmation) -> dict[str, Any]:
    """The record and its sentences as plain JSON types."""
    outcome = record.outcome
    return {
        "study": standing.name,
        "metric": standing.metric,
        "goal": standing.goal,
        "params": None if outcome is None else _params(standing, outcome),
        **record.to_json(),
        "notes": remarks(record, standing.metric),
    }


def candidate_columns(standing: Standing, record: Confirmation, outcome: ConfirmOutcome) -> list[Column]:
    """Trial, what it had in the study, its fresh mean, where that lies, and whether it can be told apart."""
    before = {result.number: result.objective for result in standing.board.rows.results}
    found = outcome.candidates
    had = [before.get(candidate.trial) for candidate in found]
    fresh = [candidate.fresh for candidate in found]
    seeds = plural(len(record.plan.choosing), "new seed")
    marks = [
        "chosen" if candidate.trial == outcome.chosen else "~" if candidate.level else ""
        for candidate in found
    ]
    marks = ["out" if candidate.error else mark for candidate, mark in zip(found, marks, strict=True)]
    return [
        Column("trial", tuple(str(candidate.trial) for candidate in found), "right"),
        numbers("in the study", [ABSENT if of is None else number(of, zeros=True) for of in had]),
        numbers(f"on {seeds}", [ABSENT if of is None else number(of.mean, zeros=True) for of in fresh]),
        Column("95 %", tuple("" if of is None else interval(of.low, of.high) for of in fresh), "right", 1),
        Column("", tuple(marks)),
    ]


def _plain(standing: Standing, record: Confirmation) -> list[str]:
    """The same for a pipe: tab-separated, every digit; then a line each."""
    outcome = record.outcome
    if outcome is None:
        return []
    lines = ["trial\tfresh\tlow\thigh\tlevel"]
    for candidate in outcome.candidates:
        fresh = candidate.fresh
        ends = [ABSENT] * 3 if fresh is None else [exact(of) for of in (fresh.mean, fresh.low, fresh.high)]
        lines.append("\t".join([str(candidate.trial), *ends, exact(candidate.level)]))
    lines += ["", f"confirmed: trial {outcome.chosen}, {headline(record, standing.metric)}"]
    lines += [f"{name}: {said}" for name, said in test_scores(outcome, standing.metric, "+-")]
    lines += [f"params.{name}: {exact(of)}" for name, of in _params(standing, outcome).items()]
    lines += [f"note: {remark}" for remark in remarks(record, standing.metric)]
    return [*lines, f"study: {standing.folder}"]


def _params(standing: Standing, outcome: ConfirmOutcome) -> Params:
    found = (of.params for of in standing.board.rows.results if of.number == outcome.chosen)
    return next(found, {})


def headline(record: Confirmation, metric: str) -> str:
    """``validation_loss 0.0523, 95 % 0.0498..0.0548, on 5 new seeds``."""
    outcome = record.outcome
    if outcome is None or outcome.judged is None:
        return f"{metric} not known: no training of it ended well on the last seeds"
    judged = outcome.judged
    seeds = plural(judged.trainings, "new seed")
    within = "" if judged.low == judged.high else f", 95 % {interval(judged.low, judged.high)}"
    return f"{metric} {number(judged.mean)}{within}, on {seeds}"


def test_scores(outcome: ConfirmOutcome, judged: str, sign: str) -> list[tuple[str, str]]:
    """Each metric on the test rows, by name: the objective's first, then those with an interval.

    Args:
        outcome: Of the confirmation.
        judged: The objective's metric.
        sign: Between a mean over the seeds and its spread.
    """
    own = f"test_{judged.partition('_')[2]}"
    found = sorted(outcome.test.items(), key=lambda item: (item[0] != own, item[1].low is None, item[0]))
    return [(name, _score(metric, sign)) for name, metric in found]


def remarks(record: Confirmation, metric: str) -> list[str]:
    """What choosing added, what did not end well, and what the test rows were used for, in sentences."""
    outcome = record.outcome
    if outcome is None:
        return ["a confirmation was begun and is not finished; the same command goes on"]
    said = [record.plan.words] if record.plan.words else []
    said += [
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
            f"{spread(outcome.luck)} on average: that is why it was trained once more on "
            "seeds that had no part in the choice, and is judged by those alone"
        )
    return said


def _score(metric: TestMetric, sign: str) -> str:
    """``0.9811 ± 0.0021, 95 % 0.961..0.991 (Wilson, 360 rows)``."""
    said = number(metric.mean)
    if metric.spread is not None:
        said += f" {sign} {spread(metric.spread)}"
    if metric.low is not None and metric.high is not None:
        return f"{said}, 95 % {interval(metric.low, metric.high)} ({metric.method})"
    return f"{said} ({metric.method})" if metric.method else said
