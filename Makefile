# Two commands do all the set-up: `make run` and `make test`. Everything else builds on the same environment.
PYTHON ?= python3
BIN := env/bin
WORKERS ?= 2

.PHONY: help setup setup-dev run test test-server test-dates probe fuzz check cycle audit kill-test fault-test hostile-imports compare bench-money generated apps-dist test-bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

setup:
	@PYTHON="$(PYTHON)" deploy/setup.sh run

setup-dev:
	@PYTHON="$(PYTHON)" deploy/setup.sh dev

run: setup ## set up on first use, then start the system and print its addresses
	@exec $(BIN)/python -m bench start --prepare

test: setup-dev ## set up what tests need and run all of them, then those of the server profile on MariaDB and Redis
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)
	@$(MAKE) --no-print-directory test-server

test-server: setup-dev ## the tests of runtime and apps on a MariaDB and a Redis of their own
	@$(BIN)/python -m tests.servers $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(or $(ARGS),runtime/tests apps tests)

test-dates: setup-dev ## the tests as if it were the end of a year, of February, a Monday: make test-dates [ARGS='--day "2027-02-28 12:00"']
	@$(BIN)/python -m tests.dates $(ARGS)

probe: setup-dev ## everybody at every door of every document and method, from the site's metadata: make probe [ARGS="Merchant Fee"]
	@$(BIN)/python -m tests.security.probe $(ARGS)

fuzz: setup-dev ## schemathesis over the API document as three people: make fuzz [ARGS="--examples 30"]
	@$(BIN)/python -m tests.security.fuzz $(ARGS)

check: setup-dev ## style, types, import contracts and domain tests, in under a minute
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy runtime/frappe runtime/bench simulators deploy tests benchmarks
	@$(BIN)/mypy apps/cn_connect/cn_connect apps/market_mgmt/market_mgmt
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python deploy/translations.py --check
	@$(BIN)/python deploy/openapi.py --check
	@$(BIN)/python deploy/data_model.py --check
	@$(BIN)/python deploy/runtime_usage.py --check
	@$(BIN)/python -m pytest apps/market_mgmt/market_mgmt/domain -q

cycle: setup-dev ## one market month, end to end, on a throw-away site
	@$(BIN)/python -m tests.cycle.run $(ARGS)

audit: setup ## after `make cycle`: every invariant of its ledger, with its count
	@$(BIN)/bench --site cycle.localhost audit-ledger

kill-test: setup-dev ## kill the web processes 100 times while people write; nothing may be lost or half written
	@$(BIN)/python -m tests.reliability.kill $(ARGS)

fault-test: setup-dev ## kill a process between every two statements of a settlement, on SQLite and MariaDB; nothing lost, nothing doubled
	@$(BIN)/python -m tests.servers $(BIN)/python -m tests.reliability.faults $(ARGS)

hostile-imports: setup-dev ## hundreds of workbooks with what offices do to them; check and import agree, what is stored is what Excel shows
	@$(BIN)/python -m tests.hostile.run $(ARGS)

compare: setup-dev ## speed against a stock bench, benchmarks/RESULTS.md: make compare BENCH=… [SITE=…] [ARGS="--rounds 5"]
	@$(BIN)/python -m benchmarks.compare $(if $(BENCH),--bench "$(BENCH)") $(if $(SITE),--site "$(SITE)") $(ARGS)

bench-money: setup-dev ## billing, imports and payments at size, benchmarks/MONEY.md: make bench-money [ARGS="--stalls 5000"]
	@$(BIN)/python -m benchmarks.money $(ARGS)

generated: setup-dev ## what is generated and committed: translations, API document, data model
	@$(BIN)/python deploy/translations.py
	@$(BIN)/python deploy/openapi.py
	@$(BIN)/python deploy/data_model.py

apps-dist: setup ## one git repository per app, for `bench get-app` on a stock bench
	@$(BIN)/python deploy/apps_dist.py

test-bench: ## the tests on a stock bench: make test-bench BENCH=… SITE=… [BARE=a site without the apps, for those of the runtime]
	@BARE="$(BARE)" deploy/test_bench.sh "$(BENCH)" "$(SITE)" $(ARGS)

clean: ## remove the environment and everything built (sites stay)
	rm -rf env dist .run
