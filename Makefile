# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check format docs bench bench-main bench-budget bench-serving bench-wheel clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: $(READY)  ## Fine-tune, prove, serve and ask, on real data
	$(BIN)/python scripts/demo.py

test: check  ## All checks and tests
	$(BIN)/pytest -q

check: $(READY)  ## Format, lint, types, import contracts, generated docs
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/make_docs.py --check

format: $(READY)
	$(BIN)/ruff format -q .
	$(BIN)/ruff check -q --fix .

docs: $(READY)  ## Write the pages that are generated from code
	$(BIN)/python scripts/make_docs.py

bench: bench-main bench-budget bench-serving bench-wheel

bench-main: $(READY)  ## The main job's bars; one set with SET=banking77
	$(BIN)/python -m benchmarks.main $(if $(SET),--set $(SET))

bench-budget: $(READY)  ## Score against seconds beside the rivals, in two hours; one set with SET=banking77
	$(BIN)/python -m benchmarks.budget $(if $(SET),--set $(SET))

bench-serving: $(READY)  ## Serving beside its rivals, under overload and faults, in forty minutes; one part with PART=load
	$(BIN)/python -m benchmarks.serving $(if $(PART),--part $(PART))

bench-wheel: $(READY)  ## A year of the wheel on real data, in ninety minutes; one stream with STREAM=vader
	$(BIN)/python -m benchmarks.wheel $(if $(STREAM),--stream $(STREAM))

clean:
	rm -rf $(VENV) demo-data demo-workspace build dist
