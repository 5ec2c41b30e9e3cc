# The few words a newcomer types; each says what it runs, and the README shows the same commands without make.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
BIN := $(VENV)/bin
CONTENT ?= $(VENV)/content
EDITOR := themes/default/static/js/editor.js
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help serve test test-all lint types check editor format soak bench screenshots lighthouse messages lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

serve: $(VENV)/serve.stamp $(EDITOR) ## the wiki on the shipped pages, in a repository of its own
	@test -d $(CONTENT) || $(BIN)/quire init $(CONTENT) --from pages
	@$(BIN)/quire serve $(CONTENT) --port $(PORT)

test: lint types check ## everything: style, types, tests

lint: $(VENV)/test.stamp ## style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/test.stamp ## types
	$(BIN)/mypy

check: $(VENV)/test.stamp $(EDITOR) ## tests
	$(BIN)/python -m pytest -n auto

test-all: ## the tests on every supported Python that this machine has
	@$(PYTHON) tests/all_pythons.py

editor: $(EDITOR) ## the editor of the edit page, which is a plain form without it

format: $(VENV)/test.stamp ## write the code in the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: $(VENV)/test.stamp ## the long versions of the tests that show what must never happen; FUZZ=seconds for less of one
	@$(BIN)/pip install --quiet --only-binary :all: --require-hashes -r requirements-soak.lock \
		|| echo "There is no atheris for this Python here, so fuzzing is left out." >&2
	$(BIN)/python -m pytest tests/soak --soak -x -s $(if $(FUZZ),--fuzz-seconds $(FUZZ))

bench: $(VENV)/test.stamp ## speed, as pairs against a floor of the same run; REPO=… for another repository
	$(BIN)/python tests/benchmarks/bench.py $(if $(REPO),--repo $(REPO))

messages: $(VENV)/test.stamp ## bring the translations to the texts of templates and views
	PYTHONPATH=. $(BIN)/python tests/messages.py

screenshots: $(VENV)/test.stamp ## the pictures of the documents; SHEET=folder for a sheet of all kinds of pages
	$(BIN)/python -m tests.browser.screenshots $(if $(SHEET),--sheet $(SHEET))

lighthouse: $(VENV)/test.stamp ## what Lighthouse says of an entry, the search and the home page
	$(BIN)/python -m tests.browser.lighthouse

lock: $(VENV)/test.stamp ## resolve the dependencies again
	$(BIN)/python tests/lock.py

clean: ## remove what the commands above made
	rm -rf $(EDITOR) themes/default/editor/node_modules $(VENV) .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Quire needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/serve.stamp: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/serve.stamp requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(EDITOR): $(shell find themes/default/editor themes/default/static/js/editing* -name node_modules -prune -o -type f -print) | $(VENV)/bin/python
	@sh themes/default/editor/build.sh $(BIN)/python
