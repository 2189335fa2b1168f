import os
import sys
import time
from pathlib import Path

import pytest

from hpt_cli.objectives.command import CommandObjective
from hpt_cli.objectives.function import FunctionObjective
from hpt_cli.objectives.own_code import Home
from hpt_cli.objectives.settings import ArgsSettings, CommandSettings, FunctionSettings
from hpt_cli.trial import Origin, TrialSpec

PARAMS = {"rate": 0.1, "units": 16, "bias": True, "kind": "a b"}


def spec_of(params=None, *, number=17, seeds=(5,)):
    return TrialSpec(number, 0, PARAMS if params is None else params, tuple(seeds), Origin("random"))


def home(folder):
    return Home("study", folder, folder / "logs", folder / "work")


@pytest.fixture
def spec():
    return spec_of


@pytest.fixture
def command(tmp_path):
    """Runs ``words`` for one trial; ``code`` is a Python script, called by its path."""

    def run(*words, code=None, spec=None, timeout=None, **settings):
        if code is not None:
            (tmp_path / "script.py").write_text(code)
            words = (sys.executable, "script.py", *words)
        args = ArgsSettings(**settings.pop("args", {}))
        settings = CommandSettings(tuple(words), args=args, **settings)
        objective = CommandObjective("loss", home(tmp_path), settings, timeout)
        (result,) = objective.evaluate([spec or spec_of()])
        return result

    return run


@pytest.fixture
def function(tmp_path, request):
    """Calls ``train`` of a module that holds ``code``, for one trial."""

    def run(code, spec=None, name="train"):
        module = f"own_{abs(hash((request.node.name, code)))}"
        (tmp_path / f"{module}.py").write_text(code)
        settings = FunctionSettings(module, name)
        objective = FunctionObjective("loss", home(tmp_path), settings)
        (result,) = objective.evaluate([spec or spec_of({"rate": 0.1})])
        return result

    yield run
    sys.path[:] = [place for place in sys.path if place != str(tmp_path)]


@pytest.fixture
def log(tmp_path):
    return lambda number=17: (tmp_path / "logs" / f"{number:05d}.log").read_text()


def alive(pid):
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc/self").exists()
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def gone():
    """Waits until none of the processes runs; false if one still does after some seconds."""

    def wait(pids, seconds=5.0):
        end = time.monotonic() + seconds
        while any(map(alive, pids)):
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    return wait


@pytest.fixture
def appears():
    """Waits for a file with a number in it, and returns that."""

    def wait(path, seconds=10.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if path.exists() and (text := path.read_text()).endswith("\n"):
                return int(text)
            time.sleep(0.01)
        raise AssertionError(f"{path} did not appear")

    return wait
