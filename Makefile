# Everything runs in .venv, which the first command makes and fills by itself.
# PYTHON=... chooses the Python (3.11 to 3.13); see tools/install.sh. JOBS=... is how many processes
# share the tests.

SHELL := /bin/bash
BIN := .venv/bin
OUT ?= demo
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow lint format bench docs lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install:  ## Make .venv and fill it; does nothing when it is right
	@bash tools/install.sh

demo: install  ## Make synthetic people, train on them, report and answer (OUT=demo)
	$(BIN)/twofold demo --out $(OUT)

test: lint  ## Lint, then the fast tests with coverage
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-slow: install  ## The tests that take minutes
	$(BIN)/python -m pytest -m slow --no-cov

lint: install  ## Ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

format: install  ## Let Ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install  ## Measure time and memory
	$(BIN)/python -m benchmarks

docs: install  ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: install  ## Resolve constraints.txt anew
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --all-extras \
		--custom-compile-command 'make lock' pyproject.toml -o constraints.txt

clean:  ## Remove .venv and everything else that was made here
	rm -rf .venv build dist site demo runs .coverage .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
