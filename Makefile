# Every target sets up what it needs: Python 3.11 or later and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup compare compiled test check format benchmark validation mutation docs clean

help:
	@echo "make compare    run the main comparison and say where the report is"
	@echo "make compiled   compile the agents: the same results, more than twice as fast; needs a C compiler"
	@echo "make test       run the tests"
	@echo "make check      ruff and mypy"
	@echo "make format     let ruff format the code"
	@echo "make docs       write docs/parameters.md again from the schema"
	@echo "make benchmark  speed and memory, beside other simulators"
	@echo "make validation hold the model against theory, other simulators and itself: docs/validation.md"
	@echo "make mutation   change rules and outcomes one place at a time: do the tests notice?"
	@echo "make setup      only create the environment in $(VENV)"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

compare: $(READY)
	$(BIN)/journeys compare

compiled: $(READY)
	$(BIN)/python -m sim.accelerate

test: $(READY)
	$(BIN)/python -m pytest -n auto

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)
	$(BIN)/python -m sim.schema.reference

benchmark: $(READY)
	$(BIN)/python -m experiments.benchmark --markdown docs/benchmark.md

validation: $(READY)
	$(BIN)/python -m experiments.validation

mutation: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutation]'
	$(BIN)/python -m experiments.validation.mutation

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
