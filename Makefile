# make run    the provider and a demo service, ready to sign in
# make test   everything that must hold; what continuous integration runs
# make bench  speed and memory, release build
# make help   the others

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
TOOLS  := $(TARGET)/tools

# Node.js from the system or, where that is too old, from npm (see `setup`).
export PATH := $(TOOLS)/node/node_modules/node/bin:$(PATH)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

# --- Building ---------------------------------------------------------------------------------

.PHONY: setup
setup: ## Installs what a build needs, if it is missing, and compiles styles and scripts
	@command -v cargo >/dev/null || { echo 'Rust is missing: install it from https://rustup.rs' >&2; exit 1; }
	@scripts/install-missing cc=build-essential cmake pkg-config curl \
	    '/usr/include/openssl/ssl.h=libssl-dev' node=nodejs npm
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' \
	    || npm install --silent --no-save --prefix $(TOOLS)/node node@22
	@$(MAKE) --no-print-directory assets

PAGES := crates/pages
STYLES := $(addprefix $(PAGES)/dist/,generic.css govuk.css main.js provider.js session.js start.js)

.PHONY: assets
assets: $(STYLES) ## Compiles styles and scripts, if they changed

$(STYLES) &: $(PAGES)/node_modules/.package-lock.json $(PAGES)/package.json $(wildcard $(PAGES)/assets/*)
	cd $(PAGES) && npm run --silent build
	@touch $(STYLES)

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: run
run: setup ## Starts the provider at http://localhost:8080 and the demo at http://localhost:8081
	@scripts/run

.PHONY: fmt
fmt: ## Formats the code
	cargo fmt --all

.PHONY: clean
clean: ## Removes everything that was built, but no data
	cargo clean
	rm -rf $(PAGES)/dist $(PAGES)/node_modules tests/browser/node_modules

# --- Testing ----------------------------------------------------------------------------------

.PHONY: test
test: test-setup ## Runs every test and check, with databases and a browser of its own
	@scripts/with-postgres $(MAKE) --no-print-directory test-rust test-browser
	@$(MAKE) --no-print-directory test-relying-parties
	@$(MAKE) --no-print-directory lint test-containers test-bench
	@echo 'All tests and checks passed.'

.PHONY: test-setup
test-setup: setup $(TOOLS)/venv/ready tests/browser/node_modules/.package-lock.json
	@scripts/install-missing '/usr/lib/postgresql/*/bin/initdb=postgresql' \
	    '/usr/lib/apache2/modules/mod_auth_openidc.so=libapache2-mod-auth-openidc'
	@scripts/chromium >/dev/null

$(TOOLS)/venv/ready: scripts/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/install-missing python3 '/usr/lib/python3*/ensurepip=python3-venv'
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: test-rust
test-rust: ## Only the Rust tests (set TEST_POSTGRES_URL, or run under scripts/with-postgres)
	@# The acceptance tests run the program.
	cargo build --locked --workspace --bins
	AIOSMTPD_PYTHON=$(TOOLS)/venv/bin/python CHROMIUM=$$(scripts/chromium) \
	    cargo test --locked --workspace

.PHONY: test-browser
test-browser: ## Only the browser tests
	cargo build --locked --workspace --bins
	cd tests/browser && CHROMIUM=$$($(CURDIR)/scripts/chromium) BIN=$(TARGET)/debug \
	    node --test --test-concurrency=2

.PHONY: test-relying-parties
test-relying-parties: $(TOOLS)/venv/ready ## Only Authlib and Apache, against a provider that serves https
	cargo build --locked --workspace --bins
	cd tests/relying_parties && BIN=$(TARGET)/debug $(TOOLS)/venv/bin/python -B -m unittest

.PHONY: lint
lint: lint-rust lint-fuzz lint-dependencies lint-files ## Only the checks that run nothing

.PHONY: lint-rust
lint-rust:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items

# A workspace of its own, which nothing else compiles.
.PHONY: lint-fuzz
lint-fuzz:
	cd fuzz && cargo fmt --check && \
	    RUSTFLAGS='--cfg fuzzing -D warnings' cargo check --locked --bins --target-dir $(TARGET)/fuzz-check

DENY    := $(TOOLS)/cargo-deny-0.20.2/bin/cargo-deny
MACHETE := $(TOOLS)/cargo-machete-0.9.2/bin/cargo-machete

# <name>-<version>/bin/<name>, so that a new version is a new file. Unoptimised: they run for
# seconds, and building them so takes a third of the time.
$(TOOLS)/cargo-%:
	cargo install --quiet --debug --locked --no-default-features --root $(@D:/bin=) --target-dir $(TOOLS)/build \
	    --version $(lastword $(subst -, ,$(notdir $(@D:/bin=)))) $(@F)
	@rm -rf $(TOOLS)/build

.PHONY: lint-dependencies
lint-dependencies: $(DENY) $(MACHETE)
	$(DENY) --locked check bans licenses sources
	@if timeout 20 git ls-remote --exit-code -q https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then \
	    $(DENY) --locked check advisories; \
	else \
	    echo 'advisories not checked: the RustSec database is out of reach'; \
	fi
	$(MACHETE)

.PHONY: lint-files
lint-files: $(TOOLS)/venv/ready
	diff <(ls migrations/sqlite) <(ls migrations/postgres)
	PATH=$(TOOLS)/venv/bin:$$PATH shellcheck scripts/install-missing scripts/with-postgres \
	    scripts/run scripts/run-https scripts/chromium scripts/compose-secrets .ci/run

.PHONY: test-containers
test-containers: $(TOOLS)/venv/ready ## Only the checks of Dockerfile and docker-compose.yml
	$(TOOLS)/venv/bin/hadolint Dockerfile
	$(TOOLS)/venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	cargo build --locked --workspace --bins
	$(TOOLS)/venv/bin/python scripts/check_containers.py $(TARGET)/debug/get-an-identity

# --- Fuzzing ----------------------------------------------------------------------------------

FUZZ         := $(TOOLS)/cargo-fuzz-0.13.2/bin/cargo-fuzz
FUZZ_TARGETS := $(patsubst fuzz/targets/%.rs,%,$(wildcard fuzz/targets/*.rs))
FUZZ_SECONDS := 60

# What was found worth keeping stays in target/fuzz/corpus, and begins the next run. Coverage needs no
# nightly compiler, but the address sanitizer would.
.PHONY: fuzz
fuzz: $(FUZZ) ## Sends the readers of foreign input what nobody thought of, a minute each
	cd fuzz && for target in $(FUZZ_TARGETS); do \
	    mkdir -p $(TARGET)/fuzz/corpus/$$target; \
	    RUSTC_BOOTSTRAP=1 $(FUZZ) run --fuzz-dir . --target-dir $(TARGET)/fuzz --sanitizer none $$target \
	        $(TARGET)/fuzz/corpus/$$target seeds/$$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1; \
	done

# --- Measuring --------------------------------------------------------------------------------

.PHONY: bench
bench: setup ## Measures speed and memory on both databases (BENCH="--users 1000000" for a full one)
	@scripts/install-missing taskset=util-linux '/usr/lib/postgresql/*/bin/initdb=postgresql'
	cargo build --locked --release -p server -p bench
	POSTGRES_CPUS=$$( (($$(nproc) > 1)) && echo 1 || :) scripts/with-postgres $(TARGET)/release/bench $(BENCH)

.PHONY: test-bench
test-bench: ## Only a minute of the measuring harness, so that it keeps working
	cargo build --locked --workspace --bins
	$(TARGET)/debug/bench --quick
