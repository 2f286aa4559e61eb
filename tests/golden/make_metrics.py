# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.9.1", "numpy"]
# ///
"""Metrics by scikit-learn: `uv run tests/golden/make_metrics.py` writes metrics.npz beside itself."""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import cohen_kappa_score

generator = np.random.default_rng(0)
golden = {"cohen_kappa.against": f"sklearn.metrics.cohen_kappa_score (scikit-learn {sklearn.__version__})"}
number = 0
for classes, count in ((2, 50), (5, 300)):
    for weighting in (None, "linear", "quadratic"):
        for weighted in (False, True):
            y_true = generator.integers(classes, size=count)
            wrong = generator.integers(classes, size=count)
            y_pred = np.where(generator.uniform(size=count) < 0.6, y_true, wrong)
            weight = generator.uniform(0.1, 2, size=count) if weighted else None
            value = cohen_kappa_score(y_true, y_pred, weights=weighting, sample_weight=weight)
            prefix = f"cohen_kappa.{number}"
            golden[f"{prefix}.arguments"] = json.dumps({"num_classes": classes, "weighting": weighting})
            golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = np.int8(y_true), np.int8(y_pred)
            golden[f"{prefix}.sample_weight"] = np.ones(count) if weight is None else weight
            golden[f"{prefix}.value"] = value
            number += 1
np.savez_compressed(Path(__file__).with_name("metrics.npz"), **golden)
