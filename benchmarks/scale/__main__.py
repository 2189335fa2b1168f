"""``python -m benchmarks.scale``: what a trial costs the loop, and how long a large study takes to be shown.

Trials cost nothing and are evaluated in the loop's own process, so that its processor time is the tool's own:
asking, saving, telling, the progress of the view.  Each study is a process of its own; its folder is kept in
memory where the system has such a place, because waiting for a disk is not what is measured.  Time and memory
a trial are those of the second half of the trials, in which they would be greater if they grew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import keep

STRATEGIES = ("grid", "random", "sobol")
SHOWN = (("show",), ("best",), ("show", "--json", "--top", "10"), ("show", "--json"))


def in_own_process(strategy: str, trials: int, folder: Path, *, resume: bool = False) -> dict[str, Any]:
    """:func:`measure` in a fresh interpreter, whose memory holds nothing else."""
    code = f"from benchmarks.scale.study import measure; measure({strategy!r}, {trials}, {str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{strategy}, {trials} trials, failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return {"resumed": resume, **measured}


def command(*arguments: str) -> dict[str, float]:
    """What one ``hpt`` command takes: seconds by the clock, of the processor, and the most memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "hpt_cli", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"hpt {' '.join(arguments)} failed")
    megabytes = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "megabytes": megabytes,
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=100_000, help="Trials of the largest studies.")
    parser.add_argument("--bayes", type=int, default=1000, help="Trials of the study with bayes; 0 for none.")
    options = parser.parse_args()
    sizes = [size for size in (1000, 10_000, 100_000) if size <= options.most]
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=place) as name:
        runs = Path(name)
        plan = [(strategy, size) for strategy in STRATEGIES for size in sizes]
        plan += [("bayes", options.bayes)] if options.bayes else []
        print(f"{'study':20} {'ms a trial':>11} {'bytes a trial':>14}")
        for strategy, size in plan:
            row = in_own_process(strategy, size, runs / f"{strategy}-{size}")
            rows.append(row)
            print(f"{strategy:8} {size:>11} {row['ms']:11.3f} {row['bytes']:14.0f}", flush=True)
        largest = runs / f"random-{sizes[-1]}"
        row = in_own_process("random", sizes[-1], largest, resume=True)
        rows.append(row)
        taken = f"{row['seconds']:.1f} s, {row['cpu_seconds']:.1f} s of the processor"
        print(f"\nto go on with {sizes[-1]} finished trials: {taken}")
        print(f"\n{'command':30} {'time':>6} {'seconds':>8} {'processor':>10} {'MB':>6}")
        for arguments in SHOWN:
            (largest / ".cache" / "summary").unlink(missing_ok=True)
            for turn in ("first", "second"):
                used = command(arguments[0], str(largest), *arguments[1:])
                rows.append({"command": " ".join(arguments), "turn": turn, "trials": sizes[-1], **used})
                print(
                    f"{'hpt ' + ' '.join(arguments):30} {turn:>6} {used['seconds']:8.2f} "
                    f"{used['cpu_seconds']:10.2f} {used['megabytes']:6.0f}",
                    flush=True,
                )
    print(f"kept in {keep('scale', rows)}")


if __name__ == "__main__":
    main()
