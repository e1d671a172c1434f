# Accord. `make demo` and `make test` need Python 3.11 or newer, git and make; everything else they bring themselves.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input -q

# What the strict checks hold: the law, the keys, the gate and every room's rules and actions.
STRICT = accord/policy accord/sealing accord/gate accord/config/environment.py accord/config/postgres.py \
	accord/config/serve.py $(shell find accord \( -name rules.py -o -name actions.py \) | sort)

export PIP_ROOT_USER_ACTION = ignore

.PHONY: help demo test check fix bench prove sabotage docs lock
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

demo: $(RUN) ## the whole system with invented people, on this machine (RESET=1 afresh; SIZE, SEED, PORT)
	@$(BIN)/accord demo $(if $(RESET),--reset) $(SIZE:%=--size %) $(SEED:%=--seed %) $(PORT:%=--port %)

test: $(DEV) ## every test (TEST=path for some)
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not prove" $(TEST)

prove: $(DEV) ## the long proofs
	@$(PYTHON) -m pytest -m prove

sabotage: $(DEV) ## break the program on purpose: every breakage must be caught
	@$(PYTHON) -m tests.sabotage

bench: $(DEV) ## measure, as JSON
	@$(PYTHON) -m bench

check: $(DEV) ## lint, types, import contracts, generated docs, lock files; changes nothing
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/mypy --strict $(STRICT)
	$(BIN)/lint-imports --no-cache
	$(BIN)/accord docs --check
	@$(PYTHON) tools/catalogue.py --check
	@$(PYTHON) requirements/lock.py --check

fix: $(DEV) ## format, and correct what can be corrected
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## write the generated documents and the catalogue
	@$(BIN)/accord docs
	@$(PYTHON) tools/catalogue.py

lock: $(DEV) ## pin the newest versions pyproject.toml allows
	@$(PYTHON) requirements/lock.py

# An environment is made once and again when a lock file changes. pip takes nothing whose hash is not in it; the project
# itself is added last, with build tools from the same file.
$(RUN): requirements/run.txt pyproject.toml
	@set -e; if ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	    found=; \
	    for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	        if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$name; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "Accord needs Python 3.11 or newer, and none was found: install it (Debian: apt install python3 python3-venv)." >&2; \
	        exit 1; \
	    fi; \
	    rm -rf $(VENV); \
	    $$found -m venv $(VENV) >/dev/null 2>&1 || { \
	        rm -rf $(VENV); \
	        echo "$$found cannot make environments: install its venv module (Debian: apt install python3-venv)." >&2; \
	        exit 1; \
	    }; \
	fi
	@echo "Making the environment (once; about 15 seconds and 270 MB) ..."
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@echo "Adding the tools for tests and checks (once) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
