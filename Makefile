# `make` lists the targets. Everything is set up on first use; nothing needs root.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
SEED ?=
PYTEST_ARGS ?=
SECONDS ?= 60
unexport PYTHONDONTWRITEBYTECODE # a hotline is ten processes: what they import is compiled once, not by each of them

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz schema run bench bench-speech bench-streaming corpus check lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/make \1\t\2/' | expand -t 20

$(READY): pyproject.toml constraints.txt
	@echo "==> Python packages into $(VENV)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY) ## packages, Asterisk, models and voices, all below this folder
	@$(VENV)/bin/hotline setup

demo: setup ## place real calls: person, voicemail, fax, failure, hand-over
	@$(VENV)/bin/hotline demo

test: setup ## everything there is to test (SEED=n shuffles)
	@$(VENV)/bin/hotline models fetch vosk-ko
	@$(VENV)/bin/python -m telephone.isolation $(VENV)/bin/python -m pytest -n auto $(if $(SEED),-p "randomly" --randomly-seed=$(SEED),-p no:randomly) $(PYTEST_ARGS)

fuzz: $(READY) ## every parser under bytes a fuzzer thinks of (SECONDS=60 each)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@$(VENV)/bin/python -m tests.fuzz $(SECONDS)

schema: $(READY) ## the whole API under requests made from its own description (EXAMPLES=100 to each operation)
	@SCHEMA_EXAMPLES=$(or $(EXAMPLES),100) $(VENV)/bin/python -m telephone.isolation $(VENV)/bin/python -m pytest -n0 -p no:randomly tests/web/test_schema.py

run: setup ## start the hotline and stay (Ctrl-C or `hotline stop` ends it)
	@$(VENV)/bin/hotline run

bench: setup ## measure; prints tables, writes var/bench/*.json (FULL=1 for the long ones)
	@$(VENV)/bin/python -m telephone.isolation $(VENV)/bin/python -m bench $(if $(FULL),--full)

bench-speech: setup ## measure recognition: CORPUS=folder of WAVs and transcripts.tsv (GAZETTEER=file or folder)
	@test -n "$(CORPUS)" || { echo "make bench-speech CORPUS=folder"; exit 2; }
	@$(VENV)/bin/python -m telephone.isolation $(VENV)/bin/python -m bench.speech "$(CORPUS)" $(if $(GAZETTEER),--gazetteer "$(GAZETTEER)")

bench-streaming: setup ## measure live recognition: streams on one core, first words, text
	@$(VENV)/bin/hotline models fetch vosk-ko
	@$(VENV)/bin/python -m telephone.isolation $(VENV)/bin/python -m bench.streaming

corpus: setup ## make a synthetic Mandarin corpus in var/corpus (or FOLDER=…), for bench-speech
	@$(VENV)/bin/python -m bench.corpus $(or $(FOLDER),var/corpus)

check: $(READY) ## style, types, import contracts
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache

lock: $(READY) ## write constraints.txt from what is installed
	@(echo '# Exact versions this was tested with; regenerate: make lock'; $(VENV)/bin/python -m pip freeze --exclude-editable) > constraints.txt

clean: ## remove what setup made; tickets, recordings and everything else in var/ stay
	rm -rf $(VENV) var/downloads *.egg-info .pytest_cache .mypy_cache .ruff_cache
