# The commands that people and CI share. Each makes what it needs; `make help` lists them.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen
ENVIRONMENT ?= local

# Each process would compile what it imports anew: for torch and the providers' SDKs that takes longer than most tests.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo down test check format lint types spelling unit integration audit crds tools docs bench images record build clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.uv/bin/uv:
	python3 -m venv .uv && .uv/bin/python -m pip install --quiet uv

install: $(filter .uv/bin/uv,$(UV)) ## Install the library and the tools of its developers into .venv
	@$(UV) sync --frozen --quiet

demo: install ## Bring up the simulated data center, deploy the local environment into it, and show it
	@$(RUN) aidc up $(ENVIRONMENT)

down: install ## Stop the simulated data center and remove all that it left
	@$(RUN) aidc down $(ENVIRONMENT)

test: check tools unit integration ## Everything: format, lint, types, spelling, unit to integration tests

check: lint types spelling ## Format, lint, types and spelling

format: install ## Write the files in the house format
	$(RUN) ruff check --fix . && $(RUN) ruff format .

lint: install
	$(RUN) ruff check . && $(RUN) ruff format --check .

types: install
	$(RUN) pyright

spelling: install
	$(RUN) codespell

unit: install ## Tests that need no control plane
	$(RUN) pytest -m "not integration and not alone" --numprocesses logical --maxprocesses 4 --dist loadfile
	$(RUN) pytest -m "alone and not integration"

integration: tools images ## Tests on the real control plane; the first run builds it
	$(RUN) pytest -m integration --numprocesses 2 --dist loadfile --no-loadscope-reorder

audit: install ## Scan the AWS environments: checkov over Terraform and manifests, kube-score over manifests
	$(RUN) pytest tests/aws/test_audit.py

crds: install ## Download the operators' definitions that integration tests need beyond those of the control plane
	@$(RUN) python -m aidc.tools.definitions $(or $(AIDC_CRDS),../shared/crds)

tools: install ## Find, download or build every program of the control plane; install what a real node and the browser tests need
	@$(RUN) python -m aidc.tools.packages
	@$(RUN) python -m aidc.tools

images: install ## Build the images of the programs for a real node (Linux, as root)
	@$(RUN) python -m aidc.tools.image_archives training inference autoscaler

docs: install ## Write the pages that are generated: settings reference, schema
	@$(RUN) python docs/generate.py

bench: install ## Measure everything that benchmarks/ can without a peer; NAMES="evaluation compression" for some
	@for name in $(or $(NAMES),evaluation commands scale compression checkpoints training_speed serving preprocessing); do \
		echo "== $$name" && $(RUN) python benchmarks/$$name.py || exit 1; done

record: install ## Record URNs, the component schema and decisions anew; read the diff before committing it
	AIDC_RECORD=1 $(RUN) pytest -q tests/stacks tests/contract tests/unit/planning/autoscaling/test_recorded_decisions.py

build: install ## Build the wheel and the source distribution
	$(UV) build --quiet

clean: ## Remove what was built here (not the tools, which other checkouts share)
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .venv .uv
