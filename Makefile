# make run             set up and run a real study on built-in data
# make test            set up and run the tests
# make smoke           a study of a few seconds through every strategy
# make check           what a developer runs before a commit
# make docs            write the generated pages and the real output in the pages again
# make site            build the documentation into site/, with links checked
# make bench-train     speed of training, beside the peers, in .venv-bench
# make bench-study     speed of whole studies, beside the peers, in .venv-bench
# make bench-search    what searches find, beside the peers, in .venv-bench
# make bench-zoom      coarse to fine beside simpler ways and bayes alone (hours; goes on where it was stopped)
# make bench-prune     what pruning is worth, against whole trainings
# make bench-tables    ten messy tables: scores beside scikit-learn given the same rows cleaned by hand
# make bench-survival  studies killed, interrupted, damaged and crowded at random: what is lost (nothing should be)
# make bench-scale     100,000 trials in one study: time and memory a trial, and to show them
# make dist            build the wheel and the source archive
# make clean           remove what the others made, but for runs/
# make help            this list

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
TORCH ?= torch
STRATEGIES := grid random sobol bayes

.DEFAULT_GOAL := help
.PHONY: help run test smoke check docs site dist clean
.PHONY: bench-train bench-study bench-search bench-zoom bench-prune bench-tables bench-survival bench-scale

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hpt needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) -V`; try: make PYTHON=python3.12 run"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Each stamp says that its set of packages is installed from this pyproject.toml.  pip compiles what it installs, but
# nothing that is editable: where Python may not write bytecode, each start would compile the package again.
$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q hpt_cli
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@ $(VENV)/.run

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run $(VENV)/.test

run: $(VENV)/.run
	$(BIN)/hpt run configs/digits.yaml

test: $(VENV)/.test
	$(BIN)/python -m pytest

smoke: $(VENV)/.run
	@runs=`mktemp -d` && trap 'rm -rf "$$runs"' EXIT && for strategy in $(STRATEGIES); do \
	  $(BIN)/hpt run configs/smoke.yaml --runs-dir "$$runs" --name smoke-$$strategy \
	    --set search.strategy=$$strategy --expect 'validation_accuracy >= 0.9' || exit 1; \
	done

check: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

docs: $(VENV)/.run
	$(BIN)/python -m hpt_cli.config.describe docs
	$(BIN)/python -m hpt_cli.cli.describe docs
	$(BIN)/python docs/outputs.py

site: $(VENV)/.docs
	$(BIN)/zensical build --strict --clean
	@echo 'open site/index.html; for its search, which a browser allows of a server only:'
	@echo '  $(BIN)/python -m http.server --directory site --bind 127.0.0.1 8000   # http://127.0.0.1:8000'

# The peers stay out of .venv.  TORCH=torch==2.13.0 takes another build of PyTorch than the newest.
$(BENCH)/.done: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench-train: $(BENCH)/.done
	$(BENCH)/bin/python -m benchmarks.train

bench-study: $(BENCH)/.done
	$(BENCH)/bin/python -m benchmarks.study

bench-tables: $(VENV)/.run
	$(BIN)/python -m benchmarks.tables

bench-survival: $(VENV)/.test
	$(BIN)/python -m benchmarks.survival

bench-search: $(BENCH)/.done
	$(BENCH)/bin/python -m benchmarks.search

bench-zoom: $(BENCH)/.done
	$(BENCH)/bin/python -m benchmarks.zoom --keep
	$(BENCH)/bin/python -m benchmarks.zoom.tables

# It has no peers, so it needs no more than hpt.
bench-scale: $(VENV)/.run
	$(BIN)/python -m benchmarks.scale

bench-prune: $(VENV)/.run
	$(BIN)/python -m benchmarks.search.prune

dist: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) $(BENCH) dist build site .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
