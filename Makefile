# `make help` lists what there is. Every target works on a machine that has only Python 3.11 and make: the first one used makes .venv.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
WHEEL := build/wheel-test
FUZZ_SECONDS ?= 600
SOAK_SECONDS ?= 1800
# Options that loosen the strict check of the program for its tests: a fixture need not say what it is, and a None fails the test by itself.
LIGHTER := --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls --allow-untyped-decorators --allow-any-generics \
           --allow-subclassing-any --disable-error-code=union-attr --explicit-package-bases --cache-dir .mypy_cache/tests

.DEFAULT_GOAL := help
.PHONY: help demo week owner-attacks cases test lint viewers bench fuzz soak wheel-test lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.installed ## a whole fictional case, from its first entry to an audit, in demo/
	@if [ -e demo ] && [ ! -f demo/.made-by-make ]; then \
	  echo "demo/ is there and was not made by 'make demo': move it away, then try again." >&2; exit 2; fi
	@rm -rf demo
	@trap 'if [ -d demo ]; then touch demo/.made-by-make; fi' EXIT; $(BIN)/custody demo demo/

test: lint viewers ## style, types and every test
	$(BIN)/python -m pytest -n 2 --durations=10

lint: .venv/.installed ## style and types alone
	$(BIN)/ruff check .
	$(BIN)/mypy
	MYPYPATH=tests $(BIN)/mypy $(LIGHTER) tests $(if $(wildcard benchmarks/*.py),benchmarks)

viewers: ## Debian's chromium, firefox-esr and poppler-utils, in which tests open what a court receives; installed where this can
	@$(find_viewers) && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing chromium, firefox-esr and poppler-utils for the tests of the page and the paper (once)."; mkdir -p build; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(VIEWERS); } \
	    >build/viewers.log 2>&1 || echo "They could not be installed (see build/viewers.log)." >&2; \
	fi; \
	$(find_viewers) || echo "Tests of the page and the paper are skipped in what is missing: as root, apt install $(VIEWERS)." >&2
VIEWERS := chromium firefox-esr poppler-utils
find_viewers = command -v chromium >/dev/null && command -v firefox-esr >/dev/null && command -v pdfsig >/dev/null

bench: .venv/.installed ## measure; one JSON line per figure
	$(BIN)/python -m benchmarks

fuzz: .venv/.installed ## hostile input for FUZZ_SECONDS each (600)
	CUSTODY_FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m pytest tests/fuzz -m fuzz -n 2 -o timeout=0

soak: .venv/.installed ## long load for SOAK_SECONDS each (1800)
	CUSTODY_SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest tests/soak -m soak -o timeout=0

cases: .venv/.installed ## the dossiers that every verifier is held to, sound and attacked, in build/cases
	rm -rf build/cases
	PYTHONPATH=tests $(BIN)/python tests/cases.py build/cases

owner-attacks: .venv/.installed ## what a corrupt owner with all keys can try, and which outsider's command shows it; a JSON line each
	@PYTHONPATH=tests $(BIN)/python tests/owner_attacks.py

week: .venv/.installed ## a week of a mission, told command by command
	$(BIN)/python -m pytest tests/test_week.py -q -s

# First with the run-time requirements alone, so that a module that needs a test tool shows; then the tests of the command line, started
# in a folder from which the source tree cannot be imported.
wheel-test: .venv/.installed ## the command line, from a built wheel in an environment of its own
	rm -rf $(WHEEL)
	mkdir -p $(WHEEL)/elsewhere
	$(BIN)/python -m build --wheel --no-isolation --outdir $(WHEEL) . >$(WHEEL)/build.log || { cat $(WHEEL)/build.log >&2; exit 1; }
	$(BIN)/python -m venv $(WHEEL)/venv
	$(WHEEL)/venv/bin/python -m pip install -qq --require-hashes -r requirements-runtime.lock
	$(WHEEL)/venv/bin/python -m pip install -qq --no-deps $(WHEEL)/*.whl
	cd $(WHEEL)/elsewhere && ../venv/bin/python -I $(CURDIR)/tests/import_all.py
	$(WHEEL)/venv/bin/python -m pip install -qq --require-hashes -r requirements.lock
	cd $(WHEEL)/elsewhere && CUSTODY_WHEEL_TEST=1 CUSTODY_BIN=$(CURDIR)/$(WHEEL)/venv/bin/custody ../venv/bin/pytest \
	  --import-mode=importlib -c $(CURDIR)/pyproject.toml --rootdir $(CURDIR) -p no:cacheprovider -n 2 $(CURDIR)/tests/test_cli_*.py

# The hashes are those of the public registry's files, whatever mirror or folder of wheels this machine's pip is set to.
lock: ## write the two lock files anew from pyproject.toml
	@$(check_python)
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install -qq 'pip-tools>=7.6'
	$(COMPILE) --extra digests --extra explore --extra paper --extra pdfsig --extra s3 --extra scan --extra serve --extra test --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --output-file requirements-runtime.lock pyproject.toml
COMPILE = env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND='make lock' build/lock/bin/pip-compile --quiet \
          --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-emit-options --no-emit-index-url --no-emit-find-links \
          --no-emit-trusted-host

clean: ## remove what was built, and the demo; keeps .venv
	@if [ -f demo/.made-by-make ]; then rm -rf demo; fi
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# The stamp is newer than what the environment was made from. An environment whose Python has gone is made anew.
.venv/.installed: requirements.lock pyproject.toml
	@$(check_python)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing what custody needs into .venv (once, about a minute)."
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check
	@touch $@

define check_python
if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
  echo "custody needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)." >&2; \
  echo "Install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
elif ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
  echo "$(PYTHON) cannot make virtual environments. Install its package for that (Debian, Ubuntu: apt install python3-venv)." >&2; \
  exit 1; \
fi
endef
