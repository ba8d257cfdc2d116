# Everything is one command; `make help` lists them. Recipes call scripts with paths relative to this folder, and no
# target is a file, because make cannot handle spaces in file names and this folder's path may have some.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test test-qgis matrix serve check format docs reference manage database database-stop bench bench-export bench-estimate bench-latency bench-load bench-market bench-report bench-valuation bench-valuation-scale bench-valuation-job bench-queue bench-coverage load chaos resets image-check mutants fuzz lock audit sbom clean purge

DEMO ?= king
ROWS ?= 1000000
PARCELS ?= 100000
REPLICATIONS ?= 200
ONLY ?=
TRIES ?= 3
USERS ?= 100
DURATION ?= 180
SECONDS ?= 60
RUN := .venv/bin/python -m terrafusion.setup.launch
export DEMO ROWS PARCELS REPLICATIONS ONLY TRIES USERS DURATION SECONDS

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: ## Set up, load a real county, export, value, certify and study it through HTTP and workers (DEMO=cambridge for another county)
	@terrafusion/setup/venv.sh run
	@$(RUN) .venv/bin/python -m terrafusion.setup.demo

test: ## Set up and run every check and test, as CI does (ARGS="-k name" picks tests)
	@terrafusion/setup/venv.sh dev
	@$(RUN) terrafusion/setup/check.sh
	@$(RUN) .venv/bin/python -m pytest $(ARGS)

test-qgis: ## Open every format in Debian's GDAL and QGIS, which it installs with apt-get if they are missing
	@terrafusion/setup/venv.sh dev
	@/usr/bin/python3 -c "import osgeo.ogr, qgis.core" 2>/dev/null || apt-get install -y --no-install-recommends gdal-bin python3-gdal python3-qgis
	@$(RUN) .venv/bin/python -m pytest -n 0 -rs tests/gis_export/test_other_readers.py

matrix: ## Ask every route as 15 kinds of user and write the answers to tests/rights/matrix/matrix.txt, to be reviewed
	@terrafusion/setup/venv.sh dev
	@WRITE_MATRIX=1 $(RUN) .venv/bin/python -m pytest -n 0 tests/rights/matrix

serve: ## Start web, workers and sweep together on PORT=8000; Ctrl-C stops them all
	@terrafusion/setup/venv.sh run
	@$(RUN) .venv/bin/python -m terrafusion.setup.serve

check: ## Lint, types, import layers, migrations, settings and the API schema, without the tests
	@terrafusion/setup/venv.sh dev
	@$(RUN) terrafusion/setup/check.sh

format: ## Format the code and mend what ruff can mend
	@terrafusion/setup/venv.sh dev
	@.venv/bin/python -m ruff check --fix --quiet . ; .venv/bin/python -m ruff format .

docs: ## Build the documentation as a site in build/docs
	@terrafusion/setup/venv.sh dev
	@.venv/bin/properdocs build --strict --quiet && echo "Open build/docs/index.html"

reference: ## Write docs/reference from the code, after a change of settings, endpoints, parameters, or errors
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m terrafusion.setup.reference

manage: ## Run a command of the platform: make manage ARGS="createsuperuser"
	@terrafusion/setup/venv.sh run
	@$(RUN) .venv/bin/python manage.py $(ARGS)

database: ## Start the private PostgreSQL, leave it running, and print its DATABASE_URL
	@terrafusion/setup/venv.sh run
	@.venv/bin/python -m terrafusion.setup.postgres start

database-stop: ## Stop the private PostgreSQL
	@python3 -m terrafusion.setup.postgres stop

bench: bench-export bench-latency ## Run both benchmarks

bench-export: ## Time exports of ROWS=1000000 parcels beside ogr2ogr; writes build/bench/export.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.export

bench-latency: ## Time 200 small exports over HTTP; writes build/bench/latency.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.latency

bench-load: ## Load ROWS=1000000 parcels from files beside ogr2ogr; writes build/bench/load.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.load_files

bench-report: ## Cards in one PDF and a roll of 100,000 parcels in each format; writes build/bench/report.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.report

bench-market: ## Price indices and time adjustment on Seattle's sales; writes build/bench/market.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.market

bench-estimate: ## Compare the estimates of exports with what came of them; writes build/bench/estimate.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.estimate

bench-valuation: ## Our methods and tuned opponents evaluated on later sales of two counties; writes build/bench/valuation.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.valuation

bench-valuation-scale: ## Value a generated county of PARCELS=100000; writes build/bench/valuation_scale.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.valuation_scale

bench-valuation-job: ## Value a generated county of PARCELS=100000 as a job; writes build/bench/valuation_job.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.valuation_job

bench-queue: ## MINUTES=60 of long jobs with a queue behind them: restarts, warnings, waits; writes build/bench/queue.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.queue

load: ## USERS=100 people at once for DURATION=180 seconds, a queue of 10,000 and a million finished jobs; writes build/bench/load_web.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.load

resets: ## 50 kept connections with pauses, for DURATION=180 seconds: how many were closed, how many requests reset; writes build/bench/resets.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.resets

bench-coverage: ## How often intervals hold what they should, in REPLICATIONS=200 draws each (ONLY=name picks some); writes build/bench/coverage.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.coverage

chaos: ## TRIES=3 of each fault of processes, database, broker, disk, storage and clocks under real jobs (ONLY=name picks some); writes build/bench/chaos.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m benchmarks.chaos

mutants: ## Whether the tests of the core notice faults put into it (ONLY=part of a path picks modules); writes build/bench/mutants.json
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m tests.mutants

fuzz: ## Give each parser of what callers send SECONDS=60 of inputs that coverage finds (ONLY=name picks some); fails where one raises
	@terrafusion/setup/venv.sh dev
	@$(RUN) .venv/bin/python -m tests.fuzz

lock: ## Write requirements*.lock, the hashes of all that is pinned, after a change of requirements*.txt
	@.venv/bin/python -m terrafusion.setup.lock

image-check: ## Run the steps of docker/Dockerfile without Docker, in Debian by debootstrap (root, minutes), and ask its web process for its health
	@python3 -m terrafusion.setup.image_check

audit: ## Ask for known vulnerabilities of all that is pinned; needs a way to the vulnerability service
	@terrafusion/setup/venv.sh dev
	@.venv/bin/python -m terrafusion.setup.audit

sbom: ## Write build/sbom.json, the packages that run in production, as CycloneDX
	@terrafusion/setup/venv.sh dev
	@mkdir -p build && .venv/bin/cyclonedx-py requirements requirements.lock --output-reproducible --of JSON -o build/sbom.json

clean: ## Remove .venv, caches and built files; the database and the results stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build/bench build/demo build/image build/static build/mutants build/fuzz build/tests*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

purge: ## Also delete the private database, the results and the secret key: make purge CONFIRM=yes
	@if [ "$(CONFIRM)" != yes ]; then echo "This deletes the database and all results. Type: make purge CONFIRM=yes" >&2; exit 1; fi
	@python3 -m terrafusion.setup.postgres remove
	@$(MAKE) --no-print-directory clean
	@rm -rf build
