"""Cross-validates a random forest; reads its params from a file and writes its result to another."""

import json
import sys
from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_validate

params_file, results_file, seed = sys.argv[1:]
params = json.loads(Path(params_file).read_text())

x, y = load_wine(return_X_y=True)
forest = RandomForestClassifier(**params, random_state=int(seed))
scores = cross_validate(forest, x, y, cv=5, return_train_score=True)
results = {"accuracy": scores["test_score"].mean(), "training_accuracy": scores["train_score"].mean()}
Path(results_file).write_text(json.dumps(results))
