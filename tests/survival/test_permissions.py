"""Files and folders that the user may not read: said in words, by every command."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIG = """\
name: iris
data: {source: iris}
network: {epochs: 2, hidden_units: 4}
space: {learning_rate: {low: 1e-3, high: 1, scale: log}}
search: {strategy: random, trials: 5}
"""
NOBODY = 65534
COMMANDS = (
    ("run", "iris.yaml", "--workers", 1),
    ("show", "iris"),
    ("show",),
    ("best", "iris"),
    ("why", "--study", "iris"),
    ("report", "iris"),
    ("list",),
    ("trial", 1, "--study", "iris"),
    ("refine", "iris", "--dry-run"),
    ("confirm", "iris", "--repeats", 2, "--top", 1, "--workers", 1),
    ("predict", "iris.yaml", "--study", "iris"),
)
HARMED = {
    "runs": "runs",
    "runs/iris": "study.json",
    "runs/iris/trials": "trials",
    "runs/iris/study.json": "study.json",
}
"""By what may not be read: what is named."""


@contextmanager
def as_nobody():
    """Without the rights of root, to whom every file is readable."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture(scope="module")
def folder(in_process):
    """A finished study in a folder that is open to everybody."""
    place = Path(tempfile.mkdtemp())
    (place / "iris.yaml").write_text(CONFIG)
    for command in COMMANDS:  # which also imports what only root may be able to
        done = in_process(*command, folder=place)
        assert done.returncode == 0 or command[0] == "predict", done.stderr
    if os.geteuid() == 0:
        for path in (place, *place.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("harmed", HARMED)
def test_what_may_not_be_read_is_named(in_process, folder, harmed):
    path = folder / harmed
    before = path.stat().st_mode
    path.chmod(0)
    try:
        for command in COMMANDS:
            with as_nobody():
                result = in_process(*command, folder=folder)  # which raises what would be a traceback
            said = result.stdout + result.stderr
            if HARMED[harmed] != "trials" or command[0] in (
                "run",
                "show",
                "best",
                "trial",
                "report",
                "confirm",
            ):
                assert HARMED[harmed] in said, command
                assert "read" in said or "permission denied" in said, command
            if HARMED[harmed] != "trials" and command[0] != "list":
                assert result.returncode in (2, 74), command
    finally:
        path.chmod(before)


def test_a_folder_that_may_not_be_entered_is_no_hindrance_to_the_others(in_process, folder):
    other = folder / "runs" / "other"
    other.mkdir(mode=0)
    try:
        with as_nobody():
            assert in_process("show", "iris", folder=folder).returncode == 0
            listed = in_process("list", folder=folder)
        assert listed.returncode == 0
        assert "iris\tfinished" in listed.stdout
        assert "other\tdamaged" in listed.stdout
    finally:
        other.rmdir()
