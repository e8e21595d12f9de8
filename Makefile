# Platonic Atlas: `make demo` shows it, `make test` proves it. Both set up what they need and can be run again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ATLAS ?= demo/catalogue.zarr
PORT ?= 8050
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup environments tools demo test test-fast test-all lint format bench screenshots clean help

help:
	@echo "make demo        build the bundled catalogue with the models that need no download, and show it"
	@echo "make test        lint, types, import rules and all tests but the long repetitions"
	@echo "make test-fast   the tests for people at work, under a minute"
	@echo "make test-all    every test, long repetitions too"
	@echo "make lint        ruff, mypy, import-linter"
	@echo "make bench       the benchmarks"
	@echo "make screenshots the pictures in docs/"
	@echo "make clean       remove what these made here"

setup: $(VENV)/ready

# torch first and bounded: a loose requirement of another package may fetch gigabytes of CUDA libraries
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt 'torch>=2.6,<2.14'
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

environments: setup
	$(BIN)/platonic-atlas env create sevennet

# Tests in a browser and of the page's script are skipped where there is no Chromium or Node, but not under CI
tools:
	@if [ -n "$$CI" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; fi
	@if [ -n "$$CI" ] && ! command -v node >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs; fi

demo: setup
	$(BIN)/platonic-atlas demo --out $(ATLAS) --port $(PORT)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint --deny-warnings assets tests/javascript tests/browser benchmarks

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: environments tools lint
	$(BIN)/python -m pytest -m '(not slow or ci) and not dark'

test-fast: setup
	$(BIN)/python -m pytest -m 'not slow and not browser'

test-all: environments tools lint
	$(BIN)/python -m pytest

bench: environments
	$(BIN)/python -m benchmarks

screenshots: setup
	$(BIN)/python docs/screenshots.py $(ATLAS)

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
