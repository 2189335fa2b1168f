"""Coarse to fine beside random search, naive zooming and bayes alone, at equal budget."""
