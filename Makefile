# make run          hold a conversation (CONFIG=file.yaml, ARGS='--demo' or any other arguments)
# make test         all tests
# make lint format  ruff and mypy
# make bench        measure the limits, and Pipecat and LiveKit Agents beside us
# make chaos        a conversation while everything is broken (TURNS=50 SEED=1)
# make fuzz         20,000 odd messages, frames, configs and schemas of each kind (CASES=20000)
# make clients      the newest SDKs and frameworks of others against the simulator
# make pictures     the pictures of the README, from a run of the demo (needs Chromium)
# make clean        remove what these made

VENV := .venv
BIN := $(VENV)/bin
CONFIG ?=
ARGS ?=
TURNS ?= 50
SEED ?= 1
# The newest interpreter of a supported version that can make a virtual environment: from 3.12 on
# the processes share more of their memory (docs/operating.md). pyenv hides those not chosen.
PYENV := $(HOME)/.pyenv/versions
PYTHON ?= $(shell for p in python3.13 $(wildcard $(PYENV)/3.13.*/bin/python3) \
	python3.12 $(wildcard $(PYENV)/3.12.*/bin/python3) python3 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$p && break; done)
# What apt installs: PortAudio for sound; PulseAudio and PipeWire for the tests of devices; systemd
# for those of units; npm, if there is none from elsewhere, for those of the JavaScript SDK and of
# the page.
RUN_PACKAGES := libportaudio2
TEST_PACKAGES := $(RUN_PACKAGES) systemd pulseaudio pulseaudio-utils libasound2-plugins \
	pipewire pipewire-pulse wireplumber dbus-daemon \
	$(shell command -v npm >/dev/null || echo npm)
PIP := $(BIN)/pip --disable-pip-version-check --quiet

# Where an environment asks for this, each process of each test would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint format bench chaos fuzz clients pictures clean system-run system-test
.DELETE_ON_ERROR:

run: $(VENV)/.run system-run
	$(BIN)/greenroom run $(CONFIG) $(ARGS)

test: $(VENV)/.dev system-test
	$(BIN)/pytest -n 3 --dist worksteal --ignore tests/devices
	# A sound card does not wait for processors that other tests keep busy: one at a time.
	$(BIN)/pytest tests/devices

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/python -m pipeline.cli.pages docs
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

chaos: $(VENV)/.dev
	$(BIN)/python -m benchmarks.chaos $(TURNS) $(SEED)

fuzz: $(VENV)/.dev
	FUZZ_CASES=$(or $(CASES),20000) $(BIN)/pytest -n auto -k "fuzz" tests/pipeline tests/backends

clients: $(VENV)/.dev
	$(BIN)/pytest -m slow -s -v tests/clients

pictures: $(VENV)/.dev
	$(BIN)/python -m actors.cli.pictures docs

clean:
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 with venv is needed: install it, or name one with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	PIP_CONSTRAINT=constraints.txt $(PIP) install --config-settings editable_mode=compat -e '.[device,gateway,simulator,record,top]'
	touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	PIP_CONSTRAINT=constraints.txt $(PIP) install --config-settings editable_mode=compat -e '.[device,simulator,dev]'
	touch $@ $(VENV)/.run

# Install Debian packages where that is allowed; otherwise say what is missing and go on.
define install_packages
	@missing=""; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	test -z "$$missing" && exit 0; \
	if command -v apt-get >/dev/null; then \
	  if test "$$(id -u)" = 0; then apt="env"; \
	  elif sudo -n true 2>/dev/null; then apt="sudo"; else apt=""; fi; \
	  if test -n "$$apt"; then \
	    ( $$apt apt-get -qq update && DEBIAN_FRONTEND=noninteractive $$apt apt-get -qq install -y \
	      --no-install-recommends $$missing ) >/dev/null 2>&1 && exit 0; \
	  fi; \
	fi; \
	echo "missing system packages:$$missing - $(2)"
endef

system-run:
	$(call install_packages,$(RUN_PACKAGES),without them there is no microphone and no speaker)

system-test:
	$(call install_packages,$(TEST_PACKAGES),without them their tests fail)
