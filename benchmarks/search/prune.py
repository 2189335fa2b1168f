"""What pruning is worth: the best objective for a third of the epochs that 60 whole trainings take.

    python -m benchmarks.search.prune [--data digits | FOLDER] [--seeds 10] [--rows 6000]

``FOLDER`` holds MNIST's four files, or those of another set in their form; ``--rows`` takes so many of them.
Every study is a real one, through the loop and the store.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from hpt_cli.config import StudyConfig, load_config
from hpt_cli.in_flight import StopRequest
from hpt_cli.preparation import prepare_study
from hpt_cli.study import run_missing
from hpt_cli.trial import TrialResult, epochs_run

WHOLE_TRIALS = 60
SHARE = 3
"""A pruned study has the epochs of the whole one divided by it."""
METHODS = ("successive_halving", "hyperband", "median")

CONFIG = """\
data: {{source: {source}}}
objective: {{metric: {metric}}}
network: {{hidden_layers: 2, batch_size: 64, epochs: {epochs}}}
space:
  learning_rate: {{low: 1e-4, high: 1, scale: log}}
  optimizer: [sgd, adam]
  momentum: {{low: 0.5, high: 0.99, scale: log1m}}
  hidden_units: {{low: 16, high: 128, scale: log}}
  batch_norm: [true, false]
  dropout: {{low: 0, high: 0.5, step: 0.1}}
"""


def subset(folder: Path, rows: int, target: Path) -> Path:
    """The first ``rows`` training rows of MNIST's files, as a NumPy archive."""
    import gzip

    import numpy as np

    def read(name: str, header: int) -> np.ndarray:
        content = gzip.decompress((folder / name).read_bytes())
        return np.frombuffer(content, np.uint8, offset=header)

    x = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28 * 28)[:rows]
    y = read("train-labels-idx1-ubyte.gz", 8)[:rows]
    np.savez(target, x=x.astype(np.float32), y=y.astype(np.int64))
    return target


def best_within(results: list[TrialResult], epochs: int, metric: str) -> float:
    """The best loss, or error, of the trials that are trained, in their order, within so many epochs."""
    spent, best = 0, float("inf")
    for result in results:
        spent += epochs_run(result)
        if spent > epochs:
            break
        if result.objective is not None:
            best = min(best, result.objective if metric.endswith("loss") else 1.0 - result.objective)
    return best


def study(folder: Path, config: Path, *settings: str) -> tuple[StudyConfig, list[TrialResult]]:
    """A study's trials, by number."""
    read = load_config(config, [*settings, "name=study"])
    runs = Path(tempfile.mkdtemp(dir=folder))
    store = prepare_study(read, runs_dir=runs, fresh=False, notify=lambda sentence: None)
    run_missing(store, read, workers=1, observe=lambda event: None, stop=StopRequest())
    return read, store.results()


def main() -> None:
    """Run the studies and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=36)
    parser.add_argument("--strategy", default="bayes")
    parser.add_argument("--metric", default="validation_loss", help="or validation_accuracy: its error")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = options.data
        if source != "digits":
            source = str(subset(Path(source), options.rows, folder / "rows.npz"))
        config = folder / "study.yaml"
        config.write_text(CONFIG.format(source=source, epochs=options.epochs, metric=options.metric))
        budget = WHOLE_TRIALS * options.epochs // SHARE
        found: dict[str, list[float]] = {method: [] for method in ("whole", "third", *METHODS)}
        for seed in range(options.seeds):
            common = (f"seed={seed}", f"search.strategy={options.strategy}")
            _, whole = study(folder, config, *common, f"search.trials={WHOLE_TRIALS}")
            found["whole"].append(best_within(whole, SHARE * budget, options.metric))
            found["third"].append(best_within(whole, budget, options.metric))
            for method in METHODS:
                trials = f"search.trials={2 * WHOLE_TRIALS}"
                _, results = study(folder, config, *common, trials, f"search.prune.method={method}")
                found[method].append(best_within(results, budget, options.metric))
            print(seed, *(f"{name} {values[-1]:.4f}" for name, values in found.items()), flush=True)
        print("| | median best | as good as 60 whole ones, of seeds | median ratio to them |")
        for method, values in found.items():
            ratios = [value / of for value, of in zip(values, found["whole"], strict=True)]
            reached = sum(ratio <= 1.0 for ratio in ratios)
            middle = statistics.median(values)
            print(
                f"| {method} | {middle:.4f} | {reached} of {len(values)} | {statistics.median(ratios):.3f} |"
            )


if __name__ == "__main__":
    main()
