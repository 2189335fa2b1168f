"""One study of the harness: started, ended, and compared with the same study left alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

STRATEGIES = ("grid", "random", "sobol", "bayes")
_SECONDS_A_STUDY = 120.0
_SECONDS_TO_END = 10.0  # after a signal; longer is a hang

_CONFIG = """\
name: study
data: {{source: digits}}
network: {{epochs: 8, batch_size: 64}}
space:
  learning_rate: {{low: 1e-4, high: 1, scale: log, points: 4}}
  hidden_units: {{low: 8, high: 64, scale: log, points: 3}}
  batch_norm: [true, false]
search: {{strategy: {strategy}, repeats: 2, {trials}}}
"""
_TRIALS = {"grid": "rounds: 1", "random": "trials: 24", "sobol": "trials: 24", "bayes": "trials: 16"}


class Study:
    """A config and its runs folder, and the same study left alone beside it.

    Args:
        home: Is made, if it is not there.
        strategy: Of the search.
    """

    def __init__(self, home: Path, strategy: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._config = home / "study.yaml"
        self._config.write_text(_CONFIG.format(strategy=strategy, trials=_TRIALS[strategy]), encoding="utf-8")
        self._alone = home / "alone"
        if not self._alone.exists():
            found: Counter[str] = Counter()
            self.end(self.start("--workers", "1", runs=self._alone), found, {0})
            if any(found.values()):
                raise SystemExit(f"the study that is left alone does not run: {dict(found)}")

    def folder(self, runs: Path | None = None) -> Path:
        """The study's folder."""
        return (runs or self._home / "runs") / "study"

    def start(
        self,
        *options: str,
        runs: Path | None = None,
        command: str = "run",
        stdout: int | IO[bytes] = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        subject = str(self._config) if command == "run" else "study"
        arguments = [sys.executable, "-m", "hpt_cli", command, subject]
        arguments += ["--runs-dir", str(self.folder(runs).parent), *options]
        with (self._home / "errors.txt").open("wb") as errors:
            return subprocess.Popen(arguments, stdout=stdout, stderr=errors, start_new_session=True)

    def end(self, process: subprocess.Popen[bytes], found: Counter[str], statuses: set[int]) -> int:
        """Wait for a process; count a hang, a traceback, and a status that is none of ``statuses``."""
        seconds = _SECONDS_A_STUDY if 0 in statuses and len(statuses) == 1 else _SECONDS_TO_END
        seconds = _SECONDS_A_STUDY if 74 in statuses else seconds
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            found["hang"] += 1
            process.kill()
            status = process.wait()
        errors = (self._home / "errors.txt").read_text(encoding="utf-8", errors="replace")
        if "Traceback" in errors:
            found["traceback"] += 1
            print(errors, file=sys.stderr)
        if status not in statuses:
            found["status"] += 1
            print(f"status {status}, not of {sorted(statuses)}: {errors[-500:]}", file=sys.stderr)
        return status

    def finished(self) -> dict[str, tuple[int, int]]:
        """The trials' files, by name, with what changes when one is written again."""
        return {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in (self.folder() / "trials").glob("*.json")
        }

    def is_whole(self) -> bool:
        """Whether every trial of the study is there."""
        return len(self.finished()) == len(_comparable(self.folder(self._alone))[0])

    def count_changed(self, before: dict[str, tuple[int, int]], found: Counter[str]) -> None:
        """Count trials that were finished before and are lost or were run again."""
        now = self.finished()
        found["lost"] += sum(name not in now for name in before)
        found["repeated"] += sum(name in now and now[name] != of for name, of in before.items())

    def count_orphans(self, pids: list[int], found: Counter[str]) -> None:
        """Count processes that are there ten seconds after their parent."""
        deadline = time.monotonic() + _SECONDS_TO_END
        while (left := [pid for pid in pids if _is_alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.02)
        found["orphan"] += len(left)

    def judge(self, found: Counter[str], runs: Path | None = None) -> None:
        """Count what differs from the study that was left alone."""
        mine, alone = _comparable(self.folder(runs)), _comparable(self.folder(self._alone))
        for ours, theirs in zip(mine, alone, strict=True):
            found["lost"] += len(theirs.keys() - ours.keys())
            found["bits"] += sum(name in theirs and ours[name] != theirs[name] for name in ours)
            found["repeated"] += len(ours.keys() - theirs.keys())

    def finish(self, found: Counter[str]) -> None:
        """Go on to the end, compare, and make room for the next."""
        self.end(self.start("--workers", "2"), found, {0})
        self.judge(found)
        self.remove()

    def remove(self) -> None:
        """Remove the study's folder."""
        shutil.rmtree(self.folder().parent, ignore_errors=True)


def children_of(pid: int) -> list[int]:
    """Processes that a process has started, from whichever of its threads."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, children.read_text().split())
        except OSError:
            continue
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _comparable(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Trials without the clock, and rounds, by name."""
    trials: dict[str, Any] = {}
    for path in (folder / "trials").glob("*.json"):
        trials[path.name] = {**json.loads(path.read_bytes()), "timing": None}
    rounds = {path.name: json.loads(path.read_bytes()) for path in (folder / "rounds").glob("*.json")}
    return trials, rounds
