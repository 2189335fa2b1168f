"""Runs the user's own program for each training: ``command: python train.py --lr {learning_rate}``."""

from __future__ import annotations

import atexit
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hpt_cli.objectives import supervisor, template
from hpt_cli.objectives.own_code import OwnCodeObjective, Run, quoting
from hpt_cli.objectives.report import Report
from hpt_cli.objectives.settings import CommandSettings
from hpt_cli.trial import RepeatResult, Status, TrialResult

_SHELL = "/bin/sh"
_RESULTS_LIMIT = 64 * 2**20  # bytes; far above any results, against a file that is none


@dataclass(frozen=True)
class CommandObjective(OwnCodeObjective):
    """A command's standard output, or its results file, says what came of a training.

    Args:
        settings: The command.
        timeout: Seconds that a trial may take with all its repeats; then its process group is killed.
    """

    settings: CommandSettings
    timeout: float | None = None

    grace: ClassVar[float] = 5.0  # it can say more of a trial that took too long than the end of a worker can

    def seconds_left(self, clock: float) -> float | None:
        """What its earlier repeats have left of the timeout."""
        if self.timeout is None:
            return None
        return max(self.timeout - (time.perf_counter() - clock), 0.0)

    def train(self, run: Run) -> RepeatResult:
        """Run the command once."""
        report = Report(self.metric)
        if run.seconds is not None and run.seconds <= 0:
            why = f"the repeats before it took longer than {self.timeout:g} s"
            return report.result(run.seed, (Status.TIMEOUT, why))
        try:
            if self._needs_folder():
                folder = self.make_folder(run)
                (folder / template.PARAMS_FILE).write_text(
                    template.as_json(run.spec.params) + "\n", encoding="utf-8"
                )
            argv = self.argv(run)
            log = self.log_of(run.spec)
            with suppress(OSError), log.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"hpt: {run.title}: {self.line(run)}\n")  # a full disk: the loop tells of it
            request = {
                "argv": argv,
                "env": {**os.environ, **self.environment(run)},
                "folder": str(self.home.folder),
                "log": str(log),
                "seconds": run.seconds,
            }
            end = _supervised(request, report)
            if self._has_results():
                self._read_results(run, report)
        except (OSError, ValueError) as error:
            why = f"the command could not be run: {error}"
            return report.result(run.seed, (Status.FAILED, why))
        return report.result(run.seed, self._failure(end))

    def argv(self, run: Run) -> list[str]:
        """The words of the command line of one training."""
        values = self._values(run)
        args = template.spelled(run.spec.params, self.settings.args)
        if self.settings.shell:
            return [_SHELL, "-c", template.fill_shell(self.settings.words[0], values, args)]
        return template.fill_words(self.settings.words, values, args)

    def line(self, run: Run) -> str:
        """The same as one types it."""
        argv = self.argv(run)
        return argv[-1] if self.settings.shell else shlex.join(argv)

    def environment(self, run: Run) -> dict[str, str]:
        """The variables that are set besides the inherited ones."""
        values = self._values(run)
        args = shlex.join(template.spelled(run.spec.params, self.settings.args))
        variables = {
            "HPT_STUDY": self.home.study,
            "HPT_TRIAL": str(run.spec.number),
            "HPT_REPEAT": str(run.repeat),
            "HPT_SEED": str(run.seed),
            "HPT_PARAMS": template.as_json(run.spec.params),
            # what a Python script prints is in the log, and counts, when it is printed
            "PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED", "1"),
        }
        if self._needs_folder():
            variables["HPT_DIR"] = values[template.FOLDER]
        if self._has_results():
            variables["HPT_RESULTS"] = values[template.RESULTS_FILE]
        own = {
            name: template.fill(text, {**values, template.ARGS: args})
            for name, text in self.settings.env.items()
        }
        return {**variables, **own}

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """``params.yaml``, and ``command.txt``: the line that does the best trial's first repeat again."""
        from hpt_cli.trial import TrialSpec

        seeds = tuple(repeat.seed for repeat in trial.repeats)
        run = Run(TrialSpec(trial.number, trial.round, trial.params, seeds, trial.origin), 0)
        set_by_us = {**self.settings.env, "HPT_SEED": ""}
        variables = {name: value for name, value in self.environment(run).items() if name in set_by_us}
        prefix = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        line = f"cd {shlex.quote(str(self.home.folder))} && {prefix} {self.line(run)}\n"
        return {**super().model(trial), "command.txt": line.encode("utf-8", "surrogateescape")}

    def _values(self, run: Run) -> dict[str, str]:
        folder = self.folder_of(run)
        values = {name: template.written(value) for name, value in run.spec.params.items()}
        return values | {
            "trial": str(run.spec.number),
            "repeat": str(run.repeat),
            "seed": str(run.seed),
            "python": sys.executable,
            template.FOLDER: str(folder),
            template.PARAMS_FILE: str(folder / template.PARAMS_FILE),
            template.RESULTS_FILE: str(folder / (self.settings.results or template.RESULTS_FILE)),
        }

    def _placeholders(self) -> set[str]:
        texts = [*self.settings.words, *self.settings.env.values()]
        return {name for text in texts for name in template.names_in(text)}

    def _has_results(self) -> bool:
        return self.settings.results is not None or template.RESULTS_FILE in self._placeholders()

    def _needs_folder(self) -> bool:
        return self._has_results() or bool({template.FOLDER, template.PARAMS_FILE} & self._placeholders())

    def _read_results(self, run: Run, report: Report) -> None:
        path = Path(self._values(run)[template.RESULTS_FILE])
        if path.is_file():  # it may as well have printed them
            with path.open("rb") as file:
                report.add_file(file.read(_RESULTS_LIMIT).decode("utf-8", "replace"))

    def _failure(self, end: Mapping[str, Any]) -> tuple[Status, str] | None:
        status, tail = end["status"], end["tail"]
        if end["timed_out"]:
            return Status.TIMEOUT, quoting(f"took longer than {self.timeout:g} s and was ended", tail)
        if end["unstarted"]:
            return Status.FAILED, f"the command could not be started: {end['unstarted']}"
        if not status:
            return None
        how = f"exit status {status}"
        if status < 0:
            memory = " (out of memory?)" if -status == signal.SIGKILL else ""
            how = f"killed by signal {-status}, {signal.strsignal(-status)}{memory}"
        last = next((line.strip() for line in reversed(tail) if line.strip()), "it wrote nothing")
        return Status.FAILED, quoting(f"{how}: {last}", tail)


class _Supervisor:
    """A process that runs commands for this one, and ends with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # what kills our process group must leave it to clean up
        )

    def run(self, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """One command to its end; its reports go into ``report``.

        Raises:
            OSError: The supervisor itself has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode("utf-8", "backslashreplace") + b"\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            message = json.loads(line)
            if "end" in message:
                return dict(message["end"])
            report.add_line(message["line"])
        raise OSError("the process that watches it was killed")

    def close(self) -> None:
        """End it, and what it runs."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


_idle: list[_Supervisor] = []
_guard = threading.Lock()


@atexit.register
def _close_idle() -> None:
    with _guard:
        while _idle:
            _idle.pop().close()


def _supervised(request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Run a command under a supervisor that is at hand, or a new one: they are kept for the next command."""
    with _a_supervisor() as one:
        return one.run(request, report)


@contextmanager
def _a_supervisor() -> Iterator[_Supervisor]:
    with _guard:
        one = _idle.pop() if _idle else None
    one = one or _Supervisor()
    try:
        yield one
    except BaseException:
        one.close()
        raise
    with _guard:
        _idle.append(one)
