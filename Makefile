# The doors of the project. CI goes through the same ones (.ci/run calls `make test`).
# Paths are relative: the project may lie under a folder with a space in its name.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOME_DIR := .cvp
VENV := $(HOME_DIR)/venv
BIN := $(VENV)/bin/python
PSQL := $(HOME_DIR)/bin/psql
DEMO_OPTIONS ?=
BENCH_OPTIONS ?=
# two workers; a file's tests stay together (tests/conftest.py), the longest begin first
TEST_OPTIONS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export SCARF_ANALYTICS := false
export DO_NOT_TRACK := 1
export PYTHONUTF8 := 1

.PHONY: help setup demo test lint unit faults bench-extract lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile

setup: $(VENV)/.installed  ## virtual environment and embedded PostgreSQL's client

$(VENV)/.installed: requirements.lock pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing: apt-get install python3.11 python3.11-venv"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "$(PYTHON) is not Python 3.11: apt-get install python3.11 python3.11-venv, or make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3.11-venv"; exit 1; }
	@command -v git >/dev/null || { echo "git is missing: apt-get install git"; exit 1; }
	@echo "setting up $(HOME_DIR) (first time: a minute or two)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN) -m pip install -q --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	@$(BIN) -m uv pip sync -q --python $(BIN) requirements.lock || $(BIN) -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN) -m uv pip install -q --python $(BIN) --no-deps --no-build-isolation -e .
	@mkdir -p $(HOME_DIR)/bin
	@ln -sfn "$$($(BIN) -c 'from pipelines.warehouse.server import wheel_binaries; print(wheel_binaries() / "psql")')" $(PSQL)
	@touch $@

demo: setup  ## the demo company's last three nights, from nothing to published tiers
	@$(BIN) -m pipelines demo $(DEMO_OPTIONS)

test: setup lint  ## all linters, then all tests
	$(BIN) -m pytest $(TEST_OPTIONS)

unit: setup  ## the unit tests only (seconds)
	$(BIN) -m pytest tests/unit tests/architecture

faults: setup  ## the faults tried for real, with figures: kills, full disks, lost connections, late commits, mails
	$(BIN) -m pytest tests/faults tests/integration/alerts/test_killed.py tests/integration/alerts/test_sending.py

bench-extract: setup  ## the extraction's speed beside psql, dlt and pandas (minutes; BENCH_OPTIONS=--quick)
	@$(BIN) -m tests.bench.extract $(BENCH_OPTIONS)

lint: setup  ## ruff, mypy, sqlfluff
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	$(BIN) -m mypy
	$(BIN) -m sqlfluff lint --processes 2 dbt_project/models

lock: setup  ## renew requirements.lock from requirements.in
	$(BIN) -m uv pip compile -q --no-emit-index-url --upgrade requirements.in -o requirements.lock

clean:  ## stop everything that was started and remove the instance folder
	@if [ -x $(BIN) ] && [ -f $(VENV)/.installed ]; then \
	  for home in $(HOME_DIR)/tests/*/ $(HOME_DIR)/bench/ $(HOME_DIR)/; do \
	    if [ -d "$$home" ]; then CVP_HOME="$$home" $(BIN) -m pipelines warehouse destroy; fi; done; fi
	@rm -rf $(HOME_DIR)
