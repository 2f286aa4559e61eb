# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.9.1", "scipy==1.17.1", "torchmetrics==1.9.0", "torch==2.13.0", "numpy"]
# ///
"""Metrics of numbers by SciPy, scikit-learn and torchmetrics: `uv run tests/golden/make_regression_metrics.py`.

It writes regression_metrics.npz beside itself. Weights are whole numbers: what has no weights is given each sample
that many times.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import scipy
import sklearn
import torch
import torchmetrics
from scipy import stats
from sklearn.metrics import explained_variance_score
from torchmetrics.functional import regression as tm

generator = np.random.default_rng(0)
versions = {
    "sklearn": sklearn.__version__,
    "scipy": scipy.__version__,
    "torchmetrics": torchmetrics.__version__,
}
golden = {}


def case(part, source, reference, data, weight=None, **arguments):
    """Keeps one case; the reference is called with samples that are there as often as they weigh."""
    package = source.partition(".")[0]
    golden[f"{part}.against"] = f"{source} ({package} {versions[package]})"
    number = sum(key.startswith(f"{part}.") and key.endswith(".value") for key in golden)
    times = np.ones(len(next(iter(data.values()))), int) if weight is None else weight
    value = reference(*(np.repeat(each, times, axis=0).astype("float64") for each in data.values()))
    kept = {"arguments": json.dumps(arguments), **data, "value": np.float64(value)}
    if weight is not None:
        kept["sample_weight"] = np.float32(weight)
    golden.update({f"{part}.{number}.{key}": each for key, each in kept.items()})


def times(count):
    return generator.integers(4, size=count)


def numbers(*shape, offset=0.0):
    y_true = generator.normal(size=shape) + offset
    return {"y_true": np.float32(y_true), "y_pred": np.float32(y_true + generator.normal(size=shape))}


def with_ties(*shape):
    return {key: np.round(each * 2) for key, each in numbers(*shape).items()}


def by_column(function):
    return lambda y, p: np.mean([function(*pair) for pair in zip(y.T, p.T)])


def torch_of(function):
    return lambda y, p: function(torch.tensor(p), torch.tensor(y)).numpy()


def spearman(y, p):
    return stats.spearmanr(y, p).statistic


def kendall(variant):
    return lambda y, p: stats.kendalltau(y, p, variant=variant).statistic


case("spearman", "scipy.stats.spearmanr", spearman, numbers(40), capacity=40)
case("spearman", "scipy.stats.spearmanr", spearman, with_ties(40), times(40), capacity=40)
case(
    "spearman",
    "scipy.stats.spearmanr",
    by_column(spearman),
    with_ties(40, 3),
    times(40),
    num_outputs=3,
    capacity=40,
)
case("kendall", "scipy.stats.kendalltau", kendall("b"), with_ties(40), times(40), capacity=40)
case(
    "kendall", "scipy.stats.kendalltau", by_column(kendall("b")), with_ties(40, 2), num_outputs=2, capacity=40
)
case("kendall", "scipy.stats.kendalltau", kendall("c"), with_ties(40), times(40), variant="c", capacity=40)
source = "sklearn.metrics.explained_variance_score"
case("explained_variance", source, explained_variance_score, numbers(40, offset=100), times(40))
for multioutput in ("variance_weighted", "raw_values"):
    function = partial(explained_variance_score, multioutput=multioutput)
    data = numbers(40, 3, offset=np.array([0, 10, -40]))
    case("explained_variance", source, function, data, times(40), num_outputs=3, multioutput=multioutput)
source = "torchmetrics.functional.regression.symmetric_mean_absolute_percentage_error"
smape = torch_of(tm.symmetric_mean_absolute_percentage_error)
case("smape", source, smape, numbers(40), times(40))
case("smape", source, smape, numbers(40, 3, offset=2))
source = "torchmetrics.functional.regression.weighted_mean_absolute_percentage_error"
wmape = torch_of(tm.weighted_mean_absolute_percentage_error)
case("wmape", source, wmape, numbers(40), times(40))
case("wmape", source, wmape, numbers(40, 3, offset=2))
for part, function in (("geometric_mean", stats.gmean), ("harmonic_mean", stats.hmean)):
    source = f"scipy.stats.{function.__name__}"
    case(part, source, function, {"values": np.float32(generator.uniform(0.1, 9, size=40))}, times(40))
    case(
        part,
        source,
        partial(function, axis=None),
        {"values": np.float32(generator.uniform(0.1, 9, size=(40, 3)))},
    )

np.savez_compressed(Path(__file__).with_name("regression_metrics.npz"), **golden)
