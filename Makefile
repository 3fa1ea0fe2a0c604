# Needs make and Python 3.10 or newer; everything else is installed into .venv.
PYTHON ?= python3
NAME ?= Iris Demo

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PROJECT_LOCK := {{\ cookiecutter.repo_name\ }}/requirements.lock
DEMO := build/demo

# Tests wait for much, so more of them at once than there are processors: three on two.
WORKERS ?= 3
KEDROS ?= 1.0.0 1.3.1 newest
PYTEST_ARGS ?=
BENCH_ARGS ?=
# Made where all tests were run and some failed: .ci/run gives those a second try.
FAILED := build/tests-failed
# Which tests stay in one worker: tests/harness/workers.py.
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS)

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without bytecode `import mlflow` takes 4 s instead of 1.4 s, in every process.
unexport PYTHONDONTWRITEBYTECODE
# A project must run as in a shell of its own.
unexport PYTHONPATH
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-faults test-stores test-hdfs test-airflow test-images test-age test-browser torch bench check fix lock newest pythons kedros clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/project.stamp ## make a project and its first tracked run
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@cd $(DEMO) && $(BIN)/kedro new --starter='$(CURDIR)' --name '$(NAME)' </dev/null
	@cd $(DEMO)/*/ && $(BIN)/kedro run
	@cd $(DEMO)/*/ && printf '\nThe project:    %s\nLook at it:     cd %s && %s/kedro mlflow ui\n' "$$PWD" "$$PWD" '$(BIN)'

test: $(VENV)/dev.stamp ## all tests; some of them: make test PYTEST_ARGS='-k gantt -x' WORKERS=0
	@rm -f $(FAILED)
	$(PYTEST) $(PYTEST_ARGS) || { code=$$?; if [ $$code -eq 1 ]; then mkdir -p build && touch $(FAILED); fi; exit $$code; }

test-fast: $(VENV)/dev.stamp ## the tests that take under two minutes
	$(PYTEST) -m 'not slow and not faults and not stores and not browser' $(PYTEST_ARGS)

test-faults: $(VENV)/dev.stamp ## broken stores, killed processes, full disks
	$(PYTEST) -m faults $(PYTEST_ARGS)

test-stores: $(VENV)/dev.stamp ## each store of runs and of artifacts; prints which work here, and why others were skipped
	STORES=all $(PYTEST) -m stores $(PYTEST_ARGS)

test-hdfs: $(VENV)/dev.stamp ## artifacts on HDFS; fetches Hadoop, 220 MB, into build/ once, and needs gcc and a JDK
	$(BIN)/python -m scripts.fetch_hadoop
	STORES=all $(PYTEST) -m hdfs $(PYTEST_ARGS)

test-airflow: $(VENV)/dev.stamp ## DAG runs of Airflow; installs it, 132 packages, into build/ once
	$(BIN)/python -m scripts.fetch_airflow
	$(PYTEST) -m airflow $(PYTEST_ARGS)

test-images: $(VENV)/dev.stamp ## an image of a project, and containers; makes a base, 190 MB, in build/ once, and needs root, buildah and debootstrap
	$(BIN)/python -m scripts.fetch_base_image
	$(PYTEST) -m images $(PYTEST_ARGS)

test-age: $(VENV)/dev.stamp ## long runs, many journals in their true sizes, each wing left out: some minutes
	AGE=1 $(PYTEST) tests/faults tests/layer tests/architecture -k 'test_age or than_are_held or random_moments or test_kill or fast_tests_without' $(PYTEST_ARGS)

test-browser: $(VENV)/dev.stamp ## what MLflow and Kedro-Viz show, in Chromium
	$(PYTEST) -m browser $(PYTEST_ARGS)

torch: $(VENV)/dev.stamp ## add PyTorch (on some systems gigabytes), for the test of its models
	$(BIN)/python -m pip install --quiet --requirement requirements-torch.txt

bench: $(VENV)/dev.stamp ## compare with no tracking, plain MLflow and kedro-mlflow; some rows: make bench BENCH_ARGS='--only iris*'
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

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

newest: $(VENV)/dev.stamp ## try the newest version of everything: make newest PRE=1 takes pre-releases
	$(BIN)/python -m scripts.newest $(if $(PRE),--pre)

pythons: $(VENV)/dev.stamp ## try other Pythons: make pythons PYTHONS="/path/python3.10 /path/python3.13"
	$(BIN)/python -m scripts.pythons $(PYTHONS)

kedros: $(VENV)/dev.stamp ## try other versions of Kedro: make kedros KEDROS="1.0.0 newest"
	$(BIN)/python -m scripts.kedros $(KEDROS)

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
