"""Speed and quality beside the peers; each benchmark is ``python -m benchmarks.NAME``."""
