# Two commands: `make run` and `make test`. Both set up the environment first.
SHELL := /bin/bash
PYTHON ?= python3
# The Pythons on which the weekly workflow runs the collection.
TRIED := 3.11 3.12 3.13
VENV := .venv
PAGES := .venv-pages
BIN := $(VENV)/bin
# Bytecode is written, and the linear algebra runs on one thread: both were measured to halve the time of a run.
unexport PYTHONDONTWRITEBYTECODE
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0
export TZ := UTC

# Two processes, each with whole files, so that what the tests of a file share is made once: a built site above all.
# Files start in the order of tests/conftest.py.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
THREE := -n 3 --dist loadfile --no-loadscope-reorder

# JupyterLab refuses to run as root, as containers do, without this.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: setup run pages test unit same lab site lint notebooks data-check contract audit

setup: $(VENV)/.installed

# Makes the folder of an environment, $(1), from a lock, $(2); the tests of the packages are taken out again.
define install
	@$(PYTHON) -c "import sys; v = '%d.%d' % sys.version_info[:2]; sys.exit(0 if v in '$(TRIED)'.split() else 'Python ' + v + ' is not tried: take one of $(TRIED), such as make $(MAKECMDGOALS) PYTHON=python3.11')"
	$(PYTHON) -m venv $(1)
	$(1)/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $(2)
	$(1)/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-build-isolation --editable .
	find $(1)/lib -path '*/site-packages/*' -type d -name tests -prune -exec rm -r {} +
endef

$(VENV)/.installed: requirements.lock pyproject.toml
	$(call install,$(VENV),requirements.lock)
	touch $@

# Builds the pages of the committed notebooks, without running them, in an environment of its own that is small: what only
# installs, and days and months in other languages, are taken out again.
pages: $(PAGES)/.installed
	PYTHONDONTWRITEBYTECODE=1 SUMMITS_RUNS=$(PAGES)/no_runs $(PAGES)/bin/summits site

$(PAGES)/.installed: requirements-pages.lock pyproject.toml
	$(call install,$(PAGES),requirements-pages.lock)
	$(PAGES)/bin/pip uninstall --quiet --yes setuptools pip
	find $(PAGES)/lib -path '*/babel/locale-data/*' ! -name 'en*' ! -name root.dat -delete
	touch $@

# Executes what is not fresh (papermill, two at a time) and builds the pages: _build/site/index.html
run: setup data-check
	$(BIN)/summits run -j 2
	$(BIN)/summits site

# Lint, all tests (the notebook gate among them), then nbval over every committed notebook, on forked kernels.
test: setup lint
	$(BIN)/pytest $(THREE) tests
	JUPYTER_DEFAULT_PROVISIONER_NAME=forked $(BIN)/pytest --nbval --nbval-current-env $(TWO) notebooks

# The quick loop while you write code: no kernel, no fork, no pages.
unit: setup
	$(BIN)/pytest $(TWO) tests/unit

# Every notebook under each linear algebra that this machine can imitate, with one and two threads: the same bytes.
# Other Pythons: make same PYTHONS="--python PLACE/bin/python --python ..."
same: setup
	$(BIN)/python tools/same.py $(PYTHONS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

site: setup
	$(BIN)/summits site

# Calls each live endpoint once and reports drift. make itself exits 2 on any failure: see docs/refreshing.md.
contract: setup
	$(BIN)/python tools/endpoints.py

# Licences of what is installed and known advisories of the lock; says so where these cannot be asked.
audit: setup
	$(BIN)/python tools/audit.py

data-check: setup
	$(BIN)/summits data check

# Executes the collection and puts the results in place of the committed notebooks.
notebooks: setup
	$(BIN)/ruff check --fix notebooks
	$(BIN)/ruff format notebooks
	$(BIN)/summits run -j 2 --publish

# Opens on the story. More options of JupyterLab: make lab LAB="--no-browser --ip=0.0.0.0"
lab: setup
	$(BIN)/jupyter lab $(AS_ROOT) $(LAB) notebooks/00_what_happened.ipynb
