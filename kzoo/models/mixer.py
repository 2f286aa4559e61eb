"""Mixers: no attention; what patches tell each other are dense layers along them (MLP-Mixer, gMLP, ResMLP)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.layers.layer_scale import LayerScale
from kzoo.models.convolution import LAYER_NORM, activate, normalize
from kzoo.models.picture_model import picture_model
from kzoo.models.transformer_block import as_map, as_sequence, dense, mlp, patches, residual

_STAGES = 3
_GATE_NORM = {"name": "layer_normalization", "epsilon": 1e-5}


@picture_model(head=("norm", "head"))
def mixer(
    x,
    num_classes,
    block: str = "mixer",
    patch_size: int = 16,
    dim: int = 512,
    depth: int = 8,
    token_ratio: float = 0.5,
    mlp_ratio: float = 4.0,
    layer_scale: float = 1e-4,
    activation="gelu",
    norm=LAYER_NORM,
    drop_rate: float = 0.0,
    drop_path: float = 0.0,
):
    """A network of dense layers along patches and along channels in turn (Tolstikhin et al. 2021).

    Args:
        block: "mixer", an MLP along the patches and one along the channels; "resmlp", one dense layer along the patches
            and an MLP along the channels, with factors on both; or "gmlp", an MLP whose hidden layer is gated by what
            a dense layer along the patches says.
        patch_size: Height and width of a patch; patches must fill the picture.
        dim: Length of a token.
        depth: Blocks.
        token_ratio: How many times `dim` the hidden layer along the patches has, in a mixer.
        mlp_ratio: How many times `dim` the hidden layer along the channels has.
        layer_scale: What ResMLP's factors start from.
        activation: Activation by name, mapping or callable.
        norm: Normalization by name, mapping or layer; where none is said ResMLP has a factor and a term instead.
        drop_rate: Rate of the dropout before the classifier.
        drop_path: Probability with which each path is skipped in training, the same for all blocks.

    Returns:
        A `keras.Model` from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or see
        `kzoo.models.picture_model`. Its stages are the last three blocks, as maps of patches, not normalized.

    Raises:
        ValueError: If an argument is out of range, or patches don't fill the pictures.

    Paper: Tolstikhin et al. 2021, MLP-Mixer: An all-MLP Architecture for Vision, arXiv:2105.01601; Liu et al. 2021
    (gMLP, arXiv:2105.08050); Touvron et al. 2021 (ResMLP, arXiv:2105.03404).

    What differs: layers are named, and numbers come out, as in timm. The size of the pictures is part of the weights:
    those of another size can't be loaded.

    >>> from kzoo.models import mixer
    >>> mixer(patch_size=32).count_params()
    19104624
    """
    blocks = {"mixer": _mixer_block, "resmlp": _resmlp_block, "gmlp": _gmlp_block}
    if block not in blocks:
        raise ValueError(f'`block` must be "mixer", "resmlp" or "gmlp". Received: block={block!r}')
    if block == "resmlp" and norm == LAYER_NORM:
        norm = Affine
    x = patches(x, dim, patch_size, "stem.proj", kernel_initializer="lecun_normal")
    grid = tuple(x.shape[1:3])
    x = as_sequence(x, "stem.flatten")
    style = {"activation": activation, "norm": norm, "drop_path": drop_path, "hidden": int(dim * mlp_ratio)}
    own = {"mixer": {"token_hidden": int(dim * token_ratio)}, "resmlp": {"layer_scale": layer_scale}}
    stages = []
    for index in range(depth):
        x = blocks[block](x, f"blocks.{index}", **style, **own.get(block, {}))
        if index >= depth - _STAGES:
            stages.append(as_map(x, grid, f"blocks.{index}.map"))

    def head():
        pooled = keras.layers.GlobalAveragePooling1D(name="global_pool")(normalize(x, norm, "norm"))
        if drop_rate:
            pooled = keras.layers.Dropout(drop_rate, name="head_drop")(pooled)
        return dense(pooled, num_classes, "head", kernel_initializer="zeros") if num_classes else pooled

    return stages, head


def _mixer_block(
    x: Any, name: str, activation: Any, norm: Any, drop_path: float, hidden: int, token_hidden: int
) -> Any:
    """An MLP along the patches, alike for all channels, then one along the channels, alike for all patches."""
    turned = keras.layers.Permute((2, 1), name=f"{name}.turn")(normalize(x, norm, f"{name}.norm1"))
    mixed = mlp(turned, token_hidden, activation, f"{name}.mlp_tokens", "glorot_uniform")
    mixed = keras.layers.Permute((2, 1), name=f"{name}.turn_back")(mixed)
    x = residual(x, mixed, name, 1, drop_path)
    thought = normalize(x, norm, f"{name}.norm2")
    thought = mlp(thought, hidden, activation, f"{name}.mlp_channels", "glorot_uniform")
    return residual(x, thought, name, 2, drop_path)


def _resmlp_block(
    x: Any, name: str, activation: Any, norm: Any, drop_path: float, hidden: int, layer_scale: float
) -> Any:
    """A dense layer along the patches, then an MLP along the channels."""
    mixed = _along_patches(normalize(x, norm, f"{name}.norm1"), f"{name}.linear_tokens")
    x = residual(x, Factors(layer_scale, name=f"{name}.ls1")(mixed), name, 1, drop_path)
    thought = normalize(x, norm, f"{name}.norm2")
    thought = mlp(thought, hidden, activation, f"{name}.mlp_channels", "glorot_uniform")
    return residual(x, Factors(layer_scale, name=f"{name}.ls2")(thought), name, 2, drop_path)


def _gmlp_block(x: Any, name: str, activation: Any, norm: Any, drop_path: float, hidden: int) -> Any:
    """An MLP whose hidden layer's one half is gated by the other, which has seen all patches."""
    inner, dim = f"{name}.mlp_channels", x.shape[-1]
    thought = dense(
        normalize(x, norm, f"{name}.norm"), hidden, f"{inner}.fc1", kernel_initializer="glorot_uniform"
    )
    thought = activate(thought, activation, f"{inner}.act")
    kept, gate = thought[..., : hidden // 2], thought[..., hidden // 2 :]
    gate = normalize(gate, _GATE_NORM if norm == LAYER_NORM else norm, f"{inner}.gate.norm")
    # The gate begins as 1, so that a block begins as an ordinary MLP.
    gate = _along_patches(gate, f"{inner}.gate.proj", keras.initializers.RandomNormal(stddev=1e-6), "ones")
    thought = keras.layers.Multiply(name=f"{inner}.gate.scale")([kept, gate])
    return residual(
        x, dense(thought, dim, f"{inner}.fc2", kernel_initializer="glorot_uniform"), name, "", drop_path
    )


def _along_patches(x: Any, name: str, kernel_initializer: Any = "glorot_uniform", bias: str = "zeros") -> Any:
    """A dense layer from all patches to as many, alike for all channels."""
    x = keras.layers.Permute((2, 1), name=f"{name}.turn")(x)
    layer = keras.layers.Dense(
        x.shape[-1], kernel_initializer=kernel_initializer, bias_initializer=bias, name=name
    )
    return keras.layers.Permute((2, 1), name=f"{name}.turn_back")(layer(x))


@keras.saving.register_keras_serializable("kzoo")
class Affine(keras.layers.Layer):
    """A learned factor and a learned term for each channel, without any statistics: ResMLP's normalization.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call it with a floating-point tensor `(batch, length, channels)`; the result has the same shape and dtype.

    Paper: Touvron et al. 2021, ResMLP: Feedforward networks for image classification with data-efficient training,
    arXiv:2105.03404.
    """

    torch_names = {}  # noqa: RUF012 - `beta` is so called there too

    def build(self, input_shape):
        shape = (*[1] * (len(input_shape) - 1), input_shape[-1])
        self.alpha = self.add_weight(shape=shape, initializer="ones", name="alpha")
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")

    def call(self, inputs):
        return inputs * ops.cast(self.alpha, inputs.dtype) + ops.cast(self.beta, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("kzoo")
class Factors(LayerScale):
    """`LayerScale`, whose weight has no name beside the layer's in published files."""

    torch_names = {"scale": ""}  # noqa: RUF012
