"""Kill, interrupt, damage and crowd studies through the command line alone, and count what was lost.

``python -m benchmarks.survival --kills 200`` (``make bench-survival``) prints a table.  Every count but
the first column's should be 0.  What it does at random it does again with the same ``--seed``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.survival.study import STRATEGIES, Study, children_of

COLUMNS = ("times", "lost", "repeated", "bits", "traceback", "orphan", "hang", "status")


def kill(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """SIGKILL the whole process group at random instants, until the study is finished."""
    _interrupt(study, chance, times, found, signal.SIGKILL, {-signal.SIGKILL})


def interrupt(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """SIGINT, SIGTERM and SIGHUP to the group, as a terminal sends them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        _interrupt(study, chance, -(-times // 3), found, number, {128 + number})


def _interrupt(
    study: Study, chance: random.Random, times: int, found: Counter[str], number: int, statuses: set[int]
) -> None:
    for _ in range(times):
        before = study.finished()
        process = study.start("--workers", str(chance.choice((1, 2))))
        wanted = len(before) + chance.choice((0, 1, 2, 3))
        deadline = time.monotonic() + 20
        while process.poll() is None and len(study.finished()) < wanted and time.monotonic() < deadline:
            time.sleep(0.003)
        time.sleep(
            chance.random() * (1.5 if wanted == len(before) else 0.15) + 0.15
        )  # Python itself is up by then
        if process.poll() is not None:  # it was finished
            study.end(process, found, {0})
            if process.returncode == 0 and study.is_whole():
                study.judge(found)
                study.remove()
            continue
        workers = children_of(process.pid)
        os.killpg(process.pid, number)
        found["times"] += 1
        study.end(process, found, statuses | {0})
        study.count_orphans(workers, found)
        study.count_changed(before, found)
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
        study.judge(found)
        study.remove()


def two_at_once(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """A second run beside the first is refused at once; looking is allowed."""
    for _ in range(times):
        process = study.start("--workers", "1")
        while process.poll() is None and not study.finished():
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)
        second, shown = study.start(), study.start(command="show")
        status = study.end(second, found, {0, 3})
        found["status"] += status == 0 and process.poll() is None
        study.end(shown, found, {0})
        study.end(process, found, {0})
        study.judge(found)
        study.remove()
        found["times"] += 1


def full_disk(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """On a file system that is full at some point; with room again the same command goes on."""
    for _ in range(times):
        folder = Path(tempfile.mkdtemp())
        size = chance.randint(60, 480)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            print("full disk: left out, a small file system cannot be mounted here")
            return
        try:
            process = study.start("--workers", "2", runs=folder)
            study.end(process, found, {74})
            subprocess.run(["mount", "-o", "remount,size=20m", str(folder)], check=True)
            study.end(study.start("--workers", "2", runs=folder), found, {0})
            study.judge(found, runs=folder)
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
            study.end(study.start(runs=folder, command="show"), found, {0})
            study.end(study.start(runs=folder), found, {74})
        finally:
            subprocess.run(["umount", str(folder)], check=True)
            folder.rmdir()
        found["times"] += 1


def damage(study: Study, chance: random.Random, times: int, found: Counter[str]) -> None:
    """Cut, empty or garble a file at random; it is set aside and its trial run again."""
    study.end(study.start("--workers", "2"), found, {0})
    for _ in range(times):
        path = chance.choice(sorted((study.folder() / "trials").glob("*.json")))
        content = path.read_bytes()
        cut = content[: chance.randrange(len(content) - 2)]
        path.write_bytes(chance.choice((b"", cut, chance.randbytes(99))))
        study.end(study.start("--workers", "1"), found, {0})
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


SCENES = {
    "kill": (kill, 1.0),
    "interrupt": (interrupt, 0.3),
    "worker killed": (kill_workers, 0.2),
    "two at once": (two_at_once, 0.05),
    "full disk": (full_disk, 0.05),
    "damage": (damage, 0.1),
    "closed pipe": (closed_pipe, 0.03),
}
"""By name: what is done, and how often for each kill."""


def main() -> None:
    """Run every scene over every strategy and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs over all strategies (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the random instants")
    parser.add_argument("--only", choices=sorted(SCENES), help="one scene")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    home = Path(tempfile.mkdtemp(prefix="hpt-survival-"))
    print("\t".join(("scene", "strategy", *COLUMNS)))
    total: Counter[str] = Counter()
    try:
        for name, (scene, share) in SCENES.items():
            if options.only not in (None, name):
                continue
            for strategy in STRATEGIES:
                study = Study(home / strategy, strategy)
                found: Counter[str] = Counter()
                scene(study, chance, max(1, round(options.kills * share / len(STRATEGIES))), found)
                print("\t".join((name, strategy, *(str(found[column]) for column in COLUMNS))), flush=True)
                total += found
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("\t".join(("all", "", *(str(total[column]) for column in COLUMNS))))
    sys.exit(any(total[column] for column in COLUMNS[1:]))


if __name__ == "__main__":
    main()
