"""Calls the user's own Python function for each training: ``function: package.module:name``."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpt_cli.objectives.own_code import OwnCodeObjective, Run, quoting
from hpt_cli.objectives.report import Report
from hpt_cli.objectives.settings import FunctionSettings
from hpt_cli.trial import RepeatResult, Status, TrialSpec

PARAMS = "params"
"""A function with a parameter of this name gets all params in it, as a dict."""


@dataclass(frozen=True)
class FunctionObjective(OwnCodeObjective):
    """A function returns the metric, or a dict that holds it, or yields a dict an epoch.

    It is called with each of the params by name, or with all in ``params`` if it has that parameter; and with
    ``seed``, ``trial`` and ``dir`` where its signature has them.  The global generators of ``random``, NumPy
    and PyTorch are seeded before each call, so that code that draws from them does not depend on what its
    worker did before.

    Args:
        settings: The function.
    """

    settings: FunctionSettings

    def tasks(self, specs: Sequence[TrialSpec], *, most: int) -> list[list[TrialSpec]]:
        """Calls that take a moment together: the way to a worker would take as long as they do."""
        return [list(specs[start : start + most]) for start in range(0, len(specs), most)]

    def train(self, run: Run) -> RepeatResult:
        """Call the function once."""
        report = Report(self.metric)
        with _output_into(self.log_of(run.spec)), _at_home_in(self.home.folder):
            print(f"hpt: {run.title}: {self.settings.module}:{self.settings.name}", flush=True)
            try:
                function = load_function(self.settings)
                _seed_everything(run.seed)
                _collect(function(**self._arguments(function, run)), report)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the trial's
                lines = _lines_of(error)
                print("\n".join(lines), file=sys.stderr, flush=True)
                what = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
                return report.result(run.seed, (Status.FAILED, quoting(what, lines)))
        return report.result(run.seed)

    def _arguments(self, function: Callable[..., Any], run: Run) -> dict[str, Any]:
        try:
            names = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):  # some that are written in C have none
            names = set()
        params = run.spec.params
        arguments: dict[str, Any] = {PARAMS: dict(params)} if PARAMS in names else dict(params)
        if "seed" in names:
            arguments["seed"] = run.seed
        if "trial" in names:
            arguments["trial"] = run.spec.number
        if "dir" in names:
            arguments["dir"] = str(self.make_folder(run))
        return arguments


def load_function(settings: FunctionSettings) -> Callable[..., Any]:
    """Import it.

    Raises:
        Exception: Whatever its module raises; TypeError if it is not callable.
    """
    function = functools.reduce(getattr, settings.name.split("."), importlib.import_module(settings.module))
    if not callable(function):
        raise TypeError(f"{settings.module}:{settings.name} is not a function")
    return function


def _collect(value: Any, report: Report) -> None:
    """Take in what a function returned, or what it yields, epoch by epoch."""
    if not isinstance(value, Iterator):
        report.add_value(value)
        return
    epoch = 0
    while True:
        try:
            record = next(value)
        except StopIteration as end:
            if end.value is not None:
                report.add_value(end.value)
            return
        epoch += 1
        report.add_value(record, epoch=epoch)


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _lines_of(error: BaseException) -> list[str]:
    """The traceback, from the user's first line on: what called it is ours."""
    own = error.__traceback__
    while own is not None and Path(own.tb_frame.f_code.co_filename).parent == Path(__file__).parent:
        own = own.tb_next
    text = "".join(traceback.format_exception(type(error), error, own))
    return text.rstrip().splitlines()


@contextmanager
def _at_home_in(folder: Path) -> Iterator[None]:
    """Run in the config's folder, whose modules are found first."""
    before, path = Path.cwd(), str(folder)
    os.chdir(folder)
    if path not in sys.path:
        sys.path.insert(0, path)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _output_into(log: Path) -> Iterator[None]:
    """Let everything that this process writes to its standard streams go to a log, C libraries included."""
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError:  # of a full disk the study is told when it saves the result
        descriptor = os.open(os.devnull, os.O_WRONLY)
    _flush()
    before = os.dup(1), os.dup(2)
    streams = sys.stdout, sys.stderr
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    try:
        with (
            open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False) as out,
            open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False) as err,
        ):
            sys.stdout, sys.stderr = out, err
            yield
    finally:
        sys.stdout, sys.stderr = streams
        os.dup2(before[0], 1)
        os.dup2(before[1], 2)
        for copy in before:
            os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
