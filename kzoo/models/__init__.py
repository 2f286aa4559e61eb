"""Models: functions that return a `keras.Model` whose outputs are logits."""

from kzoo.models.lenet5 import lenet5
from kzoo.models.mlp import mlp
from kzoo.models.mnist_cnn import mnist_cnn
from kzoo.models.softmax_regression import softmax_regression

__all__ = ["lenet5", "mlp", "mnist_cnn", "softmax_regression"]
