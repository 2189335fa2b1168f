"""RandomizedSearchCV over MLPClassifier on two processes; it knows no batch norm."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.study.space import BATCH, EPOCHS, LEARNING_RATE, SHARES, TRIALS, WIDTH


class Widths:
    """Two widths, uniform on a log scale."""

    def rvs(self, random_state: np.random.RandomState) -> tuple[int, int]:
        """One draw."""
        one, two = np.exp(random_state.uniform(*np.log(WIDTH), size=2)).round().astype(int)
        return int(one), int(two)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    x, y = load_digits(return_X_y=True)
    validation, test = SHARES
    x, _, y, _ = train_test_split(x, y, test_size=test, stratify=y, random_state=0)
    train, held = train_test_split(
        np.arange(len(y)), test_size=validation / (1 - test), stratify=y, random_state=0
    )
    x = StandardScaler().fit(x[train]).transform(x)
    fold = np.full(len(y), -1)
    fold[held] = 0
    model = MLPClassifier(batch_size=BATCH, max_iter=EPOCHS, n_iter_no_change=EPOCHS, tol=0.0, alpha=0.0)
    search = RandomizedSearchCV(
        model,
        {"hidden_layer_sizes": Widths(), "learning_rate_init": loguniform(*LEARNING_RATE)},
        n_iter=TRIALS,
        scoring="neg_log_loss",
        n_jobs=2,
        cv=PredefinedSplit(fold),
        refit=False,
        random_state=0,
    )
    search.fit(x, y)
    print(f"{-search.best_score_:.4f}")
