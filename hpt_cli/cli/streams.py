r"""Standard output and error that outlive their readers.

A study must not end because nobody reads what it says: after the first failed write the rest goes to the null
device.  What a terminal's encoding does not know is written as ``\u2264``, not raised.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class SteadyFile(io.FileIO):
    """A file descriptor for writing whose failures are kept for later, not raised.

    Args:
        descriptor: It stays open, and is pointed at the null device when a write fails.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or pretend to; how many bytes."""
        try:
            return super().write(data)
        except BlockingIOError:
            raise
        except OSError as error:
            self.failure = error
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            return memoryview(data).nbytes


def make_steady() -> SteadyFile:
    """Make both standard streams steady; returns the file behind standard output."""
    for descriptor in (0, 1, 2):
        _fill(descriptor)
    output, errors = SteadyFile(1), SteadyFile(2)
    sys.stdout, sys.stderr = _stream(output, sys.stdout), _stream(errors, sys.stderr)
    return output


def _stream(file: SteadyFile, old: TextIO | None) -> TextIO:
    if old is not None:
        old.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding="utf-8" if old is None else old.encoding,
        errors="backslashreplace",
        line_buffering=file.isatty(),
    )


def _fill(descriptor: int) -> None:
    """Open the null device where a standard stream was closed, or the next file would take its place."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)
