# Everything goes through here: `make demo` and `make test` need Python >= 3.11, Terraform >= 1.3
# (or OpenTofu) and make; they bring the rest themselves, into this folder.

PYTHON ?= python3
PIPENV_VERSION := 2026.10.3

BIN := .venv/bin
CDKTF := node_modules/.bin/cdktf
CHECKOV := .build/checkov/.installed

export CHECKPOINT_DISABLE := 1# no calls home from cdktf and Terraform
export PIPENV_VERBOSITY := -1
export PIP_NO_COMPILE := 0# which means not to: one process would compile for half a minute
unexport PYTHONDONTWRITEBYTECODE# the constructs would be compiled again for every synth

.DEFAULT_GOAL := help
.PHONY: help install demo drills test lint synth bench docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed ## the Python packages of Pipfile.lock, into .venv

.venv/.installed: Pipfile.lock Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON, like make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet pipenv==$(PIPENV_VERSION)
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/pipenv sync --dev --quiet
	-$(BIN)/python -m compileall -q -j 0 .venv/lib
	touch $@

$(CDKTF): package-lock.json
	npm ci --no-fund --no-audit --loglevel=error
	touch $@

demo: install ## the platform for real, on an emulator: apply, drift, repair, destroy
	$(BIN)/python -m ops demo

drills: install ## every drill, rehearsed on the emulator; leaves reports/index.html
	$(BIN)/python -m ops drill all --sandbox

# Its dependencies are not ours, so it has an environment of its own.
$(CHECKOV): tests/checkov/Pipfile.lock | install
	test -x .build/checkov/bin/python || $(BIN)/python -m venv .build/checkov
	VIRTUAL_ENV="$(CURDIR)/.build/checkov" PIPENV_PIPFILE=tests/checkov/Pipfile $(BIN)/pipenv sync --quiet
	touch $@

test: ## all tests
	$(MAKE) --no-print-directory --jobs=2 $(TEST_NEEDS)
	$(BIN)/python -m pytest -n $(TEST_PROCESSES)

# what the tests run: npm installs beside pip
TEST_NEEDS := install $(CHECKOV) $(if $(shell command -v npm),$(CDKTF))

# most end-to-end tests wait for the AWS provider, which waits for AWS
TEST_PROCESSES := 8

lint: install ## ruff, mypy and hadolint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint image/Dockerfile spacelift/Dockerfile

synth: install $(CDKTF) ## Terraform JSON of every stack, into cdktf.out
	$(CDKTF) synth

bench: install $(CDKTF) ## synth speed and memory: stock, fast, plain JavaScript, cdktn
	$(BIN)/python -m ops bench

docs: install ## the tables in README.md and docs/ that are made from the code
	$(BIN)/python -m ops docs

lock: install ## Pipfile.lock from Pipfile, here and for Checkov, with no package index named
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/pipenv lock --dev
	VIRTUAL_ENV="$(CURDIR)/.venv" PIPENV_PIPFILE=tests/checkov/Pipfile $(BIN)/pipenv lock
	$(NO_INDEX) Pipfile.lock
	$(NO_INDEX) tests/checkov/Pipfile.lock

NO_INDEX := $(BIN)/python -c 'import json, pathlib, sys; file = pathlib.Path(sys.argv[1]); lock = json.loads(file.read_text()); lock["_meta"]["sources"] = []; file.write_text(json.dumps(lock, indent=4) + "\n")'

clean: ## everything that was installed or made here, reports too; state and variable files stay
	rm -rf .venv node_modules cdktf.out .build reports .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .terraform .terraform.lock.hcl cdk.tf.json
	find . -name __pycache__ -prune -exec rm -rf {} +
