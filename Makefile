# Two commands for a fresh machine: `make demo` and `make test`. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXAMPLE ?= docs/examples/eligible-intake.yaml

.PHONY: demo test coverage setup services lint types benchmark docs clean

demo: setup
	$(BIN)/guidestep recommend $(EXAMPLE)

# The tests on a Spark cluster run by themselves: there is one cluster, and it needs both cores.
test: setup services
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not spark"
	$(BIN)/python -m pytest -m spark

# The same, and which lines and branches no test reaches: it takes half as long again.
coverage: setup services
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not spark" --cov --cov-report=
	$(BIN)/python -m pytest -m spark --cov --cov-append --cov-report=term --cov-fail-under=95

setup: $(READY)

# durable_rules comes as C source: a compiler and the Python headers must be there. Its own build
# has the optimiser off; CPPFLAGS turns it on, which makes it a third faster.
$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	CPPFLAGS=-O2 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir 'durable-rules>=2.0.28'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# Programs that some tests talk to: PostgreSQL, a browser, Node.js with a FHIR validator.
services:
	sh tests/services.sh

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

benchmark: setup
	$(BIN)/python tests/benchmarks/single.py
	$(BIN)/python tests/benchmarks/cohort.py
	$(BIN)/python tests/benchmarks/solver.py
	$(BIN)/python tests/benchmarks/verify_size.py
	$(BIN)/python tests/benchmarks/decision_log.py
	$(BIN)/python tests/benchmarks/service.py

clean:
	rm -rf $(VENV) .coverage* .hypothesis .mypy_cache .ruff_cache build dist
