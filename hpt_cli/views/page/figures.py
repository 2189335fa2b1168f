"""What a page's pictures show: which trials are drawn, and what is said below them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hpt_cli.ranking import widest
from hpt_cli.rounds import RoundPlan
from hpt_cli.trial import Status, TrialResult
from hpt_cli.views.curves import Curve, mean_history, on_log_scale, panels
from hpt_cli.views.page.axes import Axis, Columns, dimension_axis, numbers_axis, objective_axis, trials_axis
from hpt_cli.views.page.markup import Html, joined, tag
from hpt_cli.views.page.pictures import Mark, curve_class, lines, progress, scatter
from hpt_cli.views.standing import Standing
from hpt_cli.views.text import bounds, number, plural, short

_DOTS = 2000  # in a picture
_DOTS_IN_ALL = 60_000  # of 11 bytes or so, for a page below 2 MB
_MOST_STEPS = 2000
_MOST_DIMENSIONS = 60
_BEST_SHARE = 10  # of the drawn trials one in so many is one of the best, whatever the sample
_PANELS = 2  # metrics whose curves are drawn of a trial: the loss and another
_SERIES = 4  # curves in a picture
_HUGE = 1e300  # a number of this size has no place beside others


@dataclass(frozen=True)
class Drawn:
    """The trials of a study's pictures.

    Args:
        marks: By number, each with its result.
        said: Which trials these are, where they are not all.
        axis: Of the objective.
        off: How many are far worse than most and stand at the axis's edge.
        means: The objective of each trial that has one, by number, ascending.
    """

    marks: Sequence[tuple[Mark, TrialResult]]
    said: str
    axis: Axis
    off: int
    means: Mapping[int, float]


def draw(standing: Standing, pictures: int) -> Drawn | None:
    """Choose the trials for a number of pictures; ``None`` where no trial is done.

    Of many trials it is the best of them and an even sample of the others, in the order of their numbers.
    """
    board = standing.board
    found = {
        result.number: mean
        for place, result in enumerate(board.rows.results[: board.done])
        if (mean := _mean(standing, place, result)) is not None
    }
    if not found:
        return None
    means = {at: found[at] for at in sorted(found)}
    axis = objective_axis(standing.metric, standing.goal, list(means.values()))
    most = max(min(_DOTS, _DOTS_IN_ALL // max(pictures, 1)), 10 * _BEST_SHARE)
    chosen, said = _sample(standing, most)
    marks = []
    for result in sorted(chosen, key=lambda of: of.number):
        mean = means.get(result.number)
        if mean is not None or result.status is not Status.DONE:
            height = None if mean is None else axis.place(mean)
            marks.append((Mark(result.number, height, result.status is Status.PRUNED), result))
    off = sum(not axis.low <= mean <= axis.high for mean in means.values())
    return Drawn(marks, said, axis, off, means)


def _mean(standing: Standing, place: int, result: TrialResult) -> float | None:
    """As the leaderboard has it; a row is made only of a trial of which more is known than its file says."""
    knows = standing.board.rows.evidence.knows(result.number)
    mean = standing.board.rows[place].mean if knows else result.objective
    return mean if mean is not None and abs(mean) < _HUGE else None


def _sample(standing: Standing, most: int) -> tuple[Sequence[TrialResult], str]:
    results = standing.board.rows.results
    if len(results) <= most:
        return results, ""
    best = min(most // _BEST_SHARE, standing.board.done)
    others = sorted(results[best:], key=lambda of: of.number)
    left = most - best
    even = [others[index * len(others) // left] for index in range(left)]
    said = f"{most} of {len(results)} trials are drawn: the best {best} and an even sample of the others"
    return [*results[:best], *even], said


def progress_figure(standing: Standing, drawn: Drawn, plans: Sequence[RoundPlan]) -> Html:
    """One dot a trial, and the best so far."""
    steps = _steps(drawn.means, standing.goal)
    last = max(max(result.number for _, result in drawn.marks) + 1, standing.planned)
    label = (
        f"{standing.metric} of each trial in order, {drawn.axis.scale} scale; the best so far goes from "
        f"{number(steps[0][1])} to {number(steps[-1][1])}, reached by trial {steps[-1][0]}"
    )
    rounds = [plan.first for plan in plans[1:] if plan.first < last]
    picture = progress(
        label,
        trials_axis(last),
        drawn.axis,
        [mark for mark, _ in drawn.marks],
        _thinned(steps),
        _best_of(standing),
        rounds,
    )
    said = [f"a dot is a trial, the large one trial {_best_of(standing)}; the line is the best so far"]
    said += _signs(standing, drawn)
    if rounds:
        said.append(f"dashed lines: a round begins (trial {', '.join(map(str, rounds[:20]))})")
    return _figure(tag("div", picture, class_="scroll wide", tabindex=0), said)


def _best_of(standing: Standing) -> int | None:
    return standing.board.best.result.number if standing.board.best else None


def _steps(means: Mapping[int, float], goal: str) -> list[tuple[int, float]]:
    """From which trial on the best was which."""
    steps: list[tuple[int, float]] = []
    for at, mean in means.items():
        if not steps or (mean < steps[-1][1] if goal == "minimize" else mean > steps[-1][1]):
            steps.append((at, mean))
    return steps


def _thinned(steps: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    return [*steps[:: -(-len(steps) // _MOST_STEPS)], steps[-1]]


def _signs(standing: Standing, drawn: Drawn) -> list[str]:
    """What the marks of a picture mean, as far as there are any."""
    counts = standing.board.counts
    said = []
    if pruned := counts.get(Status.PRUNED, 0):
        said.append(f"strokes on the axis: pruned ({pruned})")
    bad = {status: count for status, count in counts.items() if status not in (Status.DONE, Status.PRUNED)}
    if bad:
        listed = ", ".join(f"{count} {status}" for status, count in bad.items())
        said.append(f"crosses on the axis: without a result ({listed})")
    if drawn.axis.scale == "log":
        said.append(f"{standing.metric} on a log scale")
    if drawn.off:
        stand = "stands" if drawn.off == 1 else "stand"
        said.append(f"{plural(drawn.off, 'trial')} far worse than most {stand} at the edge")
    return [*said, drawn.said] if drawn.said else said


def dimensions_drawn(plans: Sequence[RoundPlan], standing: Standing) -> tuple[list[str], list[str]]:
    """The dimensions that get a picture, those that are worth a column first, and the others."""
    space = widest([plan.space for plan in plans])
    names = list(space.names) if space else []
    wanted = sorted(names, key=lambda name: name not in standing.board.params)
    kept = set(wanted[:_MOST_DIMENSIONS])
    return [name for name in names if name in kept], [name for name in names if name not in kept]


def dimension_figures(
    standing: Standing, drawn: Drawn, plans: Sequence[RoundPlan], names: Sequence[str]
) -> list[Html]:
    """Each dimension against the objective."""
    space = widest([plan.space for plan in plans])
    if space is None:
        return []
    best = _best_of(standing)
    figures = []
    for name in names:
        trials = [(mark, result.params[name]) for mark, result in drawn.marks if name in result.params]
        axis = dimension_axis(name, space.dimensions[name], [at for _, at in trials])
        if axis is None or not trials:
            continue
        last = plans[-1].space.dimensions.get(name) if len(plans) > 1 else None
        label = f"{standing.metric} of {plural(len(trials), 'trial')} by {name}{_scale(axis)}"
        said = [f"log scale of 1 - {short(name)}"] if _scale(axis).endswith("log1m scale") else []
        said += ["log scale"] if _scale(axis).endswith(" log scale") else []
        if last is not None:
            round_ = f"round {plans[-1].number}"
            whole = bounds(last) == bounds(space.dimensions[name])
            said.append(
                f"{round_} searched all of it" if whole else f"shaded: {round_}, {short(bounds(last), 80)}"
            )
            last = None if whole else last
        if len(trials) < len(drawn.marks):
            said.append(f"{len(trials)} of the {plural(len(drawn.marks), 'drawn trial')} have it")
        picture = scatter(label, axis, drawn.axis, trials, best, last)
        figures.append(_figure(picture, said))
    return figures


def _scale(axis: Axis | Columns) -> str:
    return f", {axis.scale} scale" if isinstance(axis, Axis) else ", a column for each choice"


def curve_figures(standing: Standing, result: TrialResult) -> Iterator[Html]:
    """A trial's learning curves: the loss, and what it is judged by."""
    judged = standing.metric.removeprefix("training_").removeprefix("validation_")
    found = panels(mean_history(result))
    for metric in sorted(found, key=lambda of: of not in ("loss", judged))[:_PANELS]:
        series = dict(list(found[metric].items())[:_SERIES])
        finite = [at for values in series.values() for at in values if at is not None and math.isfinite(at)]
        epochs = max(map(len, series.values()))
        if epochs < 2 or not finite:
            continue
        by_log = on_log_scale(metric, min(finite), max(finite))
        title = f"{metric} on a log scale" if by_log else metric
        x = Axis(1, epochs, title="epoch")
        y = numbers_axis(min(finite), max(finite), title, by_log=by_log)
        ends = {name: _end(values) for name, values in series.items()}
        said = ", ".join(f"{name} ends at {end}" for name, end in ends.items())
        label = f"learning curves of trial {result.number}, {title}, over {epochs} epochs: {said}"
        keys = [
            joined([_key(curve_class(name, index)), f"{short(name, 40)} {end}"])
            for index, (name, end) in enumerate(ends.items())
        ]
        yield _figure(lines(label, x, y, series), keys, between="")


def _end(values: Curve) -> str:
    last = next((at for at in reversed(values) if at is not None), None)
    return "nowhere" if last is None else number(last)


def _key(look: str) -> Html:
    stroke = tag("path", class_=f"curve {look}", d="M0 5H22")
    return tag("svg", stroke, class_="key", viewBox="0 0 22 10", aria_hidden="true")


def _figure(picture: Html, said: Sequence[str], between: str = "; ") -> Html:
    caption: Sequence[str] = [tag("figcaption", joined(said, between))] if said else []
    return tag("figure", picture, *caption)
