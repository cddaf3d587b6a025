# Everything that a person or a CI does with this project. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# The command's and the checks' interpreter: the first that is there.
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3.14 python3; do \
  "$$each" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
    && { echo "$$each"; break; }; done)
# Lambda's interpreter, on the path or where pyenv and uv keep theirs; empty where there is none.
LAMBDA_PYTHON ?= $(shell for each in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13.*/bin/python3.13 \
  "$${XDG_DATA_HOME:-$$HOME/.local/share}"/uv/python/cpython-3.13.*/bin/python3.13; do \
    "$$each" -c 'import ensurepip' 2>/dev/null && { command -v "$$each"; break; }; done)
# The locks are complete, so that nothing is left to resolve; what is never imported need not be compiled either.
PIP := bin/pip install -qq --disable-pip-version-check --require-virtualenv --no-deps --no-compile
# PyTorch's own: what else it needs differs by platform and index (CUDA from PyPI on Linux, nothing for a CPU build).
PIP_TORCH := bin/pip install -qq --disable-pip-version-check --require-virtualenv --no-compile
# Many tests wait for executions and processes: one worker more than two cores.
WORKERS ?= 3
export SAM_CLI_TELEMETRY := 0
# Where it is set, as in many images, each of hundreds of processes compiles all that it imports anew: a minute a
# collection of the tests. The environments are installed without, so the first import of each module pays once.
unexport PYTHONDONTWRITEBYTECODE

TEMPLATES := $(wildcard template.yaml */template.yaml pipeline/github.yaml iam/*.yaml)
# What the functions deployed run on: x86_64, or arm64 (Graviton, a fifth cheaper; docs/deploying.md).
ARCHITECTURE ?= x86_64
# The stacks to deploy, in this order: make deploy STACKS="core site".
STACKS ?= core training batch review site
STAMPS := .venv/.stamp .venv-sam/.stamp .venv-lambda/.stamp

.PHONY: help setup setup-train demo unit coverage test durations test-all test-setup docs faults soak bench up down check format deploy clean python

help: ## Show this
	@echo "make TARGET"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  \1\t\2/' | expand -t 12

setup: | python ## Make the virtual environments (.venv, .venv-sam, .venv-lambda) from the locked requirements
	@$(MAKE) -s -j3 $(STAMPS)

setup-train: | python ## Make .venv-train (PyTorch); `loupe train` does it by itself where it is missing
	@$(MAKE) -s .venv-train/.stamp

demo: setup ## Classify three photos and a digit on the local cloud and show the e-mails
	@.venv/bin/loupe demo

# Rows mostly wait, so many run at once. A run that was cut short is gone on with; `make clean` begins anew.
faults: setup ## Meet every call with every kind of fault, with status events and without, and write docs/faults.md
	@status=0; \
	for events in on off; do \
	  LOUPE_LAMBDA_WORKERS=48 LOUPE_EXECUTIONS_AT_ONCE=400 FAULT_ROWS=$${FAULT_ROWS:-12} FAULT_UPLOADS=$${FAULT_UPLOADS:-50} \
	    FAULT_EVENTS=$$events FAULT_TABLE=$(CURDIR)/build/faults \
	    .venv/bin/pytest tests/integration/workflow/test_faults.py || status=$$?; \
	done; \
	cat tests/integration/workflow/faults-head.md build/faults/*.md > docs/faults.md; exit $$status

soak: setup ## Use all at once for half an hour while processes are killed (SOAK_MINUTES, SOAK_SEED)
	@.venv/bin/pytest -s tests/integration/soak

bench: setup .venv-bench/.stamp bench/peers/node/node_modules/.stamp ## Measure against peers and limits (all, or PARTS="sizes annotate")
	@.venv/bin/python -m bench $(PARTS)

up: setup ## Start the local cloud and deploy the stacks on it (stays; Ctrl-C stops it)
	@.venv/bin/loupe up

down: ## Stop the local cloud
	@if [ -x .venv/bin/loupe ]; then .venv/bin/loupe down; else echo "Nothing is set up, so nothing runs."; fi

# Each takes ARGS="…" for pytest, and K="words" for its -k.
PYTEST = .venv/bin/pytest $(if $(K),-k "$(K)") $(ARGS)
# Groups stay together, in the order that tests/conftest.py gives them.
LOADGROUP := --dist loadgroup --no-loadscope-reorder

# A minute's worth of them; of those that are asked for by name, all.
unit: .venv/.stamp ## Run the quick ones of what needs no stack and no network, about a minute (with K or ARGS all that fit)
	@$(PYTEST) tests/unit tests/workflow -n auto -q $(LOADGROUP) -m "not slow$(if $(K)$(ARGS),, and not lengthy)"

coverage: .venv/.stamp ## Say how much of the product code unit and workflow tests run, and fail below a floor
	@mkdir -p build/coverage
	@$(PYTEST) tests/unit tests/workflow -n auto -q $(LOADGROUP) -m "not slow" --cov --cov-report=json
	@.venv/bin/python -m tests.covered

test: | python ## Run every test but the slow ones (gets Chromium for those of the page where it may)
	@$(MAKE) -s test-setup
	@$(PYTEST) -n $(WORKERS) $(LOADGROUP) -m "not slow"

durations: ## Run every test but the slow ones, and keep how long each took (.test_durations)
	@$(MAKE) test ARGS="--keep-durations $(ARGS)"

test-all: | python ## Run every test, the slow ones too: what runs every night
	@$(MAKE) -s test-setup .venv-train/.stamp
	@LOUPE_HYPOTHESIS=random LOUPE_FUZZ_EXAMPLES=100 $(PYTEST) -n $(WORKERS) $(LOADGROUP)

test-setup: | python
	@$(MAKE) -s -j4 $(STAMPS)
	@tests/web/install_chromium.sh

docs: .venv-docs/.stamp build/mermaid.min.js ## Build the documents as a site (build/docs); a broken link fails
	@.venv-docs/bin/python docs/site/build.py

# Two at once, each one's output in one piece.
check: setup ## Format, lint, types, templates, policies, words, documents
	@$(MAKE) -s -j2 --output-sync=target $(CHECKS)

CHECKS := check-code check-checkov check-types check-web check-templates check-sam
.PHONY: $(CHECKS)

check-code:
	@.venv/bin/ruff format --check --output-format concise --quiet . || { echo "make format fixes this"; exit 1; }
	@.venv/bin/ruff check --quiet --output-format concise .
	@.venv/bin/python -m tests.documents

check-checkov: .venv-lint/.stamp
	@.venv-lint/bin/checkov $(addprefix --file ,$(TEMPLATES)) && echo "checkov: no finding without a reason"

check-types:
	@.venv/bin/mypy

check-web:
	@.venv/bin/python -m tests.web.check

check-templates:
	@.venv/bin/cfn-lint $(TEMPLATES)
	@.venv/bin/python -m tests.policies

check-sam:
	@for template in template.yaml $(wildcard */template.yaml); do \
	  grep -q '^Transform' $$template || continue; \
	  .venv-sam/bin/sam validate --lint --region us-east-1 --template $$template | sed 's/^/sam validate: /'; done

format: setup ## Format the code and sort its imports
	@.venv/bin/ruff check --quiet --fix --exit-zero .
	@.venv/bin/ruff format .

# SAM takes the architecture from no parameter: another one stands in a copy of the template, beside it for its paths,
# where SAM would look for its configuration, too.
deploy: setup ## Build the stacks and deploy them to AWS (asks what each needs), then put the page there
	@for stack in $(STACKS); do \
	  environment=$${stack/#core/default}; folder=$${stack/#core/.}; \
	  template=$$folder/.template-$(ARCHITECTURE).yaml; \
	  sed 's/x86_64/$(ARCHITECTURE)/' $$folder/template.yaml > $$template; \
	  echo "== $$stack"; \
	  PATH="$(CURDIR)/.venv-lambda/bin:$$PATH" ARCHITECTURE=$(ARCHITECTURE) \
	    .venv-sam/bin/sam build --config-file "$(CURDIR)/samconfig.toml" --config-env $$environment --template-file $$template; \
	  rm -f $$template; \
	  .venv-sam/bin/sam deploy --guided --config-env $$environment; done
	@[[ " $(STACKS) " != *" site "* ]] || .venv/bin/loupe web deploy --aws

clean: down ## Remove all that was made: environments, builds, the local cloud's state
	@rm -rf .venv .venv-sam .venv-lambda .venv-lint .venv-train .venv-bench .venv-docs bench/peers/node/node_modules
	@rm -rf .aws-sam .loupe .mypy_cache .ruff_cache .pytest_cache .hypothesis build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || { \
	  echo "Python 3.11, 3.12, 3.13 or 3.14 is needed (with venv), and $(or $(PYTHON),none) is not it or not there."; \
	  echo "Get it:  uv python install 3.13   or   pyenv install 3.13   or   apt install python3.13-venv   or   brew install python@3.13"; \
	  echo "and name it if it is not on the path:  make setup PYTHON=/path/to/python3.13"; exit 1; } >&2

.venv/.stamp: requirements/dev.lock requirements/photos.lock pyproject.toml | python
	@echo "Setting up .venv (the command, the local cloud, the checks) …"
	@[ -x .venv/bin/python ] || $(PYTHON) -m venv .venv
	@.venv/$(PIP) --require-hashes -r requirements/dev.lock -r requirements/photos.lock
	@.venv/$(PIP) --no-build-isolation -e .
	@touch $@

.venv-sam/.stamp: requirements/sam.lock | python
	@echo "Setting up .venv-sam (the SAM CLI) …"
	@[ -x .venv-sam/bin/python ] || $(PYTHON) -m venv .venv-sam
	@.venv-sam/$(PIP) --require-hashes -r requirements/sam.lock
	@touch $@

.venv-lint/.stamp: requirements/lint.lock | python
	@echo "Setting up .venv-lint (checkov) …"
	@[ -x .venv-lint/bin/python ] || $(PYTHON) -m venv .venv-lint
	@.venv-lint/$(PIP) --require-hashes -r requirements/lint.lock
	@touch $@

.venv-lambda/.stamp: requirements/lambda-runtime.lock | python
	@echo "Setting up .venv-lambda (what Lambda's runtime holds) …"
	@[ -n "$(LAMBDA_PYTHON)" ] || echo "  Python 3.13, which Lambda runs, is not here: locally the functions run on $(PYTHON)." >&2
	@rm -rf .venv-lambda && $(or $(LAMBDA_PYTHON),$(PYTHON)) -m venv .venv-lambda
	@.venv-lambda/$(subst --no-compile,--compile,$(PIP)) --require-hashes -r requirements/lambda-runtime.lock
	@touch $@

.venv-train/.stamp: requirements/train.lock requirements/torch.txt | python
	@echo "Setting up .venv-train (PyTorch) …"
	@[ -x .venv-train/bin/python ] || $(PYTHON) -m venv .venv-train
	@.venv-train/$(PIP) --require-hashes -r requirements/train.lock
	@.venv-train/$(PIP_TORCH) -r requirements/torch.txt
	@touch $@

.venv-bench/.stamp: requirements/bench.lock | python
	@echo "Setting up .venv-bench (what Loupe is measured against) …"
	@[ -x .venv-bench/bin/python ] || $(PYTHON) -m venv .venv-bench
	@.venv-bench/$(subst --no-compile,,$(PIP)) --require-hashes -r requirements/bench.lock
	@touch $@

.venv-docs/.stamp: requirements/docs.lock | python
	@echo "Setting up .venv-docs (MkDocs) …"
	@[ -x .venv-docs/bin/python ] || $(PYTHON) -m venv .venv-docs
	@.venv-docs/$(PIP) --require-hashes -r requirements/docs.lock
	@touch $@

# The one file of npm's package; without npm diagrams stay text.
build/mermaid.min.js: docs/site/mermaid.sh
	@bash docs/site/mermaid.sh $@

# Without Node the parts that need it say so; the rest runs.
bench/peers/node/node_modules/.stamp: bench/peers/node/package-lock.json
	@if command -v npm >/dev/null; then echo "Setting up bench/peers/node (sharp, Jimp) …"; \
	  npm ci --silent --prefix bench/peers/node && touch $@; \
	else echo "npm is not here: what is measured against JavaScript is left out." >&2; fi
