"""What transformers and mixers of pictures promise beside the numbers of test_zoo.py: other sizes, norms, places."""

import keras
import numpy as np
import pytest
from keras import ops

import kzoo
from kzoo.models.attention import SelfAttention
from kzoo.models.tensor_names import tensors_of
from kzoo.models.tokens import PositionEmbedding
from kzoo.models.weights import fill
from kzoo.models.window_attention import CosineWindowAttention, WindowAttention
from kzoo.models.windows import ShiftedWindows

from .golden import arrays
from .named_weights import pictures, value
from .test_zoo import filled
from .training import saved_and_loaded


def vit(**arguments):
    return kzoo.create_model(
        "test_vit", **{"num_classes": 5, "input_shape": (64, 48, 3), "depth": 2, **arguments}
    )


def swin(name="swin_tiny_patch4_window7_224", **arguments):
    small = {"num_classes": 5, "dim": 16, "depths": [2, 2], "heads": [2, 4]}
    return kzoo.create_model(name, **{"input_shape": (32, 32, 3), **small, **arguments})


def test_places_are_resampled_as_timm_does_it():
    stored = {key: each for key, each in arrays("zoo_vit").items() if key.startswith("places.")}
    before = value("pos_embed", (1, 51, 5))
    for key, expected in stored.items():
        rows, columns = map(int, key.removeprefix("places.").split("x"))
        resized = PositionEmbedding((rows, columns), prefix=2).resized(before, "pos_embed")
        assert resized.shape == expected.shape and resized.dtype == expected.dtype
        np.testing.assert_allclose(resized, expected, atol=1e-6)
    assert len(stored) == 4


def test_tables_of_ways_are_resampled_as_timm_does_it():
    stored = {key: each for key, each in arrays("zoo_swin").items() if key.startswith("table.")}
    before = value("relative_position_bias_table", (169, 3))
    for key, expected in stored.items():
        rows, columns = map(int, key.removeprefix("table.").split("x"))
        layer = WindowAttention(3, window=12)
        layer.build((None, rows, columns, 12))
        resized = layer.resized(before, "attn.relative_position_bias_table")
        assert resized.shape == expected.shape == layer.relative_position_bias_table.shape
        np.testing.assert_allclose(resized, expected, atol=1e-5)
    assert len(stored) == 5


def test_weights_of_other_windows():
    small, large = (swin(window=window, input_shape=(64, 64, 3)) for window in (3, 5))
    fill(large, {name: each.to_torch() for name, each in tensors_of(filled(small)).items()}, "a file")
    name = "layers.0.blocks.1.attn.relative_position_bias_table"
    middles = (
        tensors_of(each)[name].to_torch()[tensors_of(each)[name].shape[0] // 2] for each in (small, large)
    )
    np.testing.assert_allclose(next(middles), next(middles), rtol=1e-5)


@pytest.mark.parametrize(("shifted", "rows"), [(False, [0, 1, 2, 3]), (True, [0, 1])])
@pytest.mark.parametrize("attention", [WindowAttention, CosineWindowAttention])
def test_windows_see_only_themselves(attention, shifted, rows):
    """Of eight rows the last four become others: windows of four rows, moved by two or not, say who can see that."""
    inputs = np.random.default_rng(0).normal(size=(1, 8, 12, 16)).astype("float32")
    other = inputs.copy()
    other[:, 4:] = 0
    layer = attention(2, window=4, shifted=shifted)
    close = np.isclose(*(ops.convert_to_numpy(layer(each)) for each in (inputs, other)), atol=1e-6, rtol=0)
    assert np.flatnonzero(close.all(axis=(0, 2, 3))).tolist() == rows


def test_windows_of_any_size_come_back_as_they_were():
    inputs = np.arange(2 * 5 * 7 * 3, dtype="float32").reshape(2, 5, 7, 3)
    for window in (2, 3, 5, 7, 9):
        for shifted in (False, True):
            windows = ShiftedWindows.fitting((5, 7), window, shifted)
            parts = windows.split(ops.convert_to_tensor(inputs))
            assert parts.shape == (2 * windows.count, windows.area, 3)
            np.testing.assert_array_equal(ops.convert_to_numpy(windows.merge(parts)), inputs)


def test_weights_of_another_size_keep_all_but_the_places():
    small, large = filled(vit(input_shape=(64, 64, 3))), vit(input_shape=(96, 96, 3))
    fill(large, {name: each.to_torch() for name, each in tensors_of(small).items()}, "a file")
    for name, tensor in tensors_of(large).items():
        if name != "pos_embed":
            np.testing.assert_array_equal(tensor.to_torch(), tensors_of(small)[name].to_torch())
    assert tensors_of(large)["pos_embed"].shape == (1, 37, 64)
    assert tensors_of(large)["pos_embed"].to_torch().std() > 0.1


def test_places_that_are_no_square_are_refused():
    array = {name: each.to_torch() for name, each in tensors_of(vit()).items()}
    with pytest.raises(kzoo.KzooError, match=r"pos_embed: 1×37×64 in the model, 1×13×64 in the file"):
        fill(vit(input_shape=(96, 96, 3)), array, "a file")


def test_every_token_looks_at_every_other():
    layer = SelfAttention(heads=3)
    inputs = np.random.default_rng(0).normal(size=(2, 5, 12)).astype("float32")
    layer.build(inputs.shape)
    for weight in layer.weights:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape))
    weights = {each.path.split("/", 1)[1]: ops.convert_to_numpy(each) for each in layer.weights}
    query, key, values = np.split(inputs @ weights["qkv/kernel"] + weights["qkv/bias"], 3, axis=-1)
    expected = np.zeros((2, 5, 12))
    for head in range(3):
        part = slice(4 * head, 4 * head + 4)
        scores = np.exp(np.einsum("bqd,bkd->bqk", query[..., part], key[..., part]) / 2)
        expected[..., part] = np.einsum(
            "bqk,bkd->bqd", scores / scores.sum(-1, keepdims=True), values[..., part]
        )
    expected = expected @ weights["proj/kernel"] + weights["proj/bias"]
    np.testing.assert_allclose(ops.convert_to_numpy(layer(inputs)), expected, rtol=1e-4, atol=1e-4)


def test_normalized_queries_and_keys_have_timms_names(tmp_path):
    plain, normalized = vit(), vit(qk_norm=True)
    more = set(tensors_of(normalized)) - set(tensors_of(plain))
    assert more == {
        f"blocks.{block}.attn.{norm}.{leaf}"
        for block in range(2)
        for norm in ("q_norm", "k_norm")
        for leaf in ("weight", "bias")
    }
    inputs = pictures((64, 48, 3))
    before = filled(normalized).predict(inputs, verbose=0)
    assert (saved_and_loaded(normalized, tmp_path).predict(inputs, verbose=0) == before).all()
    # What normalizes them makes their scale say nothing.
    qkv = normalized.get_layer("blocks.0.attn").qkv
    scaled = ops.convert_to_numpy(qkv.kernel)
    scaled[:, :128] *= 3
    qkv.kernel.assign(scaled)
    bias = ops.convert_to_numpy(qkv.bias).copy()
    bias[:128] *= 3
    qkv.bias.assign(bias)
    np.testing.assert_allclose(normalized.predict(inputs, verbose=0), before, rtol=1e-3, atol=1e-3)


def test_two_classifiers_of_a_distilled_one():
    model = filled(vit(distilled=True))
    features = vit(distilled=True, num_classes=0)
    with pytest.warns(kzoo.KzooWarning, match="head"):
        fill(features, {name: each.to_torch() for name, each in tensors_of(model).items()}, "a file")
    inputs = pictures((64, 48, 3))
    one, two = (model.get_layer(name) for name in ("head", "head_dist"))
    for each in (one, two):
        each.kernel.assign(ops.convert_to_numpy(one.kernel))
        each.bias.assign(ops.convert_to_numpy(one.bias))
    expected = one(features(inputs))
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(inputs)), ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-4
    )


def test_wrong_sizes_and_arguments_say_what_to_do():
    with pytest.raises(ValueError, match="to 64×48 for instance"):
        vit(input_shape=(65, 50, 3))
    with pytest.raises(ValueError, match="`heads` must divide the 64 channels"):
        vit(heads=5)
    with pytest.raises(ValueError, match='"token", where there is a class token'):
        vit(class_token=False)
    with pytest.raises(ValueError, match="`distilled` needs"):
        vit(distilled=True, pool="avg")
    with pytest.raises(ValueError, match="one entry a stage"):
        swin(heads=[2, 4, 8])
    with pytest.raises(ValueError, match='`block` must be "mixer"'):
        kzoo.create_model("mixer_s32_224", block="glu")


TRAINED = {
    "test_vit": {"depth": 2, "layer_scale": 0.1, "registers": 2},
    "mixer_s32_224": {"depth": 2, "dim": 32},
    "gmlp_s16_224": {"depth": 2, "dim": 32},
    "resmlp_12_224": {"depth": 2, "dim": 32, "layer_scale": 0.1},
    "swin_tiny_patch4_window7_224": {"dim": 16, "depths": [1, 2], "heads": [2, 4]},
    "swinv2_tiny_window8_256": {"dim": 16, "depths": [1, 2], "heads": [2, 4]},
    "poolformer_s12": {"depths": [1, 2], "dims": [32, 64], "layer_scale": 0.1},
}


@pytest.mark.parametrize("name", TRAINED)
def test_training_with_another_activation_and_norm(name, tmp_path):
    regularized = {"drop_rate": 0.1, "drop_path": 0.1, "num_classes": 3}
    arguments = {"activation": "mish", "norm": "rms_normalization", **regularized, **TRAINED[name]}
    keras.utils.set_random_seed(0)
    model = filled(kzoo.create_model(name, input_shape=(64, 64, 3), **arguments))  # zeros would teach nothing
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [ops.convert_to_numpy(each) for each in model.trainable_weights]
    model.train_on_batch(pictures((64, 64, 3)), np.array([0, 2]))
    moved = [
        np.abs(ops.convert_to_numpy(new) - old).max() > 0 for new, old in zip(model.trainable_weights, before)
    ]
    assert np.mean(moved) > 0.8
    inputs = pictures((64, 64, 3))
    again = saved_and_loaded(model, tmp_path)
    assert (again.predict(inputs, verbose=0) == model.predict(inputs, verbose=0)).all()


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(("dtype", "tolerance"), [("mixed_float16", 0.03), ("mixed_bfloat16", 0.2)])
def test_half_precision(name, dtype, tolerance):
    arguments = {"input_shape": (64, 64, 3), "num_classes": 3, **TRAINED[name]}
    expected = filled(kzoo.create_model(name, **arguments)).predict(pictures((64, 64, 3)), verbose=0)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = filled(kzoo.create_model(name, **arguments))
        outputs = model.predict(pictures((64, 64, 3)), verbose=0)
    finally:
        keras.config.set_dtype_policy(before)
    assert np.abs(outputs.astype("float64") - expected).max() <= tolerance * np.abs(expected).max()
