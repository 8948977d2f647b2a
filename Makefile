# Two commands for newcomers: `make demo` and `make test`. Each makes .venv and installs what it needs.
# Any pip setting works (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, …); a torch already in .venv is kept.

PYTHON ?= python3
TEST_PROCESSES ?= 2
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint docs docs-pictures clean

help:
	@echo "make demo   interpret the bundled real recordings; pictures and a page go to demo-output/"
	@echo "make test   run the whole test suite, in two processes (TEST_PROCESSES=1, 4, …)"
	@echo "make docs   build the documentation site in build/site and check its links"
	@echo "make lint   formatting, lint, types and the import direction"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "cardiolex needs Python 3.11 or newer; name one with: make demo PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/cardiolex demo --output demo-output

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/build_site.py

clean:
	rm -rf $(VENV) demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis
