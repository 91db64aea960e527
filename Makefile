# Each target does its own set-up: all that has to be there is Python (with its venv module).
# `make test PYTHON=python3.12` picks another interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A file of versions to install, if given.
CONSTRAINTS :=
# What the environment was made from. When any of it changes, the environment is made anew.
STAMP := $(VENV)/.made-from
MADE_FROM = $(shell { $(PYTHON) --version; pwd; cat setup.py $(CONSTRAINTS); } 2>&1 | cksum)

# TensorFlow's messages would bury what the commands say (2.21 prints a few at start-up even so).
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help venv quickstart test test-slow test-oldest fuzz lint format docs docs-venv api-file wheel check-wheel
.PHONY: bench reproduce release clean

help:  ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# The stamp is written last, so that an install that failed or was interrupted starts over.
venv:  ## Makes or updates the environment in .venv
	@if [ "$$(cat $(STAMP) 2>/dev/null)" != "$(MADE_FROM)" ]; then \
		set -e; \
		$(PYTHON) --version > /dev/null; \
		echo "Installing into $(VENV) (once; takes a minute or two) ..."; \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV); \
		$(BIN)/python -m pip install --quiet --use-pep517 --editable '.[test]' $(addprefix --constraint ,$(CONSTRAINTS)); \
		echo "$(MADE_FROM)" > $(STAMP); \
	fi

quickstart: venv  ## Trains three models on digits and compares them (examples/quickstart.py)
	@$(BIN)/python examples/quickstart.py $(ARGS)

# Of small matrices, threads wait for one another for longer than they compute, the more so where
# another process of the tests has the other core.
test test-slow: export OPENBLAS_NUM_THREADS ?= 1
test test-slow: export OMP_NUM_THREADS ?= 1

# Two processes: most of a test's time is TensorFlow's tracing, which uses one core.
test: venv  ## Runs the tests, but for the slow ones; ARGS="-k mmd" is passed on
	@$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal $(ARGS)

test-slow: docs-venv  ## Runs the slow tests
	@$(BIN)/python -m pytest -m slow $(ARGS)

# The oldest TensorFlow has no wheel for newer Pythons.
test-oldest:  ## Runs the tests on the oldest Python and libraries that setup.py allows
	@$(MAKE) --no-print-directory test VENV=.venv-oldest PYTHON=python3.10 \
		CONSTRAINTS=tests/oldest_requirements.txt

fuzz: venv  ## Gives the readers of files damaged ones; ARGS="--seconds=900"
	@$(BIN)/python tools/fuzz_readers.py $(ARGS)

lint: venv  ## Checks the code's style, format and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: venv  ## Formats the code and sorts its imports
	@$(BIN)/ruff check --select I --fix --quiet
	@$(BIN)/ruff format

# What builds the site is as large as what runs the tests, and is installed where it is asked for.
docs-venv: venv  ## Adds what the site is built with to .venv
	@if [ ! -e $(VENV)/.has-docs ]; then \
		set -e; \
		echo "Installing what the site is built with into $(VENV) (once) ..."; \
		$(BIN)/python -m pip install --quiet --use-pep517 --editable '.[docs]'; \
		touch $(VENV)/.has-docs; \
	fi

docs: docs-venv  ## Builds the documentation site into .build/site and checks it; no network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict
	@echo "Built: open .build/site/index.html"

api-file: venv  ## Writes tests/public_api.txt anew: the public names with their signatures
	@$(BIN)/python tools/update_public_api.py

# An old .build would put files that are gone from the repository into the wheel.
wheel: venv  ## Builds the wheel into dist/
	@rm -rf .build dist
	@log=$$($(BIN)/python -m build --wheel 2>&1) || { echo "$$log"; exit 1; }
	@ls dist/*.whl

check-wheel: wheel  ## Installs the wheel in an environment of its own and uses it
	@PYTHON="$(PYTHON)" tools/check_wheel.sh dist/*.whl

bench: venv  ## Runs the benchmarks (benchmarks/)
	@for file in benchmarks/*.py; do $(BIN)/python $$file $(ARGS) || exit 1; done

reproduce: venv  ## Runs the paper's experiments, in small; ARGS="--size=full --data=mnist" in full
	@$(BIN)/python examples/reproduce/everything.py $(ARGS)

release: venv  ## Builds, checks and tags the version, and uploads nothing
	@$(BIN)/python tools/release.py check
	@.ci/run
	@$(MAKE) --no-print-directory wheel
	@$(BIN)/python tools/release.py tag

clean:  ## Removes the environment and all that was built
	rm -rf $(VENV) .build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
