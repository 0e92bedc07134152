.DEFAULT_GOAL := help
.PHONY: help demo session docs build test test-docs test-unit test-changes test-faults test-real test-random test-corpus test-alembic benchmark lint format

# Taken as typed: a folder may have any name.
unexport in rounds seed quick
export FOLDER := $(value in)
export ROUNDS := $(value rounds)
export SEED := $(value seed)

python := .venv/bin/python

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed ## Generate a project, and change its models twice: in=folder
	@./demo.sh $${FOLDER:+"$$FOLDER"}

session: .venv/installed ## Record the picture of README anew: what the demo prints
	@$(python) docs/session.py

docs: .venv-docs/installed ## Build the documentation as a site, in site/
	@.venv-docs/bin/sphinx-build --quiet --fail-on-warning --keep-going -d .venv-docs/doctrees docs site
	@echo 'Open site/index.html'

build: .venv/installed ## Build the library as a wheel and a source archive, in dist/
	@$(python) -m hatchling build

test: .venv/installed ## Test every variant as its owner would, on real databases
	@$(python) -m pytest --numprocesses auto

test-unit: .venv/installed ## Test what needs no server, in seconds, with branch coverage
	@$(python) -m pytest --cov=alembic_guards --cov-branch --cov-report=term:skip-covered tests/unit

test-docs: .venv/installed ## Run every command of the documentation, and build it
	@$(python) -m pytest --numprocesses auto -m 'long or docs or not long' tests/test_docs.py

test-changes: .venv/installed ## Test all kinds of change on all databases: half an hour
	@$(python) -m pytest --numprocesses auto -m 'long or not long' tests/test_changes.py

test-faults: .venv/installed ## Kill, block and cut off upgrades everywhere: five minutes
	@$(python) -m pytest --numprocesses auto -m 'faults or not faults' tests/test_upgrades.py

test-real: .venv/installed ## Write revisions for released projects: takes a package index
	@$(python) -m pytest --numprocesses auto -m real

test-random: .venv/installed ## Change random models: rounds=100, or seed= of a find
	@rounds=$${ROUNDS:-$${SEED:+1}} seed=$${SEED:-$$(date +%s)}; \
	  TEST_RANDOM_ROUNDS=$${rounds:-100} TEST_RANDOM_SEED=$$seed \
	  $(python) -m pytest --numprocesses auto tests/test_random.py

test-corpus: .venv/installed ## Change schemas that others have collected into one another
	@$(python) -m pytest --numprocesses auto -m 'corpus or not corpus' tests/test_corpus.py

test-alembic: .venv/installed ## Run Alembic's own tests with the guards
	@$(python) -m pytest -m suite tests/test_alembic_suite.py

benchmark: .venv/installed ## Measure commands beside bare Alembic and Django, and how long writers wait: quick=1
	@test -e .venv/benchmark || \
	  $(python) -m uv pip install --quiet --python $(python) --target .venv/benchmark django~=5.2 matplotlib~=3.10
	@PYTHONPATH=.venv/benchmark $(python) benchmarks/commands.py $(if $(value quick),--quick)
	@$(python) benchmarks/big_table.py

lint: .venv/installed ## Check style and types of the template's own code
	@$(python) -m ruff check --config pyproject.toml
	@$(python) -m ruff format --check --config pyproject.toml
	@$(python) -m mypy

format: .venv/installed ## Put the template's own code into shape
	@$(python) -m ruff check --fix --config pyproject.toml
	@$(python) -m ruff format --config pyproject.toml

.venv/installed: pyproject.toml
	@echo 'Installing into .venv ...'
	@python3 -m venv --upgrade-deps .venv
	@$(python) -m pip install --quiet --group dev
	@touch $@

# Apart from .venv, which `make test` installs: only `make docs` needs Sphinx.
.venv-docs/installed: pyproject.toml
	@echo 'Installing into .venv-docs ...'
	@python3 -m venv --upgrade-deps .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --group docs
	@touch $@
