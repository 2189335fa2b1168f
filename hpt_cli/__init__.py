"""Tune hyperparameters from a terminal: one YAML file in, a leaderboard that can be believed out."""

__version__ = "0.1.0"
