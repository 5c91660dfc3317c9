# Every target sets up what it needs first; a second call goes straight to the work.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.ivg-installed
INSTALLED_DEV := $(VENV)/.ivg-installed-dev
INSTALLED_DOCS := $(VENV)/.ivg-installed-docs
TREE := build/tree

TASK ?= cut carrot
OUT ?= out/demo
SEED ?= 0
WORKERS ?= 2

.PHONY: help setup demo test check format whitespace docs figures images bench clean

help:  ## what one can ask for
	@echo "make TARGET"
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/    \1|\2/' | column -t -s '|'
	@echo 'Options of demo: TASK="$(TASK)" SEED=$(SEED) OUT=$(OUT)'

$(BIN)/python:
	@bash scripts/system_libraries.sh
	@python=$$(bash scripts/find_python.sh) && echo "making $(VENV) with $$python" && "$$python" -m venv $(VENV)

$(INSTALLED): $(BIN)/python pyproject.toml setup.py
	@bash scripts/system_libraries.sh
	@echo "installing ivg and what it needs (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@bash scripts/system_libraries.sh --browser
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(INSTALLED_DOCS): $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

setup: $(INSTALLED_DEV)  ## the virtual environment with everything, tools of development too

demo: $(INSTALLED)  ## one kitchen frame and a sentence to a clip, hand tracks and a dataset
	@$(BIN)/ivg-demo --env kitchen --task "$(TASK)" --seed $(SEED) --out "$(OUT)" --overwrite
	@echo "The results lie in $(OUT): clip.mp4 overview.png demo.zarr report.json"

test: $(INSTALLED_DEV)  ## all tests, two files at a time (WORKERS=0: one after the other)
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(INSTALLED_DEV)  ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/python scripts/package_tree.py $(TREE)
	cd $(TREE) && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache -p ivg
	cd $(TREE) && ../../$(BIN)/lint-imports --config ../../pyproject.toml --no-logo --cache-dir ../../.import_linter_cache

format: $(INSTALLED_DEV)  ## put imports in order and lines in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

whitespace:  ## no trailing blanks, one line end at the end of each text file
	@python3 scripts/whitespace.py

docs: $(INSTALLED_DOCS)  ## the site with the API reference in build/site; a broken link or an undocumented name is an error
	@$(BIN)/python scripts/package_tree.py $(TREE)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "The site lies in build/site (index.html)"

figures:  ## size of the source tree as a table (CHECKOUTS="../before ." compares)
	@python3 scripts/house.py $(CHECKOUTS)

images: $(INSTALLED)  ## the images in docs/ anew (some minutes)
	$(BIN)/ivg-demo --env kitchen --task "cut carrot" --out out/images/demo --overwrite
	cp out/images/demo/overview.png docs/images/demo.png
	$(BIN)/ivg-dataset render --env kitchen --clips 9 --foreign 0 --out out/images/clips --grid docs/images/demonstrator.png
	$(BIN)/ivg-eval --grid docs/images/eval.png --json out/images/eval.json

bench: $(INSTALLED)  ## the tables in docs/speed.md anew (a quiet machine, a quarter of an hour; STORE=clips for training)
	@for name in stages sampling extraction start growth; do $(BIN)/python benchmarks/$$name.py --table docs/speed.md || exit 1; done
	@test -n "$(STORE)" || $(BIN)/ivg-dataset render --env kitchen --clips 64 --foreign 0 --out out/bench/clips
	@$(BIN)/python benchmarks/training.py --store $(or $(STORE),out/bench/clips) --table docs/speed.md

clean:  ## remove what builds and checks leave behind (not the environment, not out/)
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
