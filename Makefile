# Two commands on a fresh machine: `make demo` and `make test`. The rest is for daily work.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
# Two processes, each with whole files of tests, in the order that tests/conftest.py gives them.
PARALLEL = -n 2 --dist loadfile --no-loadscope-reorder --durations=15
# What computes or trains; names, cards and documents are the same on every backend, and augmentations run in tf.data
# on any. tests/test_resume.py starts JAX itself.
ON_JAX = tests/conformance $(addprefix tests/test_,$(addsuffix .py,train keras_plugin pipeline wrong_recipes))
# Tests of parts that passed when `make proofs` ran, with the code, the tests, what is expected and the versions as they
# are now, needn't be repeated, but for each part's numbers on TensorFlow (tests/conformance/conftest.py).
# `make test UNPROVED=` repeats them. JAX compiles every operation for every shape, an hour for all: some it never runs.
NOT_ON_JAX = not extremes and not half_precision and not float64
UNPROVED ?= --unproved
export TF_CPP_MIN_LOG_LEVEL ?= 3
unexport PYTHONPATH

.PHONY: demo test quick lint format proofs signatures curves sizes migration benchmarks clean

demo: $(VENV)/demo  ## Train a digit recognizer on real MNIST digits.
	$(BIN)/kzoo train mnist_cnn

test: $(VENV)/dev lint  ## Lint, types, doctests, tests on TensorFlow, JAX and PyTorch.
	$(BIN)/python -m pytest tests $(UNPROVED) $(PARALLEL)
	$(BIN)/python -m pytest --doctest-modules kzoo
	KERAS_BACKEND=jax $(BIN)/python -m pytest $(ON_JAX) -m "not slow" -k "$(NOT_ON_JAX)" $(UNPROVED) $(PARALLEL)
	KERAS_BACKEND=torch $(BIN)/python -m pytest tests/conformance tests/test_keras_plugin.py $(UNPROVED) $(PARALLEL)

quick: $(VENV)/dev  ## The tests that take seconds; for while you work.
	$(BIN)/python -m pytest tests -m "not slow" -x

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proofs: $(VENV)/dev  ## Measure every part of ours that changed, on three backends, and write registry/proofs.json.
	$(BIN)/python tests/conformance/prove.py

signatures: $(VENV)/dev  ## Write what each part can be called with into its card.
	$(BIN)/python tests/signatures.py

curves: $(VENV)/dev  ## Compute what activations and schedules look like, for `kzoo show`.
	$(BIN)/python tests/curves.py

sizes: $(VENV)/dev  ## Count the weights and the products of new models of pictures, for `kzoo show`.
	$(BIN)/python tests/sizes.py

migration: $(VENV)/dev  ## Write docs/migration.md from the cards.
	$(BIN)/python docs/make_migration.py

benchmarks: $(VENV)/dev  ## What docs/benchmarks.md quotes; takes hours. With timm installed, also next to it.
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/no_toll.py
	$(BIN)/python benchmarks/input.py
	$(BIN)/python benchmarks/activations.py
	$(BIN)/python benchmarks/losses.py
	$(BIN)/python benchmarks/report.py digits_quick mnist_cnn digits_resnet20
	$(BIN)/python benchmarks/recipes.py digits_quick mnist_cnn mnist_best depth_shapes digits_arc_face
	$(BIN)/python benchmarks/optimizers.py --on resnet50
	$(BIN)/python benchmarks/optimizers.py --on resnet50 --xla
	$(BIN)/python benchmarks/optimizers.py --on small
	for size in 64 224; do $(BIN)/python benchmarks/zoo.py --size $$size; done
	$(BIN)/python benchmarks/zoo.py --backend jax
	$(BIN)/python benchmarks/zoo_keras.py
	$(BIN)/python benchmarks/zoo_memory.py
	$(BIN)/python benchmarks/diagnostics.py mnist_cnn mnist1d_cnn
	$(BIN)/python benchmarks/long_run.py
	$(BIN)/python benchmarks/nonfinite.py
	$(BIN)/python benchmarks/kills.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# torch: the version that the goldens were made with.
$(VENV)/dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --editable ".[dev,jax,datasets]"
	@touch $@ $(VENV)/demo

clean:
	rm -rf $(VENV) build dist *.egg-info
