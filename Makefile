# Everything a newcomer needs: `make demo`, `make test`, `make check`. The rest is for those who change things.
# Python 3.11+, Node 20+, make and git must be there; all else is set up below, in .venv and node_modules.

PYTHON ?= python3
BIN := .venv/bin
INCIDENT ?= women
KEEP ?=

FORGE = $(firstword $(wildcard node_modules/@foundry-rs/forge-*/bin/forge))

export SOLCX_BINARY_PATH := $(CURDIR)/scripts/solc
# Tests and demo start hundreds of processes: each would compile every library anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test spark servers packages fuzz coverage slither symbolic mutate check docs bench chaos gas setup compile abis lock format clean

demo: setup  ## the main job, end to end; KEEP=1 leaves it running, INCIDENT=women|months|none
	@PYTHONPATH=tests $(BIN)/python -m examples.acs_employment.demo --incident $(INCIDENT) $(if $(filter-out 0,$(KEEP)),--keep)

fuzz: setup  ## a million random acts against the invariants (most of an hour); SEED=0x1 repeats a run
	@rm -rf build/forge-cache/invariant
	FOUNDRY_INVARIANT_RUNS=100 FOUNDRY_INVARIANT_DEPTH=10000 \
		$(FORGE) test --offline --match-path 'tests/forge/invariants/*' --fuzz-seed $(or $(SEED),0x$$(date +%s))

mutate: setup  ## is each line of hub, switch and registry proven? SAMPLE=25 SEED=1 for some, WORKERS=2, FRESH=1
	@nice $(BIN)/python -m scripts.mutation --forge $(FORGE) --workers $(or $(WORKERS),1) \
		$(if $(SAMPLE),--sample $(SAMPLE) --seed $(or $(SEED),0)) $(if $(FRESH),--fresh)

# What failed, by itself: a test that passes then was disturbed by its neighbours. The first run has named it.
ONCE_MORE := --last-failed --last-failed-no-failures none

test: setup  ## all tests: contracts, unit, integration, end to end; WORKERS=4 side by side, as most of them wait
	@rm -rf build/forge-cache/invariant
	$(FORGE) test --offline
	$(BIN)/pytest -q -m "not alone" -n $(or $(WORKERS),4) --dist worksteal || $(BIN)/pytest -q -m "not alone" $(ONCE_MORE)
	$(BIN)/pytest -q -m alone || $(BIN)/pytest -q -m alone $(ONCE_MORE)

SPARK_TESTS := tests/unit/monitors/engines/test_spark_engine.py
SERVER_TESTS := tests/unit/examples/serving tests/unit/gate/test_envoy.py tests/unit/gate/test_artifact_formats.py

spark: export JDK_JAVA_OPTIONS := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark: .spark/.ready  ## does Spark count as DuckDB does? Needs Java 17 or newer
	@.spark/bin/pytest -q $(SPARK_TESTS) || .spark/bin/pytest -q $(SPARK_TESTS) $(ONCE_MORE)

servers: .servers/.ready  ## examples/serving as real servers: FastAPI, MLflow's, LiteLLM's proxy, behind the built wheel; Envoy; model formats
	@rm -rf build/wheel
	@$(BIN)/uv build -q --wheel -o build/wheel
	@$(BIN)/uv pip install -q --python .servers/bin/python --no-deps --reinstall build/wheel/*.whl
	@.servers/bin/pytest -q $(SERVER_TESTS) || .servers/bin/pytest -q $(SERVER_TESTS) $(ONCE_MORE)

packages: setup  ## wheel and sdist, and each extra alone in a fresh environment, Spark's half a gigabyte too
	FETCH_PACKAGES=1 $(BIN)/pytest -q tests/packages

check: setup docs coverage slither symbolic  ## lint, types, imports, ABIs, translations, gas, and the proofs that are not tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/export_abis.py --check
	$(BIN)/python -m scripts.catalogues --check
	$(BIN)/python -m scripts.locks --check
	$(BIN)/python -m scripts.contract_reference --check
	@PYTHONPATH=tests $(BIN)/python -m bench.gas --check

docs: setup  ## the documentation as a site in build/site; fails on any link that leads nowhere
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict

coverage: setup  ## lines and branches of the contracts that forge's tests reach; fails below 98 %
	FOUNDRY_OUT=build/coverage FOUNDRY_CACHE_PATH=build/coverage-cache $(FORGE) coverage --offline \
		--report lcov --report-file build/lcov.info --match-path 'tests/forge/unit/**' > build/coverage.log 2>&1 \
		|| { cat build/coverage.log; exit 1; }
	$(BIN)/python scripts/coverage_check.py build/lcov.info

slither: setup .analysis/.ready  ## static analysis; fails on any finding of high or medium impact
	$(BIN)/python scripts/analysis/slither_check.py --slither $(CURDIR)/.analysis/bin/slither --forge $(FORGE)

symbolic: setup .analysis/.ready  ## what holds of the kill switch for every input
	FOUNDRY_PROFILE=analysis PATH="$(CURDIR)/$(dir $(FORGE)):$$PATH" .analysis/bin/halmos --root . \
		--forge-build-out build/analysis --contract SwitchSymbolic --solver-timeout-assertion 60000 --no-status

bench: setup  ## one benchmark: NAME=bot|demo|gas|gate|gate_log|index|monitors|false_alarms|web, ARGS="--help"
	PYTHONPATH=tests $(BIN)/python -m bench.$(NAME) $(ARGS)

chaos: setup  ## kill workers, bot and sealer 200 times each, and do every fault, for two hours; ARGS="--frames 9 --kills 9 --store sqlite"
	@PYTHONPATH=.:monitors:bot:tests $(BIN)/python -m chaos $(ARGS)

gas: setup  ## state the gas of the contracts' actions anew, in bench/gas.json
	@PYTHONPATH=tests $(BIN)/python -m bench.gas --write

setup: .venv/.ready node_modules/.ready .build/__local__.json

.venv/.ready: requirements.lock pyproject.toml
	@echo "Setting up Python in .venv …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
	@$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

.analysis/.ready: scripts/analysis/requirements.lock | .venv/.ready
	@echo "Setting up the contracts' analysers in .analysis …"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .analysis
	@$(BIN)/uv pip install -q --python .analysis/bin/python -r scripts/analysis/requirements.lock
	@touch $@

.spark/.ready: scripts/spark/requirements.lock | .venv/.ready
	@echo "Setting up Spark in .spark …"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .spark
	@$(BIN)/uv pip install -q --python .spark/bin/python -r scripts/spark/requirements.lock
	@$(BIN)/uv pip install -q --python .spark/bin/python --no-deps -e .
	@touch $@

.servers/.ready: scripts/servers/requirements.lock | .venv/.ready
	@echo "Setting up servers in .servers …"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .servers
	@$(BIN)/uv pip install -q --python .servers/bin/python -r scripts/servers/requirements.lock
	@touch $@

node_modules/.ready: package-lock.json
	@echo "Setting up compiler, contract library and local chain in node_modules …"
	@npm ci --ignore-scripts --silent
	@for tool in anvil forge; do \
		ls node_modules/@foundry-rs/$$tool-*/bin/$$tool >/dev/null 2>&1 || npm install --no-save --ignore-scripts --silent \
		@foundry-rs/$$tool-$$(node -p "process.platform + '-' + (process.arch === 'x64' ? 'amd64' : process.arch)")@1.7.1 \
		|| exit 1; done
	@touch $@

.build/__local__.json: $(shell find contracts -name '*.sol') ape-config.yaml scripts/solc/solc-v0.8.37 package-lock.json | .venv/.ready node_modules/.ready
	@echo "Compiling the contracts …"
	@mkdir -p build
	@$(BIN)/ape compile --force > build/compile.log 2>&1 || { cat build/compile.log; exit 1; }
	@touch $@

compile: setup

abis: setup  ## write tribune/chain/abi and docs/contracts from the compiled contracts
	$(BIN)/python scripts/export_abis.py
	$(BIN)/python -m scripts.contract_reference

lock: .venv/.ready  ## resolve the lock files anew from pyproject.toml; what is pinned stays, where it may
	$(BIN)/python -m scripts.locks

format: .venv/.ready
	$(BIN)/ruff check --fix -q .
	$(BIN)/ruff format -q .

clean:
	rm -rf build .build
