"""What ``run`` and ``refine`` share: run what is missing of a study, watch it, show what came of it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hpt_cli.cli import signals
from hpt_cli.errors import InputError
from hpt_cli.expectation import Expectation, check_expectation, parse_expectation
from hpt_cli.store import StudyStore

if TYPE_CHECKING:
    from hpt_cli.config import StudyConfig
    from hpt_cli.executors import Crew
    from hpt_cli.in_flight import StopRequest
    from hpt_cli.planning import RefineRequest
    from hpt_cli.views.live import LiveView
    from hpt_cli.views.plain import PlainView
    from hpt_cli.views.standing import Standing


def read_expectation(text: str | None, config: StudyConfig) -> Expectation | None:
    """The value of ``--expect``, so early that nonsense costs no training.

    Raises:
        InputError: It cannot be read, or names a metric that no training has.
    """
    if text is None:
        return None
    from hpt_cli.network import METRICS, metric_goal

    expectation = parse_expectation(text)
    if expectation.metric != "objective" and config.own_code is None:
        try:
            metric_goal(expectation.metric)
        except ValueError:
            known = ["objective", *(f"validation_{name}" for name in METRICS)]
            known += [f"training_{name}" for name in METRICS]
            meant = expectation.metric
            if meant in METRICS:  # what is left out is the part of the data, and a study judges by validation
                meant = f"validation_{meant}"
            near = difflib.get_close_matches(meant, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"--expect: there is no metric {expectation.metric!r}; {hint}write objective, or validation_ "
                f"or training_ and one of {', '.join(METRICS)}"
            ) from None
    return expectation


def notify(sentence: str) -> None:
    """Say something beside the results."""
    from hpt_cli.views.text import clean, folded

    print(folded(f"hpt: {clean(sentence)}", sys.stderr), file=sys.stderr)


def warn(store: StudyStore, standing: Standing) -> None:
    """Say that a study is running, and which files cannot be read: no trial is left out in silence."""
    from hpt_cli.views.standing import warnings

    for sentence in warnings(store, standing):
        notify(sentence)


@contextmanager
def watched(store: StudyStore, *, as_json: bool) -> Iterator[tuple[LiveView | PlainView, StopRequest]]:
    """Within, what a study does is shown, and a signal asks it to end.

    Args:
        store: The study.
        as_json: It is shown on stderr.
    """
    from hpt_cli.in_flight import StopRequest
    from hpt_cli.views.console import make_console
    from hpt_cli.views.progress import Progress
    from hpt_cli.views.watch import make_view

    view = make_view(make_console(stderr=as_json), Progress(store.metric, store.goal))
    stop = StopRequest()

    def end(signal_number: int) -> None:
        stop.request(signal_number)
        view.stopping()

    with signals.softly(end, view.restore), view:
        yield view, stop


def run_and_show(
    store: StudyStore,
    config: StudyConfig,
    *,
    workers: int | None,
    retry_failed: bool = False,
    top: int,
    as_json: bool,
    expectation: Expectation | None,
    refine: RefineRequest | None = None,
    crew: Crew | None = None,
) -> None:
    """Run the study to its end and show its leaderboard.

    Args:
        store: The study.
        config: Its config.
        workers: Processes that train; ``None`` leaves it to the config.
        retry_failed: Run the trials again that failed or timed out.
        top: Rows to show.
        as_json: One JSON document on stdout, progress on stderr.
        expectation: Is checked last.
        refine: Rounds to add; the last one's plan is added to the JSON document.
        crew: Workers that were started early.

    Raises:
        HptError: As :func:`hpt_cli.study.run_missing`; or the expectation is missed.
    """
    from hpt_cli.study import run_missing

    with watched(store, as_json=as_json) as (view, stop):
        run_missing(
            store,
            config,
            workers=workers,
            observe=view.observe,
            stop=stop,
            retry_failed=retry_failed,
            refine=refine,
            crew=crew,
        )
    # Imported no sooner: the first trial does not wait for tables.
    from hpt_cli.views.console import make_console
    from hpt_cli.views.leaderboard import show
    from hpt_cli.views.machine import standing_json, to_json
    from hpt_cli.views.standing import standing_of

    standing = standing_of(store)
    if not view.progress.finished_now:
        ended = "finished" if standing.finished >= standing.planned else "ended"
        notify(f"study {store.name} was {ended} already; nothing was run")
    rows = standing.board.rows[:top]
    if as_json:
        last = {"round": store.rounds()[-1].to_json()} if refine is not None else {}
        print(to_json({**standing_json(standing, rows), **last}))
    else:
        print()
        show(make_console(), standing, rows)
    if expectation is not None:
        check_expectation(expectation, standing.board.best)
