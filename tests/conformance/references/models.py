"""References of models."""

from __future__ import annotations

from ..golden import Golden
from .zoo import ZOO

# metric_learner is no classifier: tests/conformance/test_metric_learner.py.
MODELS = {
    **{name: Golden("models") for name in ("lenet5", "mlp", "mnist_cnn", "softmax_regression")},
    "metric_learner": Golden("margin_heads"),
    **ZOO,
}
