"""``python -m benchmarks.study``: seconds of a whole study of 200 random trials on digits, on two cores.

Equal search space, epochs, batch size and cores; every contender is a process of its own from its start to
its end, with one BLAS thread in each worker; each is bytecode before it starts, as pip leaves it.  With
batch norm as a choice against Optuna; without it against both.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import interleaved, keep
from benchmarks.study.space import BATCH, EPOCHS, LEARNING_RATE, TRIALS, WIDTH

CONFIG = """\
name: study
data: {{source: digits}}
network: {{hidden_layers: 2, optimizer: adam, batch_size: {batch}, epochs: {epochs}}}
space:
  learning_rate: {{low: {rate[0]}, high: {rate[1]}, scale: log}}
  hidden_units_1: {{low: {width[0]}, high: {width[1]}, scale: log}}
  hidden_units_2: {{low: {width[0]}, high: {width[1]}, scale: log}}
{batch_norm}
search: {{strategy: random, trials: {trials}}}
"""


def seconds(command: list[str]) -> float:
    """How long a process takes from its start to its end."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **threads}, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return time.perf_counter() - started


def ours(batch_norm: bool) -> float:
    """``hpt run``, from an empty folder to the leaderboard."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "study.yaml"
        choice = "  batch_norm: [true, false]" if batch_norm else ""
        config.write_text(
            CONFIG.format(
                batch=BATCH, epochs=EPOCHS, rate=LEARNING_RATE, width=WIDTH, trials=TRIALS, batch_norm=choice
            )
        )
        runs = str(Path(name) / "runs")
        return seconds(
            [sys.executable, "-m", "hpt_cli", "run", str(config), "--runs-dir", runs, "--workers", "2"]
        )


def optuna(batch_norm: bool) -> float:
    """Optuna's random sampler around a PyTorch loop."""
    options = [] if batch_norm else ["--no-batch-norm"]
    return seconds([sys.executable, "-m", "benchmarks.study.optuna_torch", *options])


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    compileall.compile_dir("hpt_cli", quiet=1)  # pip does not where it is installed editable
    with_bn = interleaved({"hpt": lambda: ours(True), "optuna + torch": lambda: optuna(True)}, rounds)
    without = interleaved(
        {
            "hpt": lambda: ours(False),
            "optuna + torch": lambda: optuna(False),
            "RandomizedSearchCV": lambda: seconds([sys.executable, "-m", "benchmarks.study.sklearn_search"]),
        },
        rounds,
    )
    rows = []
    for batch_norm, medians in (("searched", with_bn), ("off", without)):
        for name, taken in medians.items():
            ratio = taken / medians["hpt"]
            rows.append({"batch_norm": batch_norm, "who": name, "seconds": taken, "ratio": ratio})
            print(f"batch norm {batch_norm:9} {name:20} {taken:7.1f} s  {ratio:5.1f} times ours")
    print(f"kept in {keep('study', rows)}")


if __name__ == "__main__":
    main()
