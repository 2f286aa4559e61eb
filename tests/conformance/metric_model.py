"""One model that has all metrics of a kind of data at once: training it and evaluating it measures them together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .golden import Case
from .gradients import BACKEND, as_float64
from .metric_inputs import data, weight_of
from .training import saved_and_loaded

# The last batch is a small one; not on JAX, where it would be compiled anew.
ROWS, BATCH = (20 if BACKEND == "jax" else 25), 10
Makers = dict[str, Callable[[], keras.metrics.Metric]]


def rows(case: Case) -> tuple[np.ndarray, ...]:
    """A case's targets, predictions and weights, cut or repeated to the same number of samples for every metric."""
    arrays = *data(case)[:2], weight_of(case)
    single = (each.astype("float32") if each.dtype.kind == "f" else each for each in arrays)
    return tuple(np.resize(each, (ROWS, *each.shape[1:])) for each in single)


def in_one_pass(makers: Makers, cases: dict[str, Case]) -> dict[str, np.ndarray]:
    """What each metric says when it is given everything at once, without a model."""
    results = {}
    for name, make in makers.items():
        metric = make()
        metric.update_state(*rows(cases[name]))
        results[name] = as_float64(metric.result())
    return results


def in_a_model(
    makers: Makers, cases: dict[str, Case], evaluate: bool = True, folder: Path | None = None
) -> list[dict[str, np.ndarray]]:
    """What each metric says after an epoch of training in batches, then after evaluating, then after loading.

    The model hands its inputs on as outputs, so that training it doesn't change what the metrics see.

    Args:
        makers: How each metric is made.
        cases: The data of each.
        evaluate: Whether to evaluate as well.
        folder: Where the model is saved and loaded, to evaluate once more.
    """
    given = {name: rows(case) for name, case in cases.items()}
    inputs = {name: keras.Input(p.shape[1:], dtype=p.dtype, name=name) for name, (_, p, _) in given.items()}
    outputs = {name: keras.layers.Identity(name=f"{name}_out")(each) for name, each in inputs.items()}
    inputs["trained"] = keras.Input((2,), name="trained")
    outputs["trained"] = keras.layers.Dense(1, name="trained_out")(inputs["trained"])
    given["trained"] = np.ones((ROWS, 1)), np.ones((ROWS, 2), "float32"), np.ones(ROWS, "float32")
    y, x, weight = ({name: each[at] for name, each in given.items()} for at in range(3))
    model = keras.Model(inputs, outputs)
    model.compile(
        "sgd",
        {"trained": "mse"},
        weighted_metrics={name: make() for name, make in makers.items()},
        jit_compile=False,
    )
    options: dict[str, Any] = {"sample_weight": weight, "batch_size": BATCH, "verbose": 0}
    history = model.fit(x, y, shuffle=False, **options).history
    logs = [{key: each[0] for key, each in history.items()}]
    if evaluate:
        logs.append(model.evaluate(x, y, return_dict=True, **options))
    if folder:
        logs.append(saved_and_loaded(model, folder).evaluate(x, y, return_dict=True, **options))
    return [
        {name: as_float64(each[key]) for name in makers for key in each if key.startswith(f"{name}_measured")}
        for each in logs
    ]
