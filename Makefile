# Every target makes the environment it needs; `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
.DEFAULT_GOAL := help
.PHONY: fuzz help demo test check bench screens docs clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "prm needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Try: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: $(READY) ## build the demonstration file and open it (without a terminal: print a summary)
	@$(BIN)/prm demo

test: $(READY) ## run the whole test suite
	@$(BIN)/python -m pytest

check: $(READY) ## style, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.bench/.ready: Makefile # what is measured against and never used
	@$(PYTHON) -m venv .bench
	@.bench/bin/python -m pip install --quiet --disable-pip-version-check 'pandas>=2.2' 'openpyxl>=3.1.5' 'rule-engine>=4.5' 'SpiffWorkflow>=3' lxml
	@touch $@

bench: $(READY) .bench/.ready ## measure speed as ratios against floors taken in the same run
	@$(BIN)/python -m bench

screens: $(READY) ## draw every screen at 80x24 and 120x40 into docs/screens
	@$(BIN)/python -m docs.draw_screens

fuzz: $(READY) ## 5,000 mutated workbooks, other ones each time
	@$(BIN)/python -W ignore -m tests.fuzz 5000

docs: $(READY) ## write the generated reference and the page of rule quality
	@$(BIN)/python -m docs.reference
	@$(BIN)/python -m docs.rule_quality

clean: ## remove what was built
	rm -rf $(VENV) .bench build dist .mypy_cache .ruff_cache
