# make demo   set up a virtual environment, decide and explain a real example
# make test   set it up for development, then lint, type-check and run the tests
# make lint   the linter, the formatter and the type checker alone
#
# Needs make and Python 3.11 or newer, nothing else. PYTHON=python3.12 picks another interpreter.

PYTHON ?= python3
VENV   := .venv

story     := examples/spouse-under-21/case.yaml
bin       := $(VENV)/bin
pip       := $(bin)/python -m pip install --quiet --disable-pip-version-check
installed := $(VENV)/installed
developed := $(VENV)/developed

.PHONY: demo test lint clean
.DELETE_ON_ERROR:

demo: $(installed)
	$(bin)/reasoner decide $(story)
	@echo
	$(bin)/reasoner explain $(story) --person amal --route ip_spouse --condition minimum_age

test: lint
	$(bin)/python -m pytest -n auto

lint: $(developed)
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

clean:
	rm -rf $(VENV) build dist

# The stamps are renewed when pyproject.toml changes. What is installed is a link to this folder, so code and law need no renewal.
$(installed): pyproject.toml | $(bin)/python
	@echo "installing into $(VENV) ..."
	@$(pip) --editable .
	@touch $@

$(developed): pyproject.toml | $(bin)/python
	@echo "installing into $(VENV) for development ..."
	@$(pip) --editable '.[dev]'
	@touch $(installed) $@

$(bin)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
