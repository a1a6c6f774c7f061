# Everything a person or a machine does with this repository. The work is in .ci/, one script per task.
.DEFAULT_GOAL := help
.PHONY: help run build guests web browser screenshots test test-full bench fmt lint openapi peers peers-stop clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build everything (release) and start the server on http://127.0.0.1:3000
	@.ci/serve

build: ## Build the plugins and the server (release); honours CARGO_TARGET_DIR
	@.ci/build

guests: ## Build the plugins (WebAssembly components) only
	@.ci/guests

web: ## Build the web front end into core/web/dist; without npm the server has its plain pages only
	@.ci/web

browser: ## The stories of the web front end in a real browser, against the debug build
	@.ci/browser

screenshots: ## Pictures of every page, narrow and wide, light and dark, in core/web/shots
	@.ci/browser --screenshots

test: ## Format, lints, every test on SQLite and PostgreSQL, API document checks; installs what it needs
	@.ci/test

test-full: ## The same, with long fuzzing of the API and the crash tests at full length
	@.ci/test --full

bench: ## Measure, each figure beside its baseline; PARTS="uploads hold" measures these alone (.ci/bench lists them)
	@.ci/bench $(PARTS)

fmt: ## Format all Rust code
	@.ci/fmt

lint: ## Format check and clippy, warnings are errors
	@.ci/lint

openapi: ## Write openapi/openapi.json and openapi/asyncapi.json from the code
	@.ci/openapi

peers: ## Start the servers the tests need, in the background; prints what to export for `cargo test`
	@.ci/peers start

peers-stop: ## Stop them
	@.ci/peers stop

clean: ## Remove everything that was built
	@cargo clean --quiet && rm -rf plugins/target
