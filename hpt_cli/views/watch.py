"""The view of a running study that suits the place it is shown in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpt_cli.views.console import is_animated
from hpt_cli.views.plain import PlainView
from hpt_cli.views.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from hpt_cli.views.live import LiveView


def make_view(console: Console, progress: Progress) -> LiveView | PlainView:
    """Drawn in place where the terminal can do that, else a line a trial."""
    if not is_animated(console):
        return PlainView(console, progress)
    from hpt_cli.views.live import LiveView

    return LiveView(console, progress)
