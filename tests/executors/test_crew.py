"""Workers that are started before there is work."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from hpt_cli.config import load_config
from hpt_cli.engines import start_early
from hpt_cli.executors import Crew, LocalExecutor

CONFIG = """\
name: study
data: {source: iris}
network: {epochs: 1}
space: {learning_rate: {low: 1e-3, high: 1}}
search: {strategy: random, trials: 3}
execution: {workers: 8}
"""


def loaded(module):
    return module in sys.modules


def children():
    """The processes that this one has started and that are still there."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes under /proc")


@needs_proc
def test_an_executor_takes_its_workers_from_the_crew_which_have_imported_what_they_need():
    before = children()
    with Crew(1, modules=["hpt_cli.objectives.network"]) as crew:
        (early,) = children() - before
        with LocalExecutor(1, crew=crew) as executor:
            assert executor.submit(os.getpid).result() == early
            assert executor.submit(loaded, "hpt_cli.network.engine").result()
    assert children() == before


@needs_proc
def test_who_was_not_needed_is_ended():
    before = children()
    with Crew(2):
        assert len(children() - before) == 2
    assert children() == before


@needs_proc
def test_one_who_has_died_waiting_costs_no_task_a_try():
    before = children()
    with Crew(1) as crew:
        (early,) = children() - before
        os.kill(early, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while early in children():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with LocalExecutor(1, retries=0, crew=crew) as executor:
            assert executor.submit(os.getpid).result() != early


@needs_proc
@pytest.mark.parametrize(
    ("asked", "fresh", "there", "started"),
    [(None, False, False, 3), (2, False, False, 2), (2, False, True, 0), (2, True, True, 2)],
)
def test_a_new_study_has_as_many_as_it_can_use_and_another_none(tmp_path, asked, fresh, there, started):
    path = tmp_path / "study.yaml"
    path.write_text(CONFIG)
    if there:
        (tmp_path / "study").mkdir()
    before = children()
    with start_early(load_config(path), asked, runs_dir=tmp_path, fresh=fresh):
        assert len(children() - before) == started
