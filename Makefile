# make demo   the main job on a sample community (ONCE=1: stop afterwards)
# make test   lint, types, import contracts and the suite, with the pages in a real Chromium
# make test-browser  only the pages;  make test-16  the suite on PostgreSQL 16
# make install  the environment in .venv, and .env where there is none
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
STAMP := .venv/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo test chromium lint types contracts suite test-browser test-16 lock clean

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

install: $(STAMP) .env

$(STAMP): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and not on PATH; install it, or run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the locked dependencies into .venv (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.env:
	@cp .env.example .env && echo "Wrote .env from .env.example"

demo: install
	@$(BIN)/reciprocity demo $(if $(ONCE),--once)

test: install chromium lint types contracts suite

# The browser that the tests drive: as root on Debian it is installed, elsewhere it is asked for.
chromium:
	@sh scripts/chromium.sh

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

suite: $(STAMP)
	$(BIN)/pytest -n 2 --dist loadfile -m "not long"

test-browser: $(STAMP) chromium
	$(BIN)/pytest -m browser

test-16: $(STAMP)
	RECIPROCITY_TEST_POSTGRES=16 $(BIN)/pytest -n 2 --dist loadfile -m "not long and not browser"

# Needs uv; resolves for Linux, macOS and both Python versions, with hashes.
lock:
	for set in base "dev --extra embedded --extra dev" "measure --extra embedded --extra dev --extra measure"; do \
		set -- $$set; name=$$1; shift; \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url \
			--custom-compile-command "make lock" pyproject.toml $$@ -o requirements/$$name.txt || exit 1; \
	done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
