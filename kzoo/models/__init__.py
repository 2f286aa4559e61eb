"""Models: functions that return a `keras.Model` whose outputs are logits, or embeddings."""

from kzoo.models.lenet5 import lenet5
from kzoo.models.metric_learner import MetricLearner, metric_learner
from kzoo.models.mlp import mlp
from kzoo.models.mnist_cnn import mnist_cnn
from kzoo.models.softmax_regression import softmax_regression

__all__ = ["MetricLearner", "lenet5", "metric_learner", "mlp", "mnist_cnn", "softmax_regression"]
