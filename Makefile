# Everything a person or CI asks of this tree; each target is one line into scripts/, tools/ or CMake.
# Only git, make and root or sudo need to be there: scripts/setup brings the rest (Debian 12).

SHELL := /bin/bash
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
PREFIX ?= $(HOME)/.local
# A ~ that the shell left alone (`make install PREFIX=~/.local` under dash).
override PREFIX := $(patsubst ~/%,$(HOME)/%,$(PREFIX))
FUZZ_SECONDS ?= 20
export JOBS

.PHONY: help
help:  ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup:  ## Install the Debian packages that are missing
	@HEARTH_QUIET=1 scripts/setup

.PHONY: build
build: setup  ## Build build/release/bin/hearth and hearthd
	@scripts/stage build release

.PHONY: run
run: build  ## Build, then show three MCP clients on one daemon with this repository's docs
	@scripts/demo

.PHONY: test
test:  ## Everything CI checks: format, layers, lint, all tests, sanitizers, fuzzing
	@scripts/test

.PHONY: test-dev
test-dev: setup  ## Build the dev preset and run its tests (ARGS='-R frame' goes to ctest)
	@scripts/stage build dev
	@scripts/stage ctest dev $(ARGS)

.PHONY: soak
soak:  ## The same as test, with the full sizes: 200 kills, ten minutes of load
	@HEARTH_SOAK=full scripts/test

.PHONY: bench
bench: build  ## Measure, and write docs/benchmarks.md
	@HEARTH_QUIET=1 scripts/setup --bench
	@scripts/stage configure release -DHEARTH_BENCH=ON
	@scripts/stage build release
	@bench/run

.PHONY: conformance
conformance: setup  ## Run the official MCP conformance suite, both revisions, against the daemon over HTTP
	@HEARTH_QUIET=1 scripts/setup --node
	@scripts/stage build dev conformance_hearthd
	@tests/conformance/run

.PHONY: clients
clients: setup  ## Run real MCP and AI clients, of both eras, over stdio and HTTP
	@HEARTH_QUIET=1 scripts/setup --node
	@HEARTH_QUIET=1 scripts/setup --agents
	@scripts/stage build dev hearth hearthd
	@tests/clients/run

.PHONY: install
install: build  ## Install under PREFIX (default ~/.local); DESTDIR is honoured
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)" >build/install.log || \
	  { cat build/install.log; exit 1; }
	@echo "installed under $(DESTDIR)$(PREFIX); what and where: build/install.log"

.PHONY: format
format: setup  ## Rewrite the sources in the project's format
	@scripts/stage format

.PHONY: lint
lint: setup  ## Check format and layers, then run clang-tidy on what changed
	@scripts/stage format-check
	@scripts/stage layers
	@scripts/stage configure dev
	@scripts/stage lint

.PHONY: fuzz
fuzz: setup  ## Fuzz every parser for FUZZ_SECONDS (20) on the kept corpus
	@scripts/stage build asan fuzz_targets
	@fuzz/run $(FUZZ_SECONDS)

.PHONY: clean
clean:  ## Remove build/
	@rm -rf build
