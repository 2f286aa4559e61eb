# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy", "scikit-learn==1.9.1", "pytorch-metric-learning==2.9.0"]
# ///
"""Recall among neighbours by others: `uv run tests/golden/make_retrieval.py` writes retrieval.npz beside itself.

With one neighbour that is pytorch_metric_learning's precision_at_1; with more the neighbours are scikit-learn's.
"""

import json
from pathlib import Path

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.neighbors import NearestNeighbors

DIM, ROWS, CLASSES = 4, 60, 9
generator = np.random.default_rng(0)
golden = {
    "recall_at_k.against": "pytorch_metric_learning AccuracyCalculator 2.9.0, scikit-learn NearestNeighbors 1.9.1"
}


def by_pytorch_metric_learning(labels, rows):
    calculator = AccuracyCalculator(("precision_at_1",), k=1, knn_func=CustomKNN(CosineSimilarity()))
    return calculator.get_accuracy(torch.tensor(rows), torch.tensor(labels))["precision_at_1"]


def by_scikit_learn(labels, rows, k, metric):
    _, found = NearestNeighbors(n_neighbors=k, metric=metric).fit(rows).kneighbors()
    hits = (labels[found] == labels[:, None]).any(axis=1)
    return hits[np.bincount(labels)[labels] > 1].mean()


for number, arguments in enumerate(({}, {"k": 3, "distance": "euclidean"}, {"k": 2, "capacity": 80})):
    labels = generator.integers(0, CLASSES, size=ROWS)
    labels[0] = CLASSES  # alone
    rows = generator.normal(size=(CLASSES + 1, DIM))[labels] + 0.7 * generator.normal(size=(ROWS, DIM))
    k, metric = arguments.get("k", 1), arguments.get("distance", "cosine")
    value = by_scikit_learn(labels, rows, k, metric)
    if k == 1:
        assert abs(value - by_pytorch_metric_learning(labels, rows)) < 1e-12
    prefix = f"recall_at_k.{number}"
    golden[f"{prefix}.arguments"] = json.dumps({"dim": DIM, **arguments})
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = labels, rows
    golden[f"{prefix}.value"] = value
np.savez_compressed(Path(__file__).with_name("retrieval.npz"), **golden)
