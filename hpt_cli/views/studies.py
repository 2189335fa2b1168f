"""The list of studies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from hpt_cli.endings import Reason
from hpt_cli.errors import HptError
from hpt_cli.store import StudyStore, last_change, study_names
from hpt_cli.trial import finite
from hpt_cli.views.console import FAINT, WARNING, write_lines
from hpt_cli.views.standing import Standing, standing_of
from hpt_cli.views.table import Column, draw, fitting, numbers
from hpt_cli.views.text import ABSENT, clean, duration, exact, number, short


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


def list_studies(runs_dir: Path) -> list[Listed]:
    """The studies under ``runs_dir``, the newest first; a damaged one is listed with its error."""
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
        lines = ["study\tstatus\ttrials\tplanned\tmetric\tbest\tchanged"]
        lines += ["\t".join(_plain_cells(study)) for study in studies]
        write_lines(console, lines)
        return
    standings = [study.standing for study in studies]
    columns = [
        Column("study", tuple(clean(study.name) for study in studies)),
        Column("status", tuple(study.status for study in studies), drop=1),
        numbers("trials", [_progress(standing) for standing in standings], 2),
        numbers("best", [_best(standing) for standing in standings]),
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
                "best": best and {"number": best.result.number, "objective": finite(best.result.objective)},
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


def _best(standing: Standing | None) -> str:
    best = standing.board.best if standing else None
    return (
        ABSENT if best is None or best.result.objective is None else number(best.result.objective, zeros=True)
    )


def _ago(seconds: float) -> str:
    """``12 s ago``, ``3 h ago``: the greatest unit is enough to find the study of an afternoon."""
    return " ".join([*duration(seconds).split()[:2], "ago"])


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _plain_cells(study: Listed) -> list[str]:
    standing = study.standing
    if standing is None:
        return [clean(study.name), study.status, *[ABSENT] * 4, _when(study.changed)]
    best = standing.board.best
    return [
        clean(study.name),
        study.status,
        str(standing.finished),
        str(standing.planned),
        clean(standing.metric),
        ABSENT if best is None else exact(best.result.objective),
        _when(study.changed),
    ]
