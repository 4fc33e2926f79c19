# make demo   installs what it needs and runs the main job: record, export, search, play
# make test   installs what it needs and runs every check
# make lint   ruff and mypy alone          make format   rewrite with ruff
# make trust  kill recordings 50 times; sound against picture after 1, 10, 30 minutes and 20 pauses
# make bench  the benchmarks, then benchmarks/RESULTS.md (BENCHES="imports playable": only these)
# make docs   the site, into site/         make package  wheel and sdist, tried in a fresh venv
# make floor  the tests of client and media with the oldest versions that pyproject.toml allows
# make wire   regenerate the TypeScript of the wire
# make compatibility  write docs/compatibility.md from the tests' table of the SDK's methods
#
# PYTHON=/path/to/python3 chooses the Python; by default the first of 3.11 or later.

VENV := .venv
BIN := $(VENV)/bin
NPM := ./scripts/npm.sh $(BIN)/python
FRONTEND := hatch_build.py $(shell find labextension -type f -not -path '*/node_modules/*')

# Those of which a peer is measured too; the others belong to `make trust`.
BENCHES := imports recorder playable streams browser speech live screen search

.PHONY: demo test lint format bench trust docs package floor wire compatibility clean \
	debian-demo debian-test

demo: debian-demo $(VENV)/installed
	$(BIN)/jupyter-capture demo

test: debian-test $(VENV)/installed labextension/node_modules/.package-lock.json
	$(BIN)/python scripts/check.py

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: debian-demo $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	@for script in $(wildcard $(BENCHES:%=benchmarks/%.py)); do \
		echo "$$script"; $(BIN)/python "$$script" || exit 1; \
	done
	$(BIN)/python benchmarks/report.py

trust: debian-demo $(VENV)/installed
	$(BIN)/python benchmarks/kills.py --kills 50
	$(BIN)/python benchmarks/clapper.py --minutes 1 10 30 --pauses 20

docs: $(VENV)/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --site-dir site

package: $(VENV)/installed
	$(BIN)/python scripts/package.py

floor: $(VENV)/installed
	$(BIN)/python scripts/package.py --floor

wire: $(VENV)/installed labextension/node_modules/.package-lock.json
	$(BIN)/python labextension/wire.py

compatibility: $(VENV)/installed
	$(BIN)/python -m tests.contract.surface

# The virtual desktop is what the demo falls back to; a machine with a screen and sound of its own
# does without these packages, so here their absence is said, and the demo decides.
debian-demo:
	@./scripts/install-debian.sh demo || ./scripts/find-python.sh >/dev/null

debian-test:
	@./scripts/install-debian.sh test

$(VENV)/installed: pyproject.toml $(FRONTEND)
	@echo "Installing into $(VENV); the first time this takes a minute or two."
	python="$$(./scripts/find-python.sh)" && "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

labextension/node_modules/.package-lock.json: labextension/package-lock.json | $(VENV)/installed
	$(NPM) ci
	@touch $@

clean:
	rm -rf $(VENV) labextension/node_modules demo-output build dist site
