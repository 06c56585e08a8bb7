# `make run` shows the product on a demo company, `make test` proves it. All targets are safe to repeat.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# What pytest or the benchmarks get besides, as in `make test ARGS="-k quota"`.
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/made-runtime
DEV := $(VENV)/made-dev
PROJECT := setup.cfg pyproject.toml requirements-build.lock scripts/environment.py

.NOTPARALLEL:  # two installations into one environment would meet
.PHONY: help setup run test check bench lock dist assets clean

help:
	@echo "make setup   .venv with the command ecm"
	@echo "make run     a demo company on http://$(HOST):$(PORT)"
	@echo "make test    all tests; make test ARGS='-k words' some"
	@echo "make check   formatting, lint, types, layers"
	@echo "make bench   the benchmarks"
	@echo "make lock    the locks of packages anew; make lock ARGS=--upgrade with newer versions"
	@echo "make dist    a wheel and an sdist in dist/"
	@echo "make clean   away with all that the other targets made, but for var/"

setup: $(RUNTIME)

run: setup assets
	@$(BIN)/python -m scripts.system_parts
	$(BIN)/ecm init
	$(BIN)/ecm demo
	@exec $(BIN)/ecm serve --host $(HOST) --port $(PORT)

test: $(DEV) assets
	@$(BIN)/python -m scripts.system_parts --tests
	@$(BIN)/python -m scripts.sample_files
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal $(ARGS)

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV) assets
	@$(BIN)/python -m scripts.system_parts
	$(BIN)/python -m tests.bench $(ARGS)

lock:
	$(PYTHON) -m scripts.lock $(ARGS)

dist: $(DEV) assets
	rm -rf build dist
	$(BIN)/python -c "from setuptools.build_meta import build_sdist; build_sdist('dist')"
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

assets: $(RUNTIME)
	@$(BIN)/python -m scripts.vendor_assets

clean:
	rm -rf $(VENV) build dist node_modules ecm/web/static/vendor *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(RUNTIME): requirements.lock $(PROJECT)
	$(PYTHON) -m scripts.environment
	@touch $@

# This lock has the packages of the other one in it: on a fresh machine they are installed once.
$(DEV): requirements-dev.lock requirements.lock $(PROJECT)
	$(PYTHON) -m scripts.environment --dev
	@touch $(RUNTIME) $@
