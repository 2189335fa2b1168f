"""A whole study, as a whole process: ours beside Optuna with PyTorch and scikit-learn's RandomizedSearchCV."""
