"""Optuna's random sampler around a PyTorch loop: half of the trials in each of two processes.

The processes share nothing, which suits random search and is quicker than a common storage.
"""

from __future__ import annotations

import multiprocessing
import sys

from benchmarks.study.space import BATCH, EPOCHS, LEARNING_RATE, SHARES, TRIALS, WIDTH


def work(seed: int, trials: int, batch_norm: bool) -> None:
    """Run ``trials`` trials with one thread."""
    import optuna
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from torch import nn

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    x, y = load_digits(return_X_y=True)
    validation, test = SHARES
    x, _, y, _ = train_test_split(x, y, test_size=test, stratify=y, random_state=0)
    x, held, y, held_y = train_test_split(x, y, test_size=validation / (1 - test), stratify=y, random_state=0)
    mean, std = x.mean(axis=0), x.std(axis=0)
    std[std == 0] = 1
    rows, held_rows = (torch.tensor((part - mean) / std, dtype=torch.float32) for part in (x, held))
    labels, held_labels = torch.tensor(y), torch.tensor(held_y)

    def objective(trial: optuna.Trial) -> float:
        torch.manual_seed(trial.number)
        rate = trial.suggest_float("learning_rate", *LEARNING_RATE, log=True)
        normalized = batch_norm and trial.suggest_categorical("batch_norm", [True, False])
        layers: list[nn.Module] = []
        wide = rows.shape[1]
        for layer in (1, 2):
            narrow = trial.suggest_int(f"hidden_units_{layer}", *WIDTH, log=True)
            layers.append(nn.Linear(wide, narrow, bias=not normalized))
            if normalized:
                layers.append(nn.BatchNorm1d(narrow))
            layers.append(nn.ReLU())
            wide = narrow
        model = nn.Sequential(*layers, nn.Linear(wide, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        loss_of = nn.CrossEntropyLoss()
        loss = 0.0
        for _ in range(EPOCHS):
            model.train()
            order = torch.randperm(len(rows))
            shuffled, wanted = rows[order], labels[order]
            for start in range(0, len(rows), BATCH):
                optimizer.zero_grad()
                step = loss_of(model(shuffled[start : start + BATCH]), wanted[start : start + BATCH])
                step.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                loss = float(loss_of(model(held_rows), held_labels))
        return loss

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    print(f"{study.best_value:.4f}")


if __name__ == "__main__":
    processes = [
        multiprocessing.Process(target=work, args=(seed, TRIALS // 2, "--no-batch-norm" not in sys.argv))
        for seed in (0, 1)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(max(process.exitcode or 0 for process in processes))
