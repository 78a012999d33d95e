# make demo        render a catalog, annotate it with the Prefect flow, ask it in SQL, see it in a report
# make test        lint, types, import rules, tests
# make test-long   what make test leaves out: every stream layout, 5,000 damaged files, all stores with all warehouses, Flink
# make docs        the documentation site, in site/
# The environment is .venv, made from uv.lock; python3 (3.11 to 3.13) is all that must be there.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_VERSION := 0.13.8
DEMO := demo
export UV_PROJECT_ENVIRONMENT := .venv
# Where Python may not write bytecode, as in many containers, every start would compile thousands of files: of
# the environment, and some hundred of ours.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test tests test-long fetched lint style types docs bench clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

# uv itself goes into the environment it fills, so that nothing is installed elsewhere.
.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "MotionSight needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "Cannot make .venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

# Stamps: an environment is made again when the lock file changes.
.venv/.base: .venv/bin/uv uv.lock pyproject.toml
	@.venv/bin/uv sync --quiet --frozen --inexact
	@touch $@

.venv/.dev: .venv/bin/uv uv.lock pyproject.toml
	@.venv/bin/uv sync --quiet --frozen --inexact --extra dev --extra docs --extra models --extra train --extra kubernetes --extra gcp --extra aws --extra dataset --extra text --group original
	@touch $@ .venv/.base

demo: .venv/.base
	@rm -rf $(DEMO)/motionsight.duckdb
	@.venv/bin/motionsight scenes $(DEMO)/clips
	@echo
	@PREFECT_HOME="$$PWD/$(DEMO)/prefect" PREFECT_API_URL= \
		.venv/bin/motionsight annotate $(DEMO)/clips --warehouse duckdb:$(DEMO)/motionsight.duckdb --prefect
	@echo
	@echo "Which clips' camera pans right, and how fast (frame widths per second)?"
	@.venv/bin/motionsight sql --warehouse duckdb:$(DEMO)/motionsight.duckdb \
		- < deploy/sql/pans_right.sql
	@echo
	@echo "What moves fastest (frame widths per second)?"
	@.venv/bin/motionsight sql --warehouse duckdb:$(DEMO)/motionsight.duckdb \
		- < deploy/sql/fastest_objects.sql
	@echo
	@echo "Ask more:"
	@echo "  .venv/bin/motionsight sql --warehouse duckdb:$(DEMO)/motionsight.duckdb \\"
	@echo "    \"SELECT uri, camera_motion, object_motion FROM latest_motion\""
	@echo
	@echo "See it:"
	@.venv/bin/motionsight report --warehouse duckdb:$(DEMO)/motionsight.duckdb --out $(DEMO)/report.html --frames all

test: style types
	@$(MAKE) --no-print-directory tests

tests: fetched
	@.venv/bin/pytest -n auto

test-long: fetched
	@.venv/bin/pytest -n auto -m long

# What tests use beside Python. Where something of Flink cannot be fetched, its tests tell.
fetched: .venv/.dev
	@.venv/bin/python -m tests.bqemulator
	@.venv/bin/python -m tests.chromium
	@.venv/bin/python deploy/flink/cluster.py fetch >/dev/null || true

lint: style types

style: .venv/.dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports

types: .venv/.dev
	@.venv/bin/pyrefly check

# The notice is of what mkdocs-material's authors advise; nothing in the build depends on it.
docs: .venv/.dev
	@NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict

bench: .venv/.dev
	@.venv/bin/python benchmarks/preprocess.py
	@.venv/bin/python -m benchmarks.motion_scenes

clean:
	rm -rf .venv $(DEMO) build dist site .pytest_cache .ruff_cache .import_linter_cache .hypothesis
