"""What a study would do: its space, its first trials, how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from hpt_cli.objectives.settings import CommandSettings, FunctionSettings
from hpt_cli.preview import DRAWS
from hpt_cli.pruning import rungs_of
from hpt_cli.space import Choice, Dimension, Params, Value
from hpt_cli.views.console import FAINT, pairs, write_lines
from hpt_cli.views.draws import chance, decade_columns, draw_notes, show_draws
from hpt_cli.views.table import Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, bounds, clean, duration, number, plural, value

if TYPE_CHECKING:
    from hpt_cli.preview import Preview

_GRID_VALUES = 5  # a dimension with more of them shows only some


def show_plan(console: Console, plan: Preview, *, workers: int) -> None:
    """The whole preview; without a terminal the same, unstyled and uncut."""
    config = plan.config
    heading = Text.assemble((clean(config.name), "bold"), f"  the config is valid: {clean(str(config.path))}")
    console.print(heading, soft_wrap=not console.is_terminal)
    console.print(pairs(_facts(plan, workers), indent=""), soft_wrap=not console.is_terminal)
    for note in plan.notes:
        console.print(Text.assemble(("note: ", FAINT), clean(note)), soft_wrap=not console.is_terminal)
    console.print()
    _show(console, _space_columns(config.space.dimensions))
    for constraint in config.space.constraints:
        console.print(f"where {clean(constraint)}", soft_wrap=not console.is_terminal)
    if plan.points:
        console.print(Text("\nthe first trials", "bold"))
        _show(console, _point_columns(plan.points, config.space.names))
    if plan.command is not None:
        console.print(Text("\nthe first trial's command", "bold"))
        console.print(clean(plan.command), soft_wrap=True, highlight=False, markup=False)
    if _is_grid(plan):
        console.print(Text("\nthe grid's values", "bold"))
        _show(console, _grid_columns(config.space.dimensions))
        return
    show_draws(console, plan.draws, draws=DRAWS)
    if any(histogram.decades for histogram in plan.draws.dimensions.values()):
        console.print(Text("\nthe same by decades", "bold"))
        _show(console, decade_columns(plan.draws, console))
    for note in draw_notes(config.space, plan.draws):
        console.print(Text.assemble(("note: ", FAINT), note), soft_wrap=not console.is_terminal)


def plan_json(plan: Preview, *, workers: int) -> dict[str, Any]:
    """The preview as plain JSON types."""
    dimensions = plan.config.space.dimensions
    return {
        "config": plan.config.resolved(),
        "notes": list(plan.notes),
        "rows": dict(plan.rows),
        "trials": plan.trials,
        "exhausts": plan.exhausts,
        "trials_in_all": plan.trials_in_all,
        "epochs": plan.epochs,
        "epochs_without_pruning": plan.epochs_whole,
        "points": [dict(point) for point in plan.points],
        "grid": {name: list(of.grid()) for name, of in dimensions.items()} if _is_grid(plan) else None,
        "decades": {
            name: [{"low": low, "high": high, "count": count} for low, high, count in histogram.decades]
            for name, histogram in plan.draws.dimensions.items()
            if histogram.decades
        },
        "draws": plan.draws.to_json(),
        "command": plan.command,
        "seconds_per_trial": plan.seconds_per_trial,
        "seconds_in_all": _seconds_in_all(plan, workers),
    }


def _facts(plan: Preview, workers: int) -> list[tuple[str, str]]:
    config = plan.config
    facts = [
        *_trained(plan),
        ("objective", f"{config.objective.goal} {clean(config.objective.metric)}"),
    ]
    for index, settings in enumerate(config.search.rounds):
        trials = plan.trials if index == 0 else settings.trials
        said = f"{settings.strategy}, {plural(trials, 'trial')}"
        if settings.repeats > 1:
            said += f" of {plural(settings.repeats, 'repeat')}"
        if index == 0 and plan.exhausts:
            said += f": the space holds no more, {settings.trials} were asked for"
        facts.append((f"round {index}", said))
    if not _is_grid(plan):
        facts.append(("chance", chance(plan.trials, plan.config.space.size)))
    if config.search.prune.method != "none":
        facts.append(("prune", _pruned(plan)))
    if plan.seconds_per_trial is None:
        return facts
    per_trial = number(float(f"{plan.seconds_per_trial:.2g}"))
    in_all = duration(max(_seconds_in_all(plan, workers) or 0.0, 1.0))
    said = f"about {per_trial} s a trial, {in_all} in all with {plural(workers, 'worker')}"
    if len(config.search.rounds) > 1:
        said += ", if later rounds are no dearer: each says so before it starts"
    facts.append(("time", said))
    return facts


def _pruned(plan: Preview) -> str:
    """How the trials are pruned, and how many epochs that leaves."""
    prune = plan.config.search.prune
    rungs = rungs_of(prune, plan.config.epochs)
    shown = ", ".join(map(str, rungs)) if len(rungs) < 6 else f"{rungs[0]}, {rungs[1]}, ..., {rungs[-1]}"
    said = f"{prune.method.replace('_', ' ')} at epoch{'s' * (len(rungs) > 1)} {shown}"
    whole = plan.epochs_whole or 1
    if plan.epochs is None:
        return f"{said}; at most {whole} epochs, as many as without"
    return f"{said}: {plan.epochs} epochs, {plan.epochs / whole:.0%} of the {whole} without"


def _trained(plan: Preview) -> list[tuple[str, str]]:
    """What a trial does: train the network on data, or call the user's own code."""
    config = plan.config
    match config.own_code:
        case CommandSettings(words=words, shell=shell):
            return [("command", clean(words[0] if shell else " ".join(words)))]
        case FunctionSettings(module=module, name=name):
            return [("function", clean(f"{module}:{name}"))]
    rows = ", ".join(f"{count:,} {clean(part)}" for part, count in plan.rows.items())
    return [("data", f"{clean(config.rows().source)}: {rows} rows")]


def _seconds_in_all(plan: Preview, workers: int) -> float | None:
    """As if every round's trials took as long as the first's; ``None`` where that is not known."""
    if plan.seconds_per_trial is None:
        return None
    first, *later = plan.config.search.rounds
    repeats = first.repeats * plan.trials + sum(settings.repeats * settings.trials for settings in later)
    share = plan.epochs / plan.epochs_whole if plan.epochs and plan.epochs_whole else 1.0
    return plan.seconds_per_trial / first.repeats * repeats * share / workers


def _space_columns(dimensions: Mapping[str, Dimension]) -> list[Column]:
    whens = tuple(_when(dimension) for dimension in dimensions.values())
    columns = [
        Column("space", tuple(clean(name) for name in dimensions)),
        Column("range", tuple(bounds(dimension) for dimension in dimensions.values())),
        Column("scale", tuple(_scale(dimension) for dimension in dimensions.values()), drop=1),
    ]
    return columns + ([Column("when", whens, drop=2)] if any(whens) else [])


def _scale(dimension: Dimension) -> str:
    if isinstance(dimension, Choice):
        return "choice" if dimension.size > 1 else "constant"
    return dimension.scale + (f", step {number(dimension.step)}" if dimension.step is not None else "")


def _when(dimension: Dimension) -> str:
    return ", ".join(
        f"{clean(name)} is {' or '.join(map(value, allowed))}" for name, allowed in dimension.when.items()
    )


def _point_columns(points: Sequence[Params], names: Sequence[str]) -> list[Column]:
    columns = [Column("trial", tuple(str(index) for index in range(len(points))), "right")]
    for index, name in enumerate(names):
        values = [point.get(name) for point in points]
        cells = [value(of) for of in values]
        textual = any(isinstance(of, (bool, str)) for of in values)
        columns.append(
            Column(clean(name), tuple(cells), drop=index) if textual else numbers(clean(name), cells, index)
        )
    return columns


def _is_grid(plan: Preview) -> bool:
    return plan.config.search.rounds[0].strategy == "grid"


def _grid_columns(dimensions: Mapping[str, Dimension]) -> list[Column]:
    """One row a dimension: how many values a grid takes of it, and which."""
    grids = [dimension.grid() for dimension in dimensions.values()]
    return [
        Column("dimension", tuple(clean(name) for name in dimensions)),
        Column("points", tuple(str(len(grid)) for grid in grids), "right"),
        Column("values", tuple(_listed(grid) for grid in grids)),
    ]


def _listed(grid: Sequence[Value]) -> str:
    """All of a few values, of more the first two and the last."""
    if len(grid) <= _GRID_VALUES:
        return ", ".join(map(value, grid))
    return f"{value(grid[0])}, {value(grid[1])}, ..., {value(grid[-1])}"


def _show(console: Console, columns: Sequence[Column]) -> None:
    """A table in a terminal, tab-separated lines in a pipe."""
    rows = list(zip(*(column.cells for column in columns), strict=True))
    if console.is_terminal:
        kept, _ = fitting(columns, console.width)
        console.print(draw(console, kept, [""] * len(rows)))
        return
    for line in ([column.title for column in columns], *rows):
        write_lines(console, ["\t".join(cell.strip() or ABSENT for cell in line)])
