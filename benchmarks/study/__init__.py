"""A whole study as a process: ours beside Optuna with PyTorch and scikit-learn's RandomizedSearchCV."""
