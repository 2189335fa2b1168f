"""The sections of a page, in the words and numbers of the terminal's views."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hpt_cli import __version__
from hpt_cli.errors import brief
from hpt_cli.records import Damage
from hpt_cli.rounds import RoundPlan
from hpt_cli.store import StudyStore
from hpt_cli.trial import TrialResult
from hpt_cli.views.confirmed import candidate_columns, headline, remarks, test_scores
from hpt_cli.views.leaderboard import best_said, leaderboard_columns
from hpt_cli.views.page.figures import (
    curve_figures,
    dimension_figures,
    dimensions_drawn,
    draw,
    progress_figure,
)
from hpt_cli.views.page.markup import Html, joined, tag
from hpt_cli.views.page.style import STYLE
from hpt_cli.views.rounds import legend, move_columns, summary
from hpt_cli.views.standing import Standing, counts, notes, warnings
from hpt_cli.views.table import Column
from hpt_cli.views.text import bounds, clean, plural, short, value

BEGINNING = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="hpt report"""
"""How each of these pages begins, by which they are known."""

_SIGN = "±"
_LONGEST = 300  # signs of a cell
_MOST_CELLS = 5_000  # of the leaderboard: with more the page would be too large to send
_LONGEST_CONFIG = 200_000  # signs
_TRIALS_WITH_CURVES = 4
_LOOKED_AT = 20  # of the best trials, for curves


def page(store: StudyStore, standing: Standing, top: int) -> str:
    """The whole page of a study as it stands.

    Args:
        store: The study's.
        standing: Where it stands.
        top: Rows of the leaderboard, at most.

    Raises:
        DamagedStudyError: A round's plan or a confirmation's record is unreadable.
    """
    plans = store.rounds()
    body = joined(
        [
            _head(store, standing),
            _leaderboard(standing, top),
            _confirmation(store, standing),
            *_pictures(standing, plans),
            _curves(store, standing),
            _rounds(plans),
            _config(store),
            tag("footer", f"hpt {__version__}, {time.strftime('%Y-%m-%d %H:%M:%S %z')}; {standing.folder}"),
        ],
        "\n",
    )
    head = joined(
        [
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{standing.name}: {counts(standing)}"),
            tag("style", Html(STYLE)),
        ],
        "\n",
    )
    return f'{BEGINNING} {__version__}">\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def _section(title: str, *children: str) -> Html:
    return tag("section", tag("h2", title), *children)


def _head(store: StudyStore, standing: Standing) -> Html:
    """The name, how far it has come, the best, and what to know."""
    parts = [
        tag("h1", standing.name),
        tag("p", counts(standing), tag("span", f"  {standing.goal} {standing.metric}", class_="faint")),
    ]
    best = standing.board.best
    if best is None:
        none = "no trial is done yet" if standing.finished == 0 else "no trial is done"
        parts.append(tag("p", none, class_="best-said"))
    else:
        name, said, scores = best_said(standing, best, _SIGN)
        parts.append(tag("p", tag("b", name), f"  {said}", class_="best-said"))
        shown = [*scores, *((param, value(of)) for param, of in best.result.params.items())]
        parts.append(_pairs(shown))
    said_too = [*warnings(store, standing), *notes(standing)]
    parts += [tag("p", note, class_="note") for note in said_too]
    return tag("header", *parts)


def _pairs(shown: Sequence[tuple[str, str]]) -> Html:
    cells = [
        cell
        for name, said in shown
        for cell in (tag("dt", short(name, _LONGEST)), tag("dd", short(said, _LONGEST)))
    ]
    return tag("dl", *cells)


def _table(label: str, columns: Sequence[Column], looks: Sequence[str] = ()) -> Html:
    """As in a terminal, but that it can be moved sideways where it is too wide."""
    titles = [
        tag("th", column.title.strip(), scope="col", class_="right" if column.justify == "right" else None)
        for column in columns
    ]
    looks = looks or [""] * len(columns[0].cells)
    rows = [
        tag("tr", *(_cell(column, row) for column in columns), class_=look or None)
        for row, look in enumerate(looks)
    ]
    table = tag("table", tag("thead", tag("tr", *titles)), tag("tbody", *rows))
    return tag("div", table, class_="scroll", role="region", tabindex=0, aria_label=label)


def _cell(column: Column, row: int) -> Html:
    said = column.cells[row]
    said = said if column.wraps or len(said) <= _LONGEST else short(said, _LONGEST)
    look = "wraps" if column.wraps else "right" if column.justify == "right" else None
    return tag("td", said, class_=look)


def _leaderboard(standing: Standing, top: int) -> Html:
    board = standing.board
    most = max(_MOST_CELLS // (len(board.params) + 6), 1)
    rows = board.rows[: min(top, most)]
    if not rows:
        return Html("")
    columns = leaderboard_columns(board, rows, standing.metric, _SIGN)
    best = board.best
    looks = [
        "best" if best and row.result.number == best.result.number else "faint" if row.rank is None else ""
        for row in rows
    ]
    marks = {cell.strip()[:1] for cell in columns[0].cells}
    known = {"✓": "✓ confirmed", "*": "* best", "~": "~ cannot be told from the best"}
    said = [words for mark, words in known.items() if mark in marks]
    if len(rows) < standing.finished:
        said.append(
            f"{len(rows)} of {standing.finished} trials; all: hpt show {standing.handle} --format csv"
        )
    foot = [tag("p", "; ".join(said), class_="faint")] if said else []
    return _section("Leaderboard", _table("leaderboard", columns, looks), *foot)


def _confirmation(store: StudyStore, standing: Standing) -> Html:
    """The last one that chose a trial; and one that is not finished."""
    parts: list[Html] = []
    record = standing.board.confirmation
    if record is not None and record.outcome is not None:
        outcome = record.outcome
        looks = ["best" if of.trial == outcome.chosen else "" for of in outcome.candidates]
        columns = [column for column in candidate_columns(standing, record, outcome) if any(column.cells)]
        parts.append(_table("candidates of the confirmation", columns, looks))
        if standing.board.best is None or not standing.board.best.confirmed:  # else it stands at the top
            said = tag("b", f"confirmed: trial {outcome.chosen}")
            parts.append(tag("p", said, f"  {headline(record, standing.metric)}", class_="best-said"))
            parts.append(_pairs(test_scores(outcome, standing.metric, _SIGN)))
        parts += [tag("p", remark, class_="note") for remark in remarks(record, standing.metric)]
    records = store.confirmations()
    if records and records[-1].outcome is None:
        parts += [tag("p", remark, class_="note") for remark in remarks(records[-1], standing.metric)]
    return _section("Confirmation", *parts) if parts else Html("")


def _pictures(standing: Standing, plans: Sequence[RoundPlan]) -> list[Html]:
    """The trials in order, and by each dimension."""
    names, others = dimensions_drawn(plans, standing)
    drawn = draw(standing, len(names) + 1)
    if drawn is None:
        return []
    sections = [_section("Best so far", progress_figure(standing, drawn, plans))]
    figures = dimension_figures(standing, drawn, plans, names)
    if figures:
        said = "each dot a trial, the best one larger"
        if others:
            said += f"; {plural(len(others), 'dimension')} more without a picture: "
            said += short(", ".join(map(clean, others)), _LONGEST)
        grid = tag("div", *figures, class_="pictures")
        sections.append(_section("Dimensions", tag("p", said, class_="faint"), grid))
    return sections


def _curves(store: StudyStore, standing: Standing) -> Html:
    """Of the best trial and the next few that have any."""
    board = standing.board
    best = [result.number for result in board.rows.results[: min(board.done, _LOOKED_AT)]]
    parts: list[Html] = []
    for read in store.each_trial(best):
        if isinstance(read, TrialResult) and (figures := list(curve_figures(standing, read))):
            row = board.rows.of(read.number)
            of = f", mean of {plural(len(read.repeats), 'repeat')}" if len(read.repeats) > 1 else ""
            parts.append(tag("h3", f"trial {read.number}, rank {row.rank}{of}"))
            parts.append(tag("div", *figures, class_="pictures"))
            if len(parts) == 2 * _TRIALS_WITH_CURVES:
                break
    return _section("Learning curves", *parts) if parts else Html("")


def _rounds(plans: Sequence[RoundPlan]) -> Html:
    """What each round searched, and what it did to each dimension."""
    parts: list[Html] = []
    for plan in plans:
        parts.append(tag("h3", f"round {plan.number}", tag("span", f"  {summary(plan)}", class_="faint")))
        if plan.note:
            parts.append(tag("p", clean(plan.note)))
        label = f"dimensions of round {plan.number}"
        if plan.moves:
            parts.append(_table(label, move_columns(plan.moves, ascii_=False)))
            if said := legend(plan.moves, pictures=True):
                parts.append(tag("p", said, class_="faint"))
        elif plan.space.dimensions:
            parts.append(_pairs([(name, bounds(of)) for name, of in plan.space.dimensions.items()]))
    return _section("Rounds", *parts) if parts else Html("")


def _config(store: StudyStore) -> Html:
    """The config as it was given, to be unfolded."""
    damage: Damage | None = store.text_damage()
    if damage is not None:
        return _section("Config", tag("p", f"{damage.path}: {damage.why}", class_="note"))
    try:
        content = (store.folder / "study.yaml").read_bytes()
    except OSError as error:
        return _section("Config", tag("p", f"study.yaml: cannot be read ({brief(error)})", class_="note"))
    given = content.decode("utf-8-sig", "backslashreplace").replace("\r\n", "\n").expandtabs(4)
    parts = [tag("details", tag("summary", "the config as given"), tag("pre", given[:_LONGEST_CONFIG]))]
    if len(given) > _LONGEST_CONFIG:
        parts.append(tag("p", f"its first {_LONGEST_CONFIG} signs; the rest is in study.yaml", class_="note"))
    return _section("Config", *parts)
