# The same few verbs for people and CI. Nothing is needed but Python 3.11 or newer, and make.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=
unexport PYTHONDONTWRITEBYTECODE  # where it is set, every process of the tests would compile all of them again

.PHONY: run up test check ui pictures bench chaos strangers planted lock clean

run: .venv/ready  ## the whole job once, on the local simulator
	@$(BIN)/python -m flows demo

up: .venv/ready  ## what an operator uses: Prefect with its UI, the simulator, the deployments
	@$(BIN)/python -m flows up $(ARGS)

test: .venv/ready-dev  ## the test suite: embedded store and a real PostgreSQL; documents are looked at by make check
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not long" --ignore tests/docs $(ARGS)

check: .venv/ready-dev  ## style, types, import layers, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/docs

ui: .venv/ready-dev  ## a real Prefect server: login, approvals, automations, blocks, and a browser where one is installed
	$(BIN)/python -m pytest -q --timeout 300 tests/ui $(ARGS)

pictures: .venv/ready-dev  ## the pictures of the documents, anew; needs Chromium with its driver
	$(BIN)/python docs/images/make.py
	PICTURES=docs/images $(BIN)/python -m pytest -q --timeout 300 tests/ui/test_browser.py

bench: .venv/ready-dev  ## measurements, as ratios side by side
	$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: .venv/ready-dev  ## long searches for faults, and the long tests; CHAOS_SEEDS sets how long the searches are
	$(BIN)/python -m pytest -q -n 3 --maxschedchunk 1 --timeout 1200 tests/chaos --deselect tests/chaos/test_four_processes.py $(ARGS)
	$(BIN)/python -m pytest -q --timeout 1200 tests/chaos/test_four_processes.py
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m long --timeout 600 tests --ignore tests/docs
	EXAMPLES=300 $(BIN)/python -m pytest -q --timeout 1200 tests/adapters/files/test_same_items.py

strangers: .venv/ready-dev  ## what other people's clients send, against the simulators
	$(BIN)/python -m pytest -q tests/strangers $(ARGS)

planted: .venv/ready-dev  ## plants defects, one after the other, and shows that the tests find each
	$(BIN)/python -m tests.planted $(ARGS)

lock: .venv/ready-dev  ## new locks from requirements*.in; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
	  --custom-compile-command "make lock" requirements.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
	  --custom-compile-command "make lock" -c requirements.lock requirements-dev.in -o requirements-dev.lock
	$(BIN)/python -m tests.support.lock_bases requirements.lock requirements-dev.lock

clean:  ## everything that was made here, the demo's store and runs included
	rm -rf .venv build *.egg-info data/var data/reports

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv .venv

.venv/ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what the program needs (once, about a minute)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q domain adapters tasks flows
	@touch $@

.venv/ready-dev: requirements-dev.lock .venv/ready
	@echo "Installing what the tests need (once)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@-$(BIN)/python -m pytest -qq --collect-only >/dev/null 2>&1  # compiles the tests once for all their processes
	@touch $@
