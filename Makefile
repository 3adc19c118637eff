# Every target makes .venv ready by itself, at most once (scripts/setup.sh). ARGS="..." is passed on.
# PYTHON=... names a Python, TORCH_INDEX=... a package index for torch's builds.

bin := .venv/bin
export PYTHON TORCH_INDEX

.PHONY: help demo test test-slow check fix docs bench-quality notebooks constraints

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## rendered sea scenes, then check, train, evaluate, predict, report: about three minutes
	@scripts/setup.sh train
	$(bin)/unetkit demo --overwrite $(ARGS)

test: ## all tests but the slow ones
	@scripts/setup.sh train,dev
	OMP_NUM_THREADS=1 $(bin)/python -m pytest -n 2 -m "not slow" --ignore tests/docs $(ARGS)

test-slow: ## the slow tests: whole journeys, real data, time budgets, and the controls of the fault tests
	@scripts/setup.sh train,dev
	OMP_NUM_THREADS=1 $(bin)/python -m pytest -m "slow or control" --timeout 900 $(ARGS)

check: ## format, lint, types, import order, sizes and words of the house, and every command in the documentation
	@scripts/setup.sh train,dev
	$(bin)/ruff format --check
	$(bin)/ruff check
	$(bin)/pyright
	$(bin)/lint-imports
	OMP_NUM_THREADS=1 $(bin)/python -m pytest -n 2 -q tests/house tests/docs

fix: ## what the tools can mend by themselves
	@scripts/setup.sh train,dev
	$(bin)/ruff check --fix
	$(bin)/ruff format

docs: ## the documentation as a site, in site/
	@scripts/setup.sh train,docs
	$(bin)/zensical build --clean

bench-quality: ## the scores on the real data sets, in the background: about 50 minutes, resumable
	@scripts/setup.sh train,dev
	@mkdir -p runs/quality
	@nohup $(bin)/python benchmarks/quality.py $(ARGS) >runs/quality/log.txt 2>&1 &
	@echo "it runs in the background; to look on: tail -f runs/quality/log.txt"

notebooks: ## the notebooks in examples/, from their text
	@scripts/setup.sh train,dev
	$(bin)/jupytext --to ipynb examples/*.py

constraints: ## pin what is installed in .venv into constraints.txt
	$(bin)/python scripts/pin.py > constraints.txt.new && mv constraints.txt.new constraints.txt
