# Everything runs in virtual environments beside this file, from locks with hashes; a stamp in each tells which lock it has.

ifeq ($(origin PYTHON),undefined)
PYTHON = $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
endif

UV := .venv/bin/uv
VENVS := .venv-ministack/.stamp .venv-sam/.stamp .venv-checkov/.stamp .venv-contracts/.stamp
NODE := tests/contracts/node
EXPRESS := host/examples/express
MODULES := $(NODE)/node_modules/.stamp $(EXPRESS)/node_modules/.stamp web/node_modules/.stamp
WIRE := web/client/wire.d.ts
export UV_PYTHON_DOWNLOADS := never
# Container images like to turn bytecode off; here every process would compile all that it imports anew.
export PYTHONDONTWRITEBYTECODE :=
# What a target prints, a token say, is all that it prints, also when another make runs this one.
MAKEFLAGS += --no-print-directory
# uv brings its own certificates; the machine's, where it has some, also know a company's proxy.
ifneq ($(wildcard /etc/ssl/certs/* /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: help setup run reset token check quick operation template test bench bench-aws audit docs web examples release lock clean
.DELETE_ON_ERROR:

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.dev $(VENVS) $(MODULES) $(WIRE)  ## every virtual environment, and the tools of Node

run: .venv/.run .venv-ministack/.stamp  ## REST, WebSocket and their store on this machine, until Ctrl-C; ARGS=-q for no line a request
	@.venv/bin/python -m local run $(ARGS)

reset: .venv/.run  ## forget what `make run` has stored
	@.venv/bin/python -m local reset

# USER is in every environment; only the one on the command line names the person.
ifeq ($(origin USER),command line)
token: .venv/.run  ## a token for the local stack: USER=alice ROLE=teacher
	@.venv/bin/python -m local token --user '$(USER)' $(if $(ROLE),--role '$(ROLE)')
else
token:
	@echo 'Say for whom: make token USER=alice ROLE=teacher' >&2; exit 2
endif

check: .venv/.dev  ## format, lint, types
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/ruff check --quiet
	@.venv/bin/mypy --no-error-summary

quick: check .venv-ministack/.stamp  ## in about a minute: check, unit tests, and the functional tests of what differs from main
	@.venv/bin/python -m pytest -q -n auto --dist loadfile $(ARGS) $$(.venv/bin/python -m tools.quick)

operation: .venv/.dev  ## the first version of a new operation in all its places: NAME= ROUTE= ACTION=
	@.venv/bin/python -m tools.operation '$(NAME)' '$(ROUTE)' '$(ACTION)'
	@.venv/bin/ruff check --quiet --fix functions layers tests/functional && .venv/bin/ruff format --quiet functions layers tests/functional

template: .venv/.dev .venv-sam/.stamp .venv-checkov/.stamp  ## template.yaml and stacks/: sam validate, cfn-lint, checkov
	@.venv/bin/python -m tests.template.gate

# Temporary files are in memory where it has room: to delete those of the deployment test from a disk took a minute.
ROOM := awk '$$1 == "MemAvailable:" {free = $$2} END {exit !(free > 8000000)}' /proc/meminfo 2>/dev/null && [ -w /dev/shm ] && \
	df -Pk /dev/shm | awk 'NR == 2 {exit !($$4 > 4000000)}'

# The check runs beside the tests, because mypy without its cache would keep one processor idle. One run shows both.
# In the order of their folders (tests/conftest.py): what takes longest comes first, and the many small ones fill the gaps at the end.
test:  ## check and every test, the template's gate among them (tests/template/test_gate.py)
	@$(MAKE) -j 3 setup
	@export TMPDIR=$$(if $(ROOM); then mktemp -d -p /dev/shm parley-XXXXXX; else mktemp -d; fi); \
	said="$$TMPDIR/said"; trap 'rm -rf "$$TMPDIR"' EXIT; failed=; \
	$(MAKE) check >"$$said" 2>&1 & check=$$!; \
	.venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS) || failed="$$failed pytest"; \
	wait $$check || failed="$$failed check"; cat "$$said"; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

docs: .venv/.dev  ## both API documents and the table of parameters again, from the code
	@.venv/bin/python -m docs.generate

web: web/node_modules/.stamp $(WIRE)  ## web/dist and web/types: the web client in few files, minified, with its types
	@cd web && PATH="$(CURDIR)/.venv-contracts/bin:$$PATH" npm run --silent prepack

bench: setup  ## the budgets, measured
	@.venv/bin/python -m bench

bench-aws: .venv/.dev  ## send, list, history, unread, delivery against a deployed stack: URL= WS_URL= and TOKENS= or JWT_SECRET=
	@.venv/bin/python -m bench.aws $(URL) $(WS_URL)

COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make lock'

lock: .venv/.uv  ## the locks again, from the *.in beside them; ARGS=--upgrade for newer versions
	$(COMPILE) $(ARGS) layers/shared/requirements.in -o layers/shared/requirements.txt
	$(COMPILE) $(ARGS) -c layers/shared/requirements.txt layers/media/requirements.in -o layers/media/requirements.txt
	$(COMPILE) $(ARGS) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) $(ARGS) -c layers/shared/requirements.txt -c layers/media/requirements.txt -c requirements/uv.txt requirements/run.in -o requirements/run.txt
	$(COMPILE) $(ARGS) -c requirements/run.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) $(ARGS) requirements/ministack.in -o requirements/ministack.txt
	$(COMPILE) $(ARGS) requirements/sam.in -o requirements/sam.txt
	$(COMPILE) $(ARGS) requirements/checkov.in -o requirements/checkov.txt
	$(COMPILE) $(ARGS) requirements/contracts.in -o requirements/contracts.txt
	for folder in $(NODE) $(EXPRESS) web; do (cd "$$folder" && PATH="$(CURDIR)/.venv-contracts/bin:$$PATH" \
		npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund) || exit; done

audit: .venv/.dev  ## orphans among a deployed stack's attachments: STACK=parley, and ARGS=--repair
	@.venv/bin/python -m tools.audit_attachments --stack '$(or $(STACK),parley)' $(ARGS)

examples: .venv/.dev .venv-ministack/.stamp  ## docs/examples.json again, from tests that run: those that are stale, or ARGS=all
	@PYTHONPATH=layers/shared:layers/media:functions .venv/bin/python -m docs.examples $(ARGS)
	@.venv/bin/python -m docs.generate

release: .venv/.dev  ## keep this version's templates, code and rows in releases/, for the next one to be tested against
	@folder=releases/$$(.venv/bin/python -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])'); \
	mkdir -p "$$folder" && cp -R template.yaml stacks "$$folder" && \
	PYTHONPATH=layers/shared:layers/media:functions .venv/bin/python -m tests.functional.last_release "$$folder" >/dev/null && echo "$$folder"

clean:  ## every virtual environment and cache away; what `make run` has stored stays
	rm -rf $(NODE)/node_modules $(EXPRESS)/node_modules web/node_modules $(WIRE) web/types web/dist .venv .venv-* .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.uv: requirements/uv.txt
	@python='$(PYTHON)'; \
	"$${python:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Parley needs Python 3.11 or newer, and $${python:-python3} is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Parley needs Python's venv module, which $$python has not: apt install python3-venv" >&2; exit 1; }; \
	"$$python" -m venv --clear .venv && \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

.venv/.run: requirements/run.txt .venv/.uv
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes $<
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes $<
	@touch $@

.venv-%/.stamp: requirements/%.txt .venv/.uv
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-$*
	@$(UV) pip sync --quiet --python .venv-$*/bin/python --require-hashes $<
	@touch $@

# Node itself is a wheel in .venv-contracts. The scripts of packages do not run: none of these needs them.
%/node_modules/.stamp: %/package-lock.json .venv-contracts/.stamp
	@cd $* && PATH="$(CURDIR)/.venv-contracts/bin:$$PATH" \
		npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

# TypeScript's types of all that goes over the wire.
$(WIRE): docs/openapi.json docs/asyncapi.json web/tools/wire.mjs web/node_modules/.stamp
	@PATH="$(CURDIR)/.venv-contracts/bin:$$PATH" node web/tools/wire.mjs
