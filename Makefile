# make demo   installs what it needs and runs the main job: record, export, search, play
# make test   installs what it needs and runs every check
# make lint   ruff and mypy alone          make format   rewrite with ruff
# make trust  the campaigns (kills, faults, fuzzing, webhooks, a soak …; about two hours), then
#             docs/reliability.md; CAMPAIGNS="faults fuzz" runs only these
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
BENCHES := imports recorder playable streams browser speech live screen search growth install

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

CAMPAIGNS := kills clapper faults fuzz life webhooks soak
trust: debian-demo $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@$(BIN)/python -m pip install --quiet atheris || echo "without atheris, seeds are mutated at random"
	@failed=; for name in $(CAMPAIGNS); do \
		echo "$$name"; $(BIN)/python "benchmarks/$$name.py" || failed="$$failed $$name"; \
	done; $(BIN)/python scripts/reliability.py; \
	test -z "$$failed" || { echo "a promise was not kept:$$failed"; exit 1; }

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
