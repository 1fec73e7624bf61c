# `make` alone lists the commands.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := .venv-bench
UV_VERSION := 0.13.8
UV := $(BIN)/uv --quiet
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

.DEFAULT_GOAL := help
.PHONY: help setup fmt check test fuzz bench flames demo up down lock

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 10

setup: $(INSTALLED)  ## install everything: virtual environment, locked packages, locked jars, the compiled shim

$(INSTALLED): pyproject.toml locks/dev.txt jars/*/jgo.lock.toml $(shell find engine/jvm -name '*.java')
	@PYTHON="$(PYTHON)" VENV="$(VENV)" UV_VERSION="$(UV_VERSION)" sh scripts/setup.sh
	@touch $@

fmt: setup  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: setup  ## lint, types, layers, and whether the locks are current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh scripts/check_locks.sh "$(LOCK)"

test: setup  ## run the tests, on the real services
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

fuzz: setup  ## a million random and mutated payloads, and what has to become of each
	$(BIN)/python -m tests.fuzz

bench: setup $(PEERS)/.installed  ## measure against the peers; writes benchmarks/results.json and docs/benchmarks.md
	$(BIN)/python -m benchmarks

flames: setup $(PEERS)/.installed  ## see where the time goes while a pipeline learns; writes docs/flames
	$(BIN)/python -m benchmarks.flames

$(PEERS)/.installed: locks/bench.txt $(INSTALLED)
	$(BIN)/python -m venv $(PEERS)
	$(UV) pip sync --python $(PEERS)/bin/python --require-hashes locks/bench.txt
	@touch $@

demo: setup  ## show the whole job on 336,776 real flights
	@$(BIN)/headrace demo

up: setup  ## start the local platform
	@$(BIN)/headrace up

down: setup  ## stop the local platform
	@$(BIN)/headrace down

lock: $(INSTALLED)  ## resolve the dependencies anew
	$(LOCK) pyproject.toml -o locks/runtime.txt
	$(LOCK) pyproject.toml --group dev -c locks/runtime.txt -o locks/dev.txt
	$(LOCK) benchmarks/requirements.txt -o locks/bench.txt
