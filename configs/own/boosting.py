"""Boosts trees on the diabetes data, and reports after each of the stages."""

from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split


def train(learning_rate, max_depth, subsample, stages, seed):
    """Yields a dict for each stage, as for an epoch."""
    x, y = load_diabetes(return_X_y=True)
    x_train, x_validation, y_train, y_validation = train_test_split(x, y, random_state=0)
    model = GradientBoostingRegressor(
        learning_rate=learning_rate,
        max_depth=max_depth,
        subsample=subsample,
        n_estimators=stages,
        random_state=seed,
    )
    model.fit(x_train, y_train)
    for predicted in model.staged_predict(x_validation):
        yield {"mae": mean_absolute_error(y_validation, predicted)}
