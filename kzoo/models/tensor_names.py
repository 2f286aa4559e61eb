"""A model's weights under the names and in the layout that PyTorch's files have."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np

from kzoo.layers.layer_scale import LayerScale

_LEAVES = {
    "kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclasses.dataclass(frozen=True)
class Tensor:
    """One weight, as PyTorch sees it.

    Args:
        variable: Keras's variable.
        layer: The model's layer that it belongs to.
        shape: Its shape there.
    """

    variable: Any
    layer: keras.layers.Layer
    shape: tuple[int, ...]

    def to_torch(self) -> np.ndarray:
        """The value, in PyTorch's layout."""
        value = keras.ops.convert_to_numpy(self.variable)
        return np.ascontiguousarray(value.transpose(_axes(self.layer, self.variable)).reshape(self.shape))

    def from_torch(self, value: np.ndarray) -> np.ndarray:
        """A value of PyTorch's layout, in Keras's."""
        axes = _axes(self.layer, self.variable)
        kept = [self.variable.shape[axis] for axis in axes]
        return value.reshape(kept).transpose(np.argsort(axes))


def tensors_of(model: keras.Model) -> dict[str, Tensor]:
    """All weights that a PyTorch file would have, by name.

    A layer has the name that its module has there; `layer1.0.conv1/kernel` is `layer1.0.conv1.weight`. A weight that
    belongs to no module there, such as `pos_embed`, is that of a layer whose name ends alike. State of random numbers
    is no weight.

    >>> import kzoo
    >>> from kzoo.models.tensor_names import tensors_of
    >>> tensors = tensors_of(kzoo.create_model("resnet18", num_classes=10))
    >>> tensors["fc.weight"].shape, tensors["layer1.0.conv1.weight"].shape
    ((10, 512), (64, 64, 3, 3))
    """
    return {
        _name(layer, variable): Tensor(variable, layer, _shape(layer, variable))
        for layer in model.layers
        for variable in layer.weights
        if "seed_generator" not in variable.path
    }


def _name(layer: keras.layers.Layer, variable: Any) -> str:
    inner = variable.path.rpartition(f"{layer.name}/")[2].split("/")
    *modules, leaf = inner
    # A layer may say how its weights are called there; "" is a weight without a name beside the layer's.
    names = getattr(layer, "torch_names", {"scale": "gamma"} if isinstance(layer, LayerScale) else _LEAVES)
    leaf = names.get(leaf, leaf)
    path = ".".join([layer.name, *modules])
    return path if path.rpartition(".")[2] == leaf or not leaf else f"{path}.{leaf}"


def _axes(layer: keras.layers.Layer, variable: Any) -> list[int]:
    """Keras's axes in PyTorch's order: outputs, inputs, then places."""
    rank = len(variable.shape)
    if variable.path.rpartition("/")[2] != "kernel" or rank < 2:
        return list(range(rank))
    outputs, inputs = rank - 1, rank - 2
    if isinstance(
        layer, keras.layers.DepthwiseConv2D
    ):  # its kernel is height, width, channels, outputs of each
        outputs, inputs = inputs, outputs
    return [outputs, inputs, *range(rank - 2)]


def _shape(layer: keras.layers.Layer, variable: Any) -> tuple[int, ...]:
    shape = tuple(variable.shape[axis] for axis in _axes(layer, variable))
    if isinstance(layer, keras.layers.DepthwiseConv2D) and len(shape) == 4:
        return (shape[0] * shape[1], 1, *shape[2:])
    if len(shape) == 1 and variable.path.endswith("kernel"):
        return (1, 1, *shape)  # a convolution along the channels, of one channel
    return shape
