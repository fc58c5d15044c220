# Everything from a fresh clone: each target makes .venv by itself where it is missing or out of date.
# Another Python than the first one found that is new enough: make test PYTHON=python3.13

.DEFAULT_GOAL := help
.PHONY: help book serve test format preview freeze bench requirements clean venv

PY := .venv/bin/python
CANDIDATES := python3 python3.13 python3.12 python3.11 python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Sets $$python to the first Python that is new enough, or ends with one line that says what is missing.
define find_python
	for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		seen="$$("$$python" -V 2>/dev/null)" && old="$$seen at $$(command -v "$$python")"; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "This book needs Python 3.11 or newer; found $${old:-no Python}. Name one with PYTHON=..." >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make a virtual environment: install its venv module (on Debian: apt install python3-venv)" >&2; exit 1; \
	fi
endef

# What .venv/installed holds when all is installed: where (a moved environment points elsewhere) and what.
STAMP = { pwd -P; cat requirements.txt pyproject.toml; }

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s%s\n", $$1, $$2}' Makefile

book: venv  ## the book: _book/index.html and its PDF
	@.venv/bin/superposition book

serve: venv  ## the built book on this machine, opened in a browser
	@.venv/bin/superposition book --serve

test: venv  ## the linter, then all tests; ARGS='tests/toy -x' runs some
	@.venv/bin/ruff check --quiet src tests && .venv/bin/ruff format --check --quiet src tests \
		|| { echo "make format mends what can be mended without thought" >&2; exit 1; }
	@$(PY) -m pytest -n auto --maxprocesses 4 --durations=10 --durations-min=5 $(ARGS)

format: venv  ## sort imports and lay out the code
	@.venv/bin/ruff check --quiet --fix src tests; .venv/bin/ruff format src tests

preview: venv  ## Quarto's live preview while writing
	@command -v quarto >/dev/null || { echo "make preview needs Quarto 1.10 on the PATH: https://quarto.org/docs/get-started" >&2; exit 1; }
	@quarto preview

freeze: venv  ## make stale assets, execute stale chapters; CHAPTER=toy/intro for one, fresh or not
	@$(PY) -m superposition.book.freeze $(CHAPTER)

bench: venv  ## speed against the reference techniques; ARGS=toy for one part
	@.venv/bin/superposition bench $(ARGS)

clean:  ## remove what was built; .venv and .work (checkpoints) stay
	@rm -rf _book .quarto .pytest_cache .hypothesis build
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv of the reader's own is kept and installed into; only a moved, half-made or broken one is made anew.
venv:
	@if $(STAMP) | cmp -s - .venv/installed && $(PY) -c ''; then exit 0; fi 2>/dev/null; \
	if [ -e .venv/unfinished ] || { [ -e .venv/installed ] && [ "$$(head -n 1 .venv/installed)" != "$$(pwd -P)" ]; } \
		|| ! $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		$(find_python); \
		echo "Making .venv with $$("$$python" -V): 3 GB on disk, and some minutes"; \
		rm -rf .venv && mkdir .venv && touch .venv/unfinished && "$$python" -m venv .venv || exit 1; \
	else \
		echo "Bringing .venv up to date with requirements.txt"; \
	fi; \
	$(PY) -m pip install --quiet -r requirements.txt && \
	$(PY) -m pip install --quiet --no-deps -e . && \
	$(STAMP) > .venv/stamp && mv .venv/stamp .venv/installed && rm -f .venv/unfinished

requirements:  ## pin pyproject.toml's dependencies into requirements.txt, from a fresh environment
	@$(find_python); \
	folder="$$(mktemp -d)" && trap 'rm -rf "$$folder"' EXIT && \
	"$$python" -m venv "$$folder/venv" && \
	"$$folder/venv/bin/python" -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*p["dependencies"], *p["optional-dependencies"]["test"], *p["optional-dependencies"]["cluster"], sep="\n")' \
		> "$$folder/direct.txt" && \
	"$$folder/venv/bin/python" -m pip install --quiet -r "$$folder/direct.txt" && \
	"$$folder/venv/bin/python" -m pip freeze --exclude setuptools > "$$folder/frozen.txt" && \
	{ echo "# The full pinned set of pyproject.toml's dependencies with the extras test and cluster, made by: make requirements"; \
	  grep -vE '^(nvidia-|cuda-|triton==|#|-)' "$$folder/frozen.txt" | sed 's/+.*//'; } > "$$folder/requirements.txt" && \
	mv "$$folder/requirements.txt" requirements.txt && \
	echo "requirements.txt: $$(grep -c == requirements.txt) packages"
