"""The list of studies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from hpt_cli.board import Row
from hpt_cli.endings import Reason
from hpt_cli.errors import HptError
from hpt_cli.listing import last_change, study_names
from hpt_cli.store import StudyStore
from hpt_cli.trial import finite
from hpt_cli.views.console import FAINT, WARNING, plus_minus, write_lines
from hpt_cli.views.leaderboard import objectives
from hpt_cli.views.machine import row_json
from hpt_cli.views.standing import Standing, standing_of
from hpt_cli.views.table import Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, clean, duration, exact, interval, number, short


@dataclass(frozen=True)
class Listed:
    """One study of the list: its standing, or why it cannot be read.

    Args:
        name: The study's.
        changed: When it last changed, in seconds since the epoch.
        standing: ``None`` where ``error`` says why.
        error: In a sentence.
        holder: Who is running it, ``process 17 on host since ...``.
    """

    name: str
    changed: float
    standing: Standing | None = None
    error: str | None = None
    holder: str | None = None

    @property
    def best(self) -> Row | None:
        """The best trial, or the confirmed one."""
        return None if self.standing is None else self.standing.board.best

    @property
    def test(self) -> float | None:
        """The objective's metric on the test rows, if the best trial is confirmed."""
        best = self.best
        record = self.standing.board.confirmation if self.standing else None
        if self.standing is None or best is None or not best.confirmed or not record or not record.outcome:
            return None
        found = record.outcome.test.get(f"test_{self.standing.metric.partition('_')[2]}")
        return None if found is None else found.mean

    @property
    def status(self) -> str:
        """``running``, ``finished``, ``stopped``, ``ended by budget``; ``damaged`` if it is unreadable."""
        standing = self.standing
        if self.holder is not None:
            return "running"
        if standing is None:
            return "damaged"
        if standing.finished >= standing.planned or (
            standing.ended and standing.ended.reason is Reason.FINISHED
        ):
            return "finished"
        return f"ended by {standing.ended.reason}" if standing.ended else "stopped"


def list_studies(runs_dir: Path, named: Sequence[str] = ()) -> list[Listed]:
    """The studies under ``runs_dir``, the newest first; a damaged one is listed with its error.

    Args:
        runs_dir: Where studies are kept.
        named: Only these, in their order: names under ``runs_dir`` or folders.

    Raises:
        StudyNotFoundError: One of the named is not there.
    """
    if named:
        return [_listed(StudyStore.find(runs_dir, name).folder) for name in named]
    found = [_listed(runs_dir / name) for name in study_names(runs_dir)]
    return sorted(found, key=lambda listed: (-listed.changed, listed.name))


def show_studies(console: Console, studies: Sequence[Listed], clock: Callable[[], float] = time.time) -> None:
    """A table; in a pipe tab-separated lines.

    Args:
        console: Where to.
        studies: In the order in which they are shown.
        clock: Seconds since the epoch.
    """
    if not console.is_terminal:
        lines = ["study\tstatus\ttrials\tplanned\tmetric\tbest\tspread\tlow\thigh\ttest\tchanged"]
        lines += ["\t".join(_plain_cells(study)) for study in studies]
        write_lines(console, lines)
        return
    standings = [study.standing for study in studies]
    columns = [
        Column("study", tuple(clean(study.name) for study in studies)),
        Column("status", tuple(study.status for study in studies), drop=1),
        numbers("trials", [_progress(standing) for standing in standings], 2),
        Column("best", _bests(studies, plus_minus(console)), "right"),
        *_certainty(studies),
        Column("metric", tuple(ABSENT if of is None else clean(of.metric) for of in standings), drop=4),
        Column("changed", tuple(_ago(clock() - study.changed) for study in studies), "right", drop=3),
    ]
    kept, _ = fitting(columns, console.width)
    console.print(draw(console, kept, ["" if study.error is None else FAINT for study in studies]))
    for study in studies:
        if study.holder is not None:
            console.print(Text(f"{study.name} is run by {clean(study.holder)}", FAINT))
        if study.error is not None:
            console.print(Text(f"{study.name}: {short(study.error, 200)}", WARNING))


def studies_json(studies: Sequence[Listed]) -> list[dict[str, Any]]:
    """The list as plain JSON types."""
    entries = []
    for study in studies:
        entry: dict[str, Any] = {
            "name": study.name,
            "status": study.status,
            "holder": study.holder,
            "changed": study.changed,
            "error": study.error,
        }
        standing = study.standing
        if standing is not None:
            best = standing.board.best
            entry |= {
                "folder": str(standing.folder.absolute()),
                "metric": standing.metric,
                "goal": standing.goal,
                "planned": standing.planned,
                "counts": {str(status): count for status, count in standing.board.counts.items()},
                "ended": standing.ended and standing.ended.to_json(),
                "best": best and row_json(best),
                "test": finite(study.test),
            }
        entries.append(entry)
    return entries


def _listed(folder: Path) -> Listed:
    changed = last_change(folder)
    try:
        store = StudyStore(folder)
        return Listed(folder.name, changed, standing_of(store), holder=store.holder())
    except HptError as error:
        return Listed(folder.name, changed, error=str(error))


def _progress(standing: Standing | None) -> str:
    if standing is None:
        return ABSENT
    finished, planned = standing.finished, standing.planned
    return f"{finished} of {planned}" if planned > finished else str(finished)


def _bests(studies: Sequence[Listed], sign: str) -> tuple[str, ...]:
    """The mean of each best trial and its spread."""
    told = iter(objectives([study.best for study in studies if study.best], sign))
    return tuple(ABSENT if study.best is None else next(told) for study in studies)


def _certainty(studies: Sequence[Listed]) -> list[Column]:
    """Where the means lie, and what the test rows say, if any study knows."""
    columns = []
    intervals = [study.best.interval if study.best else None for study in studies]
    if any(intervals):
        cells = tuple(ABSENT if of is None else interval(of.low, of.high) for of in intervals)
        columns.append(Column("95 %", cells, "right", drop=5))
    tests = [study.test for study in studies]
    if any(test is not None for test in tests):
        cells = tuple(ABSENT if test is None else number(test, zeros=True) for test in tests)
        columns.append(numbers("test", cells, 2))
    return columns


def _ago(seconds: float) -> str:
    """``12 s ago``, ``3 h ago``: the greatest unit is enough to find the study of an afternoon."""
    return " ".join([*duration(seconds).split()[:2], "ago"])


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _plain_cells(study: Listed) -> list[str]:
    standing, best = study.standing, study.best
    if standing is None:
        return [clean(study.name), study.status, *[ABSENT] * 8, _when(study.changed)]
    known: tuple[float | None, ...] = (None,) * 5
    if best is not None:
        low, high = (best.interval.low, best.interval.high) if best.interval else (None, None)
        known = (best.mean, best.spread, low, high, study.test)
    return [
        clean(study.name),
        study.status,
        str(standing.finished),
        str(standing.planned),
        clean(standing.metric),
        *(exact(of) or ABSENT for of in known),
        _when(study.changed),
    ]
