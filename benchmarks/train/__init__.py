"""Training speed: ours beside PyTorch, scikit-learn and the bare matrix products."""
