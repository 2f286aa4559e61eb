"""References of models."""

from __future__ import annotations

from ..golden import Golden

MODELS = {name: Golden("models") for name in ("lenet5", "mlp", "mnist_cnn", "softmax_regression")}
