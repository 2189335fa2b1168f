"""What is done to a study, each as often as it is asked for; what was found is counted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.survival.harm import HARMS, READERS, lose
from benchmarks.survival.study import Study, children_of

_SECONDS_TO_HANDLERS = 0.3  # until Python itself is up and a signal is the command's to handle


def kill(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """SIGKILL the whole process group at random instants of the study's life, resume, and so on."""
    _end_with(signal.SIGKILL, {-signal.SIGKILL}, study, chance, times, found)


def interrupt(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """SIGINT, SIGTERM and SIGHUP to the group, as a terminal sends them, now and then twice."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        _end_with(number, {128 + number}, study, chance, -(-times // 3), found)


def _end_with(
    number: signal.Signals,
    statuses: set[int],
    study: Study,
    chance: random.Random,
    times: int,
    found: Counter[str],
) -> None:
    """A signal that came when the study had ended does not count, and another one is sent."""
    sent = 0
    while sent < times:
        before = study.finished()
        workers = chance.choice((1, 2))
        first = 0.0 if number == signal.SIGKILL else _SECONDS_TO_HANDLERS
        process = study.start("--workers", str(workers))
        time.sleep(first + chance.random() * study.life(workers))
        if process.poll() is not None:
            study.end(process, found, {0})
            study.judge(found)
            study.remove()
            continue
        os.killpg(process.pid, number)
        sent += 1
        found["times"] += 1
        if number != signal.SIGKILL and chance.random() < 0.2:
            time.sleep(chance.random() * 0.5)
            if process.poll() is None:
                os.killpg(process.pid, number)
        if study.end(process, found, statuses | {0}) == 0:  # it had just ended
            sent -= 1
            found["times"] -= 1
        study.count_orphans(found)
        study.count_changed(before, found)
        if chance.random() < 0.2 and (study.folder() / "study.json").exists():
            study.end(study.start(command="show"), found, {0})
    study.finish(found)


def kill_workers(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """SIGKILL a worker under the study, which is to go on by itself."""
    while found["times"] < times:
        process = study.start("--workers", "2", "--set", "execution.retries=20")
        while process.poll() is None and found["times"] < times:
            time.sleep(0.3 + chance.random() * 0.5)
            workers = children_of(process.pid)
            if workers:
                try:
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    found["times"] += 1
                except ProcessLookupError:
                    pass
        study.end(process, found, {0})
        study.count_orphans(found)
        study.judge(found)
        study.remove()


def two_at_once(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """A second run beside the first is refused at once; looking is allowed."""
    while found["times"] < times:
        process = study.start("--workers", "1")
        while process.poll() is None and not study.finished():
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)
        second, shown = study.start(), study.start(command="show")
        status = study.end(second, found, {0, 3})
        found["status"] += status == 0 and _still_runs(process)
        study.end(shown, found, {0})
        study.end(process, found, {0})
        study.judge(found)
        study.remove()
        found["times"] += status == 3


def _still_runs(process: subprocess.Popen[str]) -> bool:
    """Whether it is more than a run that has let go of its study and shows the leaderboard."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        return True
    return False


def full_disk(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """On a file system that is full at some point; with room again the same command goes on."""
    small, whole = study.sizes()
    while found["times"] < times:
        folder = Path(tempfile.mkdtemp())
        size = chance.choice((chance.randint(small // 3, small), chance.randint(small, whole)))
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size // 1024}k", "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            print("full disk: left out, a small file system cannot be mounted here")
            return
        try:
            status = study.end(study.start("--workers", "2", runs=folder), found, {0, 74})
            found["times"] += status == 74  # else it was large enough
            subprocess.run(["mount", "-o", "remount,size=20m", str(folder)], check=True)
            study.end(study.start("--workers", "2", runs=folder), found, {0})
            study.judge(found, runs=folder)
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
            study.end(study.start(runs=folder, command="show"), found, {0})
            study.end(study.start(runs=folder), found, {74})
        finally:
            subprocess.run(["umount", str(folder)], check=True)
            folder.rmdir()


def damage(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """Harm one file of a finished study; what reads it says so, and the same command mends it or says how.

    A trial's file is set aside and its trial run again, to the same bits.
    """
    while found["times"] < times:
        study.copy_alone()
        files = [path for path in study.folder().rglob("*") if path.is_file() and path.name != ".lock"]
        trials = [path for path in files if path.parent.name == "trials" and path.suffix == ".json"]
        path = chance.choice(trials if chance.random() < 0.5 else sorted(files))
        harm = chance.choice(HARMS)
        harm(path, chance)
        for command in chance.sample(READERS, 2):
            study.end(study.start(command=command), found, {0, 1, 2})
        status = study.end(study.start("--workers", "2"), found, {0, 2})
        if status == 2:
            study.end(study.start("--workers", "2", "--fresh"), found, {0})
        elif path in trials and harm is not lose:
            found["lost"] += not list(path.parent.glob(f"{path.name}.bad*"))
        study.judge(found)
        found["times"] += 1
    study.remove()


def closed_pipe(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """``hpt run | head -1`` and ``hpt show | head -1``."""
    for _ in range(times):
        for command in ("run", "show"):
            process = study.start(command=command, stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.close()
            study.end(process, found, {0})
        study.judge(found)
        study.remove()
        found["times"] += 1


_CLOCK = """\
import os, time
_real, _real_ns, _begun = time.time, time.time_ns, time.monotonic()

def _offset():
    before, after, seconds = map(float, os.environ["HPT_CLOCK"].split())
    return before if time.monotonic() - _begun < seconds else after

time.time = lambda: _real() + _offset()
time.time_ns = lambda: _real_ns() + int(_offset() * 1e9)
"""


def clock(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """A clock that runs a day ahead, jumps back while the study runs, and is right when it goes on."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(_CLOCK, encoding="utf-8")
        path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        while found["times"] < times:
            jump = study.start_seconds + chance.random() * study.train_seconds / 2
            wrong = {"PYTHONPATH": path, "HPT_CLOCK": f"86400 {chance.choice((0, -3600))} {jump}"}
            process = study.start("--workers", "1", "--set", "search.budget=1h", environment=wrong)
            time.sleep(jump + chance.random() * study.train_seconds / 2)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                found["times"] += 1
            study.end(process, found, {-signal.SIGKILL, 0})
            for file in study.folder().rglob("*"):  # as files are that the wrong clock has made
                os.utime(file, (time.time() + 86400,) * 2)
            study.end(study.start("--workers", "2", "--set", "search.budget=1h"), found, {0})
            study.judge(found)
            study.remove()
