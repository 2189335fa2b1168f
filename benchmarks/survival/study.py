"""One study of the harness: started, ended, and compared with the same study left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

_SECONDS_A_STUDY = 120.0
_SECONDS_TO_END = 10.0  # after a signal; longer is a hang
_MARK = "HPT_SURVIVAL"  # in the environment of whatever a study starts, so that no orphan goes unseen

_NETWORK = """\
name: study
data: {{source: digits}}
network: {{epochs: {epochs}, batch_size: 32}}
space:
  learning_rate: {{low: 1e-4, high: 1, scale: log, points: 4}}
  hidden_units: {{low: 32, high: 128, scale: log, points: 3}}
  batch_norm: [true, false]
search: {{repeats: 2, {search}}}
"""
_OWN_CODE = """\
name: study
command: "{{python}} script.py {{learning_rate}} {{seed}}"
objective: {{metric: loss, goal: minimize}}
space: {{learning_rate: {{low: 1e-4, high: 1, scale: log}}}}
search: {{repeats: 2, {search}}}
"""
_SCRIPT = """\
import json, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen(["sleep", "100"], start_new_session=True)  # ignores them, too, and is not to be an orphan
time.sleep(0.2)
for epoch in range(3):
    print(json.dumps({"epoch": epoch, "loss": float(sys.argv[1]) * int(sys.argv[2]) / (epoch + 1)}))
"""
_SEARCHES = {
    "grid": "strategy: grid, rounds: 1",
    "random": "strategy: random, trials: 24",
    "sobol": "strategy: sobol, trials: 24",
    "bayes": "strategy: bayes, trials: 20",
    "rounds": "strategy: random, trials: 10, rounds: 3",
    "pruned": "strategy: random, trials: 30, prune: {method: successive_halving}",
    "command": "strategy: random, trials: 16",
}
KINDS = tuple(_SEARCHES)
"""Every strategy; and coarse to fine, pruning, and a user's own command."""


_SUBJECTS = {
    "list": [],
    "logs": ["1", "--study", "study"],
    "refine": ["study", "--dry-run"],
    "trial": ["1", "--study", "study"],
    "verify": ["1", "--study", "study"],
    "why": ["--study", "study"],
}
"""What commands are given that are not simply given the study."""


class Study:
    """A config and its runs folder, and the same study left alone beside it.

    Args:
        home: Is made, if it is not there.
        kind: One of :data:`KINDS`.
    """

    def __init__(self, home: Path, kind: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._config = home / "study.yaml"
        form = _OWN_CODE if kind == "command" else _NETWORK
        text = form.format(search=_SEARCHES[kind], epochs=27 if kind == "pruned" else 20)
        self._config.write_text(text, encoding="utf-8")
        (home / "script.py").write_text(_SCRIPT, encoding="utf-8")
        self._alone = home / "alone"
        self._errors: dict[int, int] = {}  # what a process writes to standard error: a descriptor by its id
        self.start_seconds, self.train_seconds = self._leave_alone()

    def _leave_alone(self) -> tuple[float, float]:
        """Run the study undisturbed; seconds to its first trial, and from there to its end."""
        shutil.rmtree(self._alone, ignore_errors=True)
        begun = time.monotonic()
        process = self.start("--workers", "1", runs=self._alone)
        while process.poll() is None and not list(self.folder(self._alone).glob("trials/*.json")):
            time.sleep(0.01)
        first = time.monotonic()
        found: Counter[str] = Counter()
        self.end(process, found, {0})
        if any(found.values()):
            raise SystemExit(f"the study that is left alone does not run: {dict(found)}")
        return first - begun, time.monotonic() - first

    def folder(self, runs: Path | None = None) -> Path:
        """The study's folder."""
        return (runs or self._home / "runs") / "study"

    def start(
        self,
        *options: str,
        runs: Path | None = None,
        command: str = "run",
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        subject = [str(self._config)] if command == "run" else _SUBJECTS.get(command, ["study"])
        arguments = [sys.executable, "-m", "hpt_cli", command, *subject]
        arguments += ["--runs-dir", str(self.folder(runs).parent), *options]
        marked = {**os.environ, **(environment or {}), _MARK: str(self._home)}
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                arguments, stdout=stdout, stderr=errors, env=marked, start_new_session=True
            )
            self._errors[process.pid] = os.dup(errors.fileno())
        return process

    def end(self, process: subprocess.Popen[bytes], found: Counter[str], statuses: set[int]) -> int:
        """Wait for a process; count a hang, a traceback, and a status that is none of ``statuses``."""
        seconds = _SECONDS_A_STUDY if statuses & {0, 74} else _SECONDS_TO_END
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            found["hang"] += 1
            process.kill()
            status = process.wait()
        with os.fdopen(self._errors.pop(process.pid), "rb") as file:
            file.seek(0)
            errors = file.read().decode("utf-8", "replace")
        if "Traceback" in errors:
            found["traceback"] += 1
            print(errors, file=sys.stderr)
        if status not in statuses:
            found["status"] += 1
            print(f"status {status}, not of {sorted(statuses)}: {errors[-500:]}", file=sys.stderr)
        return status

    def life(self, workers: int) -> float:
        """About how many seconds a run takes now, with what is finished, from its start to its end."""
        missing = 1 - len(self.finished()) / len(_comparable(self.folder(self._alone))[0])
        return self.start_seconds + self.train_seconds * max(missing, 0) / workers

    def sizes(self) -> tuple[int, int]:
        """Bytes on a disk of the study that was left alone: without its trials, and with them."""
        files = [path for path in self.folder(self._alone).rglob("*") if path.is_file()]
        of = {path: -(-path.stat().st_size // 4096) * 4096 for path in files}
        trials = sum(size for path, size in of.items() if path.parent.name in ("trials", "best"))
        return sum(of.values()) - trials, sum(of.values())

    def finished(self) -> dict[str, tuple[int, int]]:
        """The trials' files, by name, with what changes when one is written again."""
        return {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in (self.folder() / "trials").glob("*.json")
        }

    def count_changed(self, before: dict[str, tuple[int, int]], found: Counter[str]) -> None:
        """Count trials that were finished before and are lost or were run again."""
        now = self.finished()
        found["lost"] += sum(name not in now for name in before)
        found["repeated"] += sum(name in now and now[name] != of for name, of in before.items())

    def count_orphans(self, found: Counter[str]) -> None:
        """Count what the study has started and is there ten seconds after its end; and end it."""
        deadline = time.monotonic() + _SECONDS_TO_END
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        found["orphan"] += len(left)
        for pid in left:
            print(f"orphan {pid}: {_words_of(pid)}", file=sys.stderr)
            os.kill(pid, 9)

    def processes(self) -> list[int]:
        """What was started for this study, by whomever, and is alive."""
        mark = f"{_MARK}={self._home}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def judge(self, found: Counter[str], runs: Path | None = None) -> None:
        """Count what differs from the study that was left alone."""
        mine, alone = _comparable(self.folder(runs)), _comparable(self.folder(self._alone))
        for ours, theirs in zip(mine, alone, strict=True):
            found["lost"] += len(theirs.keys() - ours.keys())
            found["bits"] += sum(name in theirs and ours[name] != theirs[name] for name in ours)
            found["repeated"] += len(ours.keys() - theirs.keys())

    def copy_alone(self) -> None:
        """Begin with a copy of the finished study."""
        self.remove()
        shutil.copytree(self.folder(self._alone), self.folder())

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


def _words_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except OSError:
        return "it has just ended"


def _comparable(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Trials and reruns without the clock, and rounds, by name."""
    parts = []
    for part in ("trials", "reruns", "rounds"):
        files = (folder / part).glob("*.json")
        parts.append({path.name: {**json.loads(path.read_bytes()), "timing": None} for path in files})
    return parts[0], parts[1], parts[2]
