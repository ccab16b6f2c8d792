# Everything here runs in .venv, which is made on first use; no Node on the machine is needed (it
# comes from PyPI, into .venv). `make PYTHON=python3.12 …` takes another Python to start from.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
NODE_MODULES := runtime/node_modules/.package-lock.json
# The scripts in package.json find the venv's Node through PATH.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/npm --prefix runtime

.PHONY: run test fuzz bench check format lock clean bundle

## Serve examples/fanout, with the upstream that it brings along
run: bundle
	$(BIN)/python examples/fanout/run.py

## Run all tests
test: bundle $(NODE_MODULES)
	$(NPM) test
	$(BIN)/python -m pytest $(ARGS)

## Search for inputs that break the protocol or HTTP, for some minutes instead of some seconds
fuzz: bundle
	FUZZ_EXAMPLES=10000 $(BIN)/python -m pytest tests/fuzz $(ARGS)

## Edgewright and workerd side by side; needs wrk and nginx, see benchmarks/README.md
bench: bundle
	$(BIN)/python -m benchmarks $(ARGS)

## Lint, formatting and types, of Python and of TypeScript
check: bundle $(NODE_MODULES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(NPM) run check

## Format Python and TypeScript, and fix what can be fixed safely
format: $(INSTALLED) $(NODE_MODULES)
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(NPM) run format

## Write requirements.lock anew from pyproject.toml (hashes, but no addresses of a registry)
lock: $(INSTALLED)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --upgrade \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet -o requirements.lock

clean:
	rm -rf .venv build dist runtime/node_modules benchmarks/node_modules .pytest_cache .ruff_cache .hypothesis
	rm -f src/edgewright/isolate/runtime*.js* src/edgewright/isolate/runtime*.wasm src/edgewright/isolate/runtime.inputs
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The runtime layer inside the package: hatch_build.py does nothing when it is up to date.
bundle: $(INSTALLED)
	@$(BIN)/python hatch_build.py

$(INSTALLED): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_MODULES): runtime/package-lock.json | $(INSTALLED)
	$(NPM) ci --no-audit --no-fund
	@touch $@
