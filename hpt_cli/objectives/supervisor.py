"""Runs the commands of one worker, and ends them when the worker ends, however that is.

A small process of its own, started as a script, that knows nothing of ours.  Requests come in on standard
input, a line of JSON each; that pipe is the lifeline too: at its end (the worker was killed, or its whole
process group) everything that was started is killed, and this process leaves.  On Linux it also adopts what
a command leaves behind in sessions of their own, so that nothing can slip away; and should this process
itself be killed, the kernel kills the command (a parent-death signal).

A request holds ``argv``, ``env``, ``folder`` and ``log`` (a path, or null), and ``seconds`` that it may take
(or null).  The answers, lines of JSON on standard output: ``{"line": ...}`` for each line of the command's
output that may be a report; last ``{"end": {...}}`` with ``status`` (as ``subprocess`` has it: below 0 for a
signal), ``timed_out``, ``unstarted`` (why the program could not be started, or null) and ``tail``, the last
lines of what it wrote.

The command's output goes to the log as it comes.  Only its standard output is looked at for reports: the two
streams are read apart, or half a progress bar on standard error would spoil a line of the other.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn

LINE_LIMIT = 2**20
"""Bytes; no report is longer."""
_BLOCK = 2**16
_TAIL_LINES, _TAIL_BYTES = 20, 400
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)
_SECONDS_TO_DIE = 5.0  # a killed process can stay for a moment in the kernel
_ON_LINUX = sys.platform == "linux"


class Lines:
    """Cuts a stream into lines.

    Args:
        limit: Bytes; of a line that is longer, only so many at its end are kept.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._rest = b""
        self._limit = limit

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that are whole now."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        if self._limit is not None:
            self._rest = self._rest[-self._limit :]
        return lines

    def end(self) -> list[bytes]:
        """What is left when the stream ends."""
        return [self._rest] if self._rest else []


class Supervisor:
    """Takes requests until standard input ends."""

    def __init__(self) -> None:
        self._prctl = ctypes.CDLL(None).prctl if _ON_LINUX else None
        if self._prctl:
            self._prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._requests = Lines()
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        self._wakeup = reader
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Answer one request after the other."""
        while block := os.read(0, _BLOCK):
            for line in self._requests.feed(block):
                self._answer(json.loads(line))

    def _answer(self, request: dict[str, Any]) -> None:
        log = -1
        if request["log"]:
            with suppress(OSError):  # of a full disk the study is told when it saves the result
                log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            end = self._run(request, log)
        finally:
            if log >= 0:
                os.close(log)
        _say({"end": end})

    def _run(self, request: dict[str, Any], log: int) -> dict[str, Any]:
        """Start the command and see it to its end."""
        output, errors, words = os.pipe(), os.pipe(), os.pipe()
        parent = os.getpid()
        child = os.fork()
        if not child:
            self._become(request, parent, output[1], errors[1], words[1])
        for _, theirs in (output, errors, words):
            os.close(theirs)
        unstarted = os.read(words[0], _BLOCK).decode("utf-8", "replace")
        os.close(words[0])
        watch = _Watch(self, child, output[0], errors[0], log)
        try:
            return {"unstarted": unstarted or None, **watch.until_the_end(request["seconds"])}
        finally:
            os.close(output[0])
            os.close(errors[0])

    def _become(self, request: dict[str, Any], parent: int, output: int, errors: int, words: int) -> NoReturn:
        """In the child: become the command, in a process group of its own; say why if that cannot be."""
        try:
            os.setpgid(0, 0)
            if self._prctl:
                self._prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:  # it ended before the line above
                os._exit(127)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            null = os.open(os.devnull, os.O_RDONLY)
            for descriptor, place in ((null, 0), (output, 1), (errors, 2)):
                os.dup2(descriptor, place)
            os.chdir(request["folder"])
            os.execvpe(request["argv"][0], request["argv"], request["env"])
        except BaseException as error:  # noqa: BLE001 - whatever it is, this is no second supervisor
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            os.write(words, why.encode("utf-8", "replace"))
        finally:
            os._exit(127)

    @property
    def wakeup(self) -> int:
        """Is readable when a child has ended."""
        return self._wakeup

    def kill(self, group: int) -> None:
        """End a command's process group and whatever else has become a child of this process."""
        deadline = time.monotonic() + _SECONDS_TO_DIE
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            left = _children()
            if not left:
                return
            for child in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.001)


class _Watch:
    """One running command: its two streams, its end, its deadline."""

    def __init__(self, supervisor: Supervisor, child: int, output: int, errors: int, log: int) -> None:
        self._supervisor = supervisor
        self._child = child
        self._output, self._errors, self._log = output, errors, log
        self._lines = {output: Lines(LINE_LIMIT), errors: Lines(LINE_LIMIT)}
        self._tail: deque[bytes] = deque(maxlen=_TAIL_LINES)

    def until_the_end(self, seconds: float | None) -> dict[str, Any]:
        """Wait for the command, or end it; how it ended."""
        deadline = None if seconds is None else time.monotonic() + seconds
        status = None
        timed_out = False
        with selectors.DefaultSelector() as selector:
            for descriptor in (0, self._supervisor.wakeup, self._output, self._errors):
                selector.register(descriptor, selectors.EVENT_READ)
            while status is None:
                left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                ready = [key.fd for key, _ in selector.select(left)]
                if deadline is not None and time.monotonic() >= deadline:
                    timed_out = True
                    os.kill(self._child, signal.SIGKILL)  # the others of its group are ended below
                    status = os.waitpid(self._child, 0)[1]
                    break
                for descriptor in ready:
                    if descriptor == 0:
                        self._leave_if_alone()
                    elif descriptor == self._supervisor.wakeup:
                        os.read(descriptor, _BLOCK)
                        status = self._ended()
                    elif not self._take(descriptor):
                        selector.unregister(descriptor)
        self._supervisor.kill(self._child)  # what it has left running
        self._drain()
        return {
            "status": os.waitstatus_to_exitcode(status),
            "timed_out": timed_out,
            "tail": [line.decode("utf-8", "replace") for line in self._tail],
        }

    def _ended(self) -> int | None:
        pid, status = os.waitpid(self._child, os.WNOHANG)
        return status if pid else None

    def _leave_if_alone(self) -> None:
        """Standard input has ended: so has the worker.  It says nothing else while a command runs."""
        if not os.read(0, _BLOCK):
            self._supervisor.kill(self._child)
            os._exit(0)

    def _take(self, descriptor: int) -> bool:
        """Read what there is; false at the stream's end."""
        block = os.read(descriptor, _BLOCK)
        if self._log >= 0 and block:
            with suppress(OSError):  # a full disk: as above
                _write_all(self._log, block)
        lines = self._lines[descriptor]
        for line in lines.feed(block) if block else lines.end():
            self._look_at(line, report=descriptor == self._output)
        return bool(block)

    def _drain(self) -> None:
        """Read both streams to their end; no process holds them any more."""
        for descriptor in (self._output, self._errors):
            os.set_blocking(descriptor, False)
            try:
                while self._take(descriptor):
                    pass
            except BlockingIOError:  # somebody does, where what was left running cannot be found
                for line in self._lines[descriptor].end():
                    self._look_at(line, report=descriptor == self._output)

    def _look_at(self, line: bytes, *, report: bool) -> None:
        text = line.rsplit(b"\r", 1)[-1] if not line.endswith(b"\r") else line[:-1].rsplit(b"\r", 1)[-1]
        if text.strip():
            self._tail.append(text[:_TAIL_BYTES])
        start = line.lstrip()[:1]
        if report and start and start in b"{-0123456789NI":
            _say({"line": line.decode("utf-8", "replace")})


def _say(message: dict[str, Any]) -> None:
    try:
        _write_all(1, json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        return  # the worker is gone; standard input has ended too, and is read next


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _children() -> list[int]:
    """The children of this process that are alive; empty where the system does not tell."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:  # noqa: PTH123
            return [int(pid) for pid in file.read().split() if _parent(pid) == me]
    except OSError:  # a kernel that was built without that file
        with suppress(OSError):
            return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == me]  # noqa: PTH208
    return []


def _parent(pid: str) -> int | None:
    """The parent of a process that is alive; ``None`` of one that only waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


if __name__ == "__main__":
    Supervisor().serve()
    os._exit(0)
