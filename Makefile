# Needs make and Python 3.10 or newer; everything else is installed into .venv.
PYTHON ?= python3
NAME ?= Iris Demo

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PROJECT_LOCK := {{\ cookiecutter.repo_name\ }}/requirements.lock
DEMO := build/demo

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without bytecode `import mlflow` takes 4 s instead of 1.4 s, in every process.
unexport PYTHONDONTWRITEBYTECODE
# A project must run as in a shell of its own.
unexport PYTHONPATH
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-faults test-browser torch bench check fix lock clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/project.stamp ## make a project and its first tracked run
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@cd $(DEMO) && $(BIN)/kedro new --starter='$(CURDIR)' --name '$(NAME)' </dev/null
	@cd $(DEMO)/*/ && $(BIN)/kedro run
	@cd $(DEMO)/*/ && printf '\nThe project:    %s\nLook at it:     cd %s && %s/kedro mlflow ui\n' "$$PWD" "$$PWD" '$(BIN)'

test: $(VENV)/dev.stamp ## all tests
	$(BIN)/python -m pytest

test-fast: $(VENV)/dev.stamp ## the tests that take under two minutes
	$(BIN)/python -m pytest -m 'not slow and not faults and not browser'

test-faults: $(VENV)/dev.stamp ## broken stores, killed processes, full disks
	$(BIN)/python -m pytest -m faults

test-browser: $(VENV)/dev.stamp ## what MLflow and Kedro-Viz show, in Chromium
	$(BIN)/python -m pytest -m browser

torch: $(VENV)/dev.stamp ## add PyTorch (on some systems gigabytes), for the test of its models
	$(BIN)/python -m pip install --quiet --requirement requirements-torch.txt

bench: $(VENV)/dev.stamp ## compare with no tracking, plain MLflow and kedro-mlflow
	$(BIN)/python -m benchmarks

check: $(VENV)/dev.stamp ## lint, format and types, of the tools and of a new project; changes nothing
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --no-cache --check
	$(BIN)/mypy starter_names.py hooks scripts tests $(wildcard benchmarks)
	$(BIN)/python -m scripts.write_manifest --check
	$(BIN)/python -m scripts.check_project

fix: $(VENV)/dev.stamp ## mend what ruff can mend, in the tools and in the template
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m scripts.check_project --fix
	$(BIN)/python -m scripts.write_manifest

lock: ## pin the newest allowed versions again: make lock UPGRADE=--upgrade
	PYTHON='$(PYTHON)' scripts/lock.sh $(UPGRADE)

clean: ## remove what make made
	rm -rf $(VENV) build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
		{ echo "'$(PYTHON)' must be Python 3.10 or newer: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/project.stamp: $(PROJECT_LOCK) | $(VENV)/bin/python
	@echo 'Installing the versions of requirements.lock into $(VENV): one to three minutes, once.'
	@$(BIN)/python -m pip install --quiet --requirement "$<"
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/project.stamp
	@echo 'Installing the versions of requirements-dev.lock into $(VENV).'
	@$(BIN)/python -m pip install --quiet --requirement $<
	@touch $@
