"""Depthwise convolution of our networks against Keras's own: results, both gradients, dtypes, save and load."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.models.depthwise import DepthwiseConv2D
from tests.conformance.gradients import as_float64, distance, double_precision, value_and_gradient

BACKEND = keras.backend.backend()
WINDOWS = [
    {"kernel_size": 3},
    {"kernel_size": 5, "strides": 2},
    {"kernel_size": 3, "strides": 2, "padding": "valid"},
    {"kernel_size": (2, 5), "padding": "valid"},
    {"kernel_size": 2, "strides": 3},
    {"kernel_size": 3, "dilation_rate": 2, "use_bias": False},
    {"kernel_size": 1, "activation": "relu"},
    {"kernel_size": 3, "depth_multiplier": 2},
]


def _pair(window, channels=6, dtype=None):
    """Ours and Keras's with the same weights, and pictures of odd sizes."""
    window = {"padding": "same", **window, "dtype": dtype}
    ours, theirs = DepthwiseConv2D(**window), keras.layers.DepthwiseConv2D(**window)
    pictures = np.random.default_rng(0).normal(size=(3, 11, 8, channels)).astype("float32")
    for layer in (ours, theirs):
        layer.build(pictures.shape)
    weights = [np.random.default_rng(1).normal(size=each.shape) for each in ours.weights]
    for layer in (ours, theirs):
        layer.set_weights(weights)
    return ours, theirs, pictures


def _weighted(results):
    """Each result with a factor of its own, so that gradients tell places apart."""
    factors = np.random.default_rng(2).normal(size=results.shape)
    return results * ops.convert_to_tensor(factors, results.dtype)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_results_and_gradients_are_those_of_keras(window):
    ours, theirs, pictures = _pair(window)
    measured, expected = (
        value_and_gradient(lambda x, layer=layer: _weighted(layer(x)), pictures) for layer in (ours, theirs)
    )
    for mine, right in zip(measured, expected, strict=True):
        assert mine.shape == right.shape
        assert distance(mine, right) < 1e-5

    def of_kernel(layer):
        def run(kernel):
            with keras.StatelessScope(state_mapping=[(layer.kernel, kernel)]):
                return _weighted(layer(ops.convert_to_tensor(pictures)))

        return value_and_gradient(run, ops.convert_to_numpy(theirs.kernel))[1]

    assert distance(of_kernel(ours), of_kernel(theirs)) < 1e-4  # sums over all places


@pytest.mark.skipif(BACKEND != "jax", reason="the loops are for JAX")
@pytest.mark.parametrize(("dtype", "bits"), [("float16", 11), ("bfloat16", 8)])
def test_half_precision_is_rounded_once(dtype, bits):
    ours, theirs, pictures = _pair({"kernel_size": 7, "use_bias": False}, dtype=dtype)
    exact = _pair({"kernel_size": 7, "use_bias": False})[1]
    exact.set_weights([ops.cast(each, "float32") for each in ours.weights])
    half = ops.cast(pictures, dtype)
    results = ours(half)
    assert results.dtype == theirs(half).dtype == dtype
    assert distance(as_float64(results), as_float64(exact(ops.cast(half, "float32")))) < 1.01 * 2**-bits


def test_sizes_may_be_unknown_and_a_saved_model_is_the_same(tmp_path):
    inputs = keras.Input((None, None, 6))
    model = keras.Model(inputs, DepthwiseConv2D(3, strides=2, padding="same")(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for size in (8, 11):
        pictures = np.random.default_rng(0).normal(size=(2, size, size, 6)).astype("float32")
        results = model.predict(pictures, verbose=0)
        assert results.shape == (2, -(-size // 2), -(-size // 2), 6)
        np.testing.assert_array_equal(again.predict(pictures, verbose=0), results)


@pytest.mark.skipif(BACKEND != "jax", reason="the loops are for JAX")
def test_on_a_cpu_no_convolution_is_left_and_elsewhere_it_is_one():
    import jax

    layer, _, pictures = _pair({"kernel_size": 3})

    def total(x):
        return layer(x).sum()

    program = jax.jit(jax.grad(total)).trace(pictures)
    for platform, convolutions in (("cpu", False), ("cuda", True)):
        text = program.lower(lowering_platforms=(platform,)).as_text()
        assert ("stablehlo.convolution" in text) == convolutions, platform


@pytest.mark.skipif(BACKEND != "jax", reason="the loops are for JAX")
def test_second_derivatives_are_those_of_keras():
    import jax

    def penalty(layer, pictures):
        slope = jax.grad(lambda x: (layer(x) ** 3).sum())
        return as_float64(jax.jit(jax.grad(lambda x: (slope(x) ** 2).sum()))(pictures))

    with double_precision():
        ours, theirs, pictures = _pair({"kernel_size": 3, "strides": 2}, dtype="float64")
        double = pictures.astype("float64")
        assert distance(penalty(ours, double), penalty(theirs, double)) < 1e-9
