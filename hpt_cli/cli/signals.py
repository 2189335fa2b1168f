"""SIGINT, SIGTERM and SIGHUP: a study ends softly, everything else at once, and never with a traceback."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(BaseException):
    """A signal ends the process now.

    No ``HptError``, nor any ``Exception``: a library that is being imported must not swallow it.  No
    ``KeyboardInterrupt`` either, of which Click would make an exit status of 1.

    Args:
        signal_number: The exit status is 128 and this.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_status = 128 + signal_number


def raise_at_once() -> None:
    """Let each signal raise :class:`Interruption`, wherever the process is."""
    _handle_with(_raise)


@contextmanager
def softly(request: Callable[[int], None], leave: Callable[[], None]) -> Iterator[None]:
    """Within, the first signal is given to ``request``; a second one raises :class:`Interruption`.

    A third one calls ``leave`` and ends the process where it stands: workers end with it.
    """
    asked = False

    def end(signal_number: int, _frame: FrameType | None) -> None:
        leave()
        os._exit(128 + signal_number)

    def handle(signal_number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _handle_with(end)
            _raise(signal_number, frame)
        asked = True
        request(signal_number)

    before = {number: signal.getsignal(number) for number in HANDLED}
    _handle_with(handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore() -> None:
    """Let nothing disturb the end, whose exit status is decided."""
    for number in HANDLED:
        signal.signal(number, signal.SIG_IGN)


def _raise(signal_number: int, _frame: FrameType | None) -> None:
    raise Interruption(signal_number)


def _handle_with(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in HANDLED:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP, and means it
            signal.signal(number, handler)
