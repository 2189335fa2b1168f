"""Progress in a terminal: a few lines that are drawn again in place."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hpt_cli.events import Event, Notice, RoundStarted
from hpt_cli.trial import Status
from hpt_cli.views.console import BEST, FAINT, WARNING, plus_minus
from hpt_cli.views.in_place import InPlace
from hpt_cli.views.leaderboard import leaderboard_columns, objective, row_styles
from hpt_cli.views.progress import STOPPING, Progress
from hpt_cli.views.rounds import show_round
from hpt_cli.views.table import draw, fitting
from hpt_cli.views.text import clean, duration

_SECONDS_BETWEEN_LOOKS = 0.25  # 4 Hz: as often as an eye wants to know
_SECONDS_OF_REST = 1.0  # without news only the time left changes
_TOP = 5
_LINES_WITHOUT_ROWS = 9
_BAR = (10, 40)  # least and greatest width


class LiveView:
    """Draws from a thread of its own, so that an event costs the loop a few microseconds.

    Args:
        console: An animated terminal.
        progress: Is told every event.
    """

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self.progress = progress
        self._lock = threading.Lock()  # over progress: written by the loop, read by the thread
        self._news = False
        self._is_stopping = self._is_over = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._draw_until_end, name="live view", daemon=True)
        self._drawing = InPlace(console, self.render)

    def __enter__(self) -> Self:
        self._drawing.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self._is_over = kind is not None  # no leaderboard follows, so what was reached stays to be seen
        self._drawing.stop(keep=self._is_over)

    def observe(self, event: Event) -> None:
        """Take the event; it is drawn at the next look."""
        with self._lock:
            self.progress.take(event)
        if isinstance(event, Notice):
            self._console.print(Text.assemble(("note: ", WARNING), clean(event.text)))
        elif isinstance(event, RoundStarted) and event.plan.moves:
            show_round(self._console, event.plan, event.cost)
        self._news = True

    def stopping(self) -> None:
        """Say that the end was asked for.  Safe in a signal handler."""
        self._is_stopping = self._news = True

    def restore(self) -> None:
        """Leave the terminal as it was found.  Safe in a signal handler."""
        self._drawing.restore()

    def render(self) -> RenderableType:
        """What is to be seen now."""
        with self._lock:
            return self._render()

    def _draw_until_end(self) -> None:
        drawn, size = 0.0, self._console.size
        while not self._end.wait(_SECONDS_BETWEEN_LOOKS):
            now = time.monotonic()
            if self._news or self._console.size != size or now - drawn >= _SECONDS_OF_REST:
                self._news = False
                drawn, size = now, self._console.size
                self._drawing.refresh()

    def _render(self) -> RenderableType:
        progress = self.progress
        if not progress.name:
            return Text("starting ...", FAINT)
        parts: list[RenderableType] = [self._bar(), self._counts()]
        best = progress.best
        if best is not None:
            said = f"{progress.metric} {objective(best, plus_minus(self._console))}"
            parts.append(Text.assemble((f"best: trial {best.result.number}", BEST), f"  {said}"))
            parts.append(self._rows())
        return Group(*parts)

    def _bar(self) -> RenderableType:
        progress = self.progress
        left = progress.seconds_left()
        finished, planned = progress.finished, progress.planned
        said = f"{finished} of {planned} trials"
        if progress.reruns:
            finished, planned = progress.reruns_finished, progress.reruns
            said = f"{finished} of {planned} trainings on new seeds"
        if self._is_stopping and not self._is_over:
            said += f"  {STOPPING}"
        elif not self._is_over and left is not None and progress.finished < progress.planned:
            said += f"  about {duration(max(left, 1.0))} left"
        width = min(self._console.width - len(progress.name) - len(said) - 4, _BAR[1])
        if width < _BAR[0]:
            return Text.assemble((progress.name, "bold"), f"  {said}")
        line = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(max(planned, 1), finished, width=width)
        line.add_row(Text(progress.name, "bold"), bar, Text(said))
        return line

    def _counts(self) -> Text:
        progress = self.progress
        text = Text()
        for status in filter(progress.counts.__contains__, Status):
            text.append(", " if text else "")
            text.append(f"{progress.counts[status]} {status}", "" if status is Status.DONE else WARNING)
        if not self._is_over:
            text.append(f"{', ' if text else ''}{progress.running} running")
        if progress.plan is not None:
            text.append(f"  round {progress.plan.number}: {progress.plan.strategy}", FAINT)
        return text

    def _rows(self) -> RenderableType:
        board = self.progress.top(max(min(_TOP, self._console.height - _LINES_WITHOUT_ROWS), 0))
        if not board.rows:
            return Text()
        columns = leaderboard_columns(board, board.rows, self.progress.metric, plus_minus(self._console))
        kept, _ = fitting(columns, self._console.width)
        return Group(Text(), draw(self._console, kept, row_styles(board, board.rows)))
