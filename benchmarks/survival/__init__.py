"""Whether studies survive: a harness that drives the command line alone."""
