"""Optimizers that keep less than Adam: what a block is, what is kept, and in which dtype."""

import keras
import numpy as np
import pytest
from keras import ops

import kzoo.optimizers
from kzoo.optimizers.eight_bits import dynamic_map, encoded
from kzoo.optimizers.seeded_normal import seeded_normal

from .golden import Golden, arrays
from .gradients import as_float64, distance, double_precision
from .walk import walk


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("AdamMini", {"beta_2": 1.0}),
        ("AdamMini", {"epsilon": -1.0}),
        ("CAME", {"epsilon_1": 0.0}),
        ("CAME", {"beta_3": 1.0}),
        ("CAME", {"clip_threshold": 0.0}),
        ("GaLore", {"rank": 0}),
        ("GaLore", {"update_gap": 0}),
        ("GaLore", {"scale": -1.0}),
        ("APOLLO", {"scaling": "row"}),
        ("APOLLO", {"seed": -1}),
        ("Adam8bit", {"block_size": 0}),
        ("Adam8bit", {"beta_1": 1.0}),
        ("SOAP", {"frequency": 0}),
        ("SOAP", {"shampoo_beta": 1.0}),
    ],
)
def test_wrong_numbers(name, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        getattr(kzoo.optimizers, name)(**arguments)


def _layers():
    """Layers, an input for each, and by weight the axes that a block of Adam-mini goes along."""
    attention = keras.layers.MultiHeadAttention(2, 3)
    x = keras.Input((5, 4))
    attention(x, x)
    pictures = keras.Input((7, 7, 4))
    layers = {
        keras.layers.Dense(3): (x, {"kernel": (0,), "bias": (0,)}),
        keras.layers.Conv2D(6, 3): (pictures, {"kernel": (0, 1, 2)}),
        keras.layers.Conv1D(6, 2): (x, {"kernel": (0, 1)}),
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2): (pictures, {"kernel": (0, 1)}),
        keras.layers.SeparableConv2D(5, 3): (
            pictures,
            {"depthwise_kernel": (0, 1), "pointwise_kernel": (0, 1, 2)},
        ),
        keras.layers.Embedding(9, 4): (keras.Input((5,), dtype="int32"), {"embeddings": (1,)}),
        keras.layers.LayerNormalization(): (x, {"gamma": (0,), "beta": (0,)}),
    }
    found = []
    for layer, (inputs, blocks) in layers.items():
        layer(inputs)
        for weight in layer.trainable_weights:
            if weight.name in blocks:
                found.append((weight, blocks[weight.name]))
    of_attention = {"query": (0, 2), "key": (0, 2), "value": (0,), "attention_output": (0, 1)}
    for weight in attention.trainable_weights:
        part = weight.path.split("/")[-2]
        if weight.name == "kernel":
            found.append((weight, of_attention[part]))
    assert len(found) == 14
    return found


def test_blocks_of_adam_mini():
    found = _layers()
    optimizer = kzoo.optimizers.AdamMini(0.1, beta_1=0.8, beta_2=0.9, epsilon=1e-3)
    generator = np.random.default_rng(0)
    expected = [as_float64(weight) for weight, _ in found]
    moments = [(np.zeros(weight.shape), 0.0) for weight, _ in found]
    optimizer.build([weight for weight, _ in found])
    for step in range(1, 6):
        gradients = [np.float32(generator.normal(size=weight.shape)) for weight, _ in found]
        for index, (gradient, (_, axes)) in enumerate(zip(gradients, found)):
            wide = gradient.astype("float64")
            first = 0.8 * moments[index][0] + 0.2 * wide
            second = 0.9 * moments[index][1] + 0.1 * np.mean(wide**2, axis=axes, keepdims=True)
            moments[index] = first, second
            root = np.sqrt(second / (1 - 0.9**step)) + 1e-3
            expected[index] = expected[index] - 0.1 * first / (1 - 0.8**step) / root
        optimizer.apply([ops.convert_to_tensor(each) for each in gradients], [weight for weight, _ in found])
    for (weight, _), wanted, (_, second), slots in zip(found, expected, moments, optimizer._slots):
        assert tuple(slots[1].shape) == second.shape, weight.path
        assert distance(as_float64(weight), wanted) <= 1e-5, weight.path


KERNEL = (3, 3, 20, 40)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("GaLore", 2 * 180 * 4 + 40 * 4), ("APOLLO", 2 * 180 * 4 + 2)],
    ids=["galore", "apollo"],
)
def test_only_kernels_that_gain_by_it_are_projected(name, numbers):
    shapes = {
        "kernel": KERNEL,
        "bias": (40,),
        "embeddings/embedding": (50, 8),
        "thin": (90, 4),
        "last": (9, 9),
    }
    kinds = [
        keras.Variable(np.zeros(shape, "float32"), name=path.split("/")[-1]) for path, shape in shapes.items()
    ]
    optimizer = getattr(kzoo.optimizers, name)(rank=4, exclude=["last"])
    optimizer.build(kinds)
    kept = [sum(int(np.prod(each.shape)) for each in slots) for slots in optimizer._slots]
    assert kept == [numbers, *(2 * int(np.prod(each.shape)) for each in kinds[1:])]


def test_steps_of_galore_have_its_rank():
    generator = np.random.default_rng(0)
    kernel = keras.Variable(np.zeros(KERNEL, "float32"))
    optimizer = kzoo.optimizers.GaLore(1.0, rank=4, update_gap=5)
    before = np.zeros((180, 40))
    for step in range(10):
        gradient = generator.normal(size=KERNEL).astype("float32")
        optimizer.apply([ops.convert_to_tensor(gradient)], [kernel])
        after = as_float64(kernel).reshape(180, 40)
        values = np.linalg.svd(after - before, compute_uv=False)
        assert values[3] > 0.1 and values[4] < 1e-4
        if step % 5 == 0:  # what is projected is the leading part of this gradient
            leading = np.linalg.svd(gradient.reshape(180, 40))[2][:4]
            kept = np.linalg.svd(after - before)[2][:4]
            assert distance(kept.T @ kept, leading.T @ leading) <= 1e-4
        before = after


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-9)])
def test_galore_with_two_singular_vectors(dtype, tolerance):
    (case,) = Golden("optimizers_low_rank").cases("galore_sharp")
    with double_precision():
        walked = walk(kzoo.optimizers.GaLore(**case.arguments, decay_vectors=True), dtype)
    assert distance(walked, case.arrays[dtype]) <= tolerance


def test_apollo_scales_rows_and_lets_steps_grow_slowly():
    generator = np.random.default_rng(0)
    kernel = keras.Variable(np.zeros((30, 20), "float32"))
    optimizer = kzoo.optimizers.APOLLO(1.0, rank=4, beta_1=0.0, beta_2=0.0)
    gradient = generator.normal(size=(30, 20))
    sizes, before = [], np.zeros((30, 20))
    for factor in (0.0, 1.0, 1.0, 1e3):
        optimizer.apply([ops.convert_to_tensor(np.float32(factor * gradient))], [kernel])
        step = before - as_float64(kernel)
        before = as_float64(kernel)
        sizes.append(np.linalg.norm(step))
        if factor:
            ratios = step / gradient
            assert distance(ratios / ratios[:, :1], np.ones((30, 20))) <= 1e-4
    assert sizes[0] == 0 and sizes[1] > 1 and max(sizes[2:]) <= 1.011 * sizes[1]


def test_normal_numbers_from_a_seed():
    seed, other = (ops.convert_to_tensor(each, dtype="int32") for each in (7, 8))
    first, second = (ops.convert_to_tensor(each, dtype="int32") for each in (0, 1))
    drawn = [
        as_float64(seeded_normal((50, 100), *of, "float32"))
        for of in ((seed, first), (seed, second), (other, first))
    ]
    for each in drawn:
        values = np.sort(each.ravel())
        assert abs(values.mean()) < 0.05 and abs(values.std() - 1) < 0.03
        assert abs((values < -1).mean() - 0.1587) < 0.02 and 3 < values.max() < 6
    correlations = np.corrcoef([each.ravel() for each in drawn] + [np.roll(drawn[0].ravel(), 1)])
    assert distance(correlations, np.eye(4)) < 0.06
    assert (drawn[0] == as_float64(seeded_normal((50, 100), seed, first, "float32"))).all()


@pytest.mark.parametrize("signed", [True, False])
def test_the_map_of_codes_is_the_one_of_bitsandbytes(signed):
    theirs = arrays("optimizers_eight_bits")["maps.signed" if signed else "maps.unsigned"]
    assert np.allclose(dynamic_map(signed), theirs, rtol=1e-6, atol=0)


@pytest.mark.parametrize("signed", [True, False])
def test_codes_are_found_where_they_lie_at_edges_and_next_to_them_too(signed):
    known = dynamic_map(signed).astype("float64")
    edges = ((known[1:] + known[:-1]) / 2).astype("float32")
    beside = [np.nextafter(edges, np.float32(toward)) for toward in (-2, 2)]
    decades = np.float32(10.0) ** np.arange(-13, 1, dtype="float32")
    shares = np.concatenate([edges, *beside, decades, -signed * decades, dynamic_map(signed)])
    codes, scales = encoded(
        ops.convert_to_tensor(shares), shares.size, signed
    )  # the largest is 1: so is the scale
    assert np.array_equal(ops.convert_to_numpy(scales), [1.0])
    assert np.array_equal(ops.convert_to_numpy(codes), np.searchsorted(edges, shares, side="right"))


def _rounded(tensor, block_size, signed):
    """A tensor after it went through 8 bits, by looking at all 256 numbers for each of its own."""
    flat, result = tensor.ravel(), []
    for start in range(0, flat.size, block_size):
        block = flat[start : start + block_size]
        scale = max(np.abs(block).max(), 1e-12)
        known = dynamic_map(signed).astype("float64")
        nearest = np.abs(block[:, None] / scale - known).argmin(axis=1)
        result.append(known[nearest] * np.float64(np.float32(scale)))
    return np.concatenate(result).reshape(tensor.shape)


def test_eight_bits_of_many_blocks():
    generator = np.random.default_rng(0)
    shape = (67, 70)  # 18 blocks, the last of 82 numbers
    sizes = 10 ** generator.uniform(-2, 0, size=shape)
    with double_precision():
        weight, whole = (keras.Variable(np.zeros(shape), dtype="float64") for _ in range(2))
        optimizer = kzoo.optimizers.Adam8bit(0.01)
        adam = kzoo.optimizers.Adam8bit(0.01, smallest=10**6)
        moment = square = expected = np.zeros(shape)
        for step in range(1, 21):
            gradient = sizes * generator.normal(0.5, size=shape)
            optimizer.apply([ops.convert_to_tensor(gradient)], [weight])
            adam.apply([ops.convert_to_tensor(gradient)], [whole])
            moment, square = 0.9 * moment + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            root = np.sqrt(square / (1 - 0.999**step)) + 1e-8
            expected = expected - 0.01 * moment / (1 - 0.9**step) / root
            moment, square = _rounded(moment, 256, True), _rounded(square, 256, False)
        assert distance(as_float64(weight), expected) <= 1e-9
        assert [keras.backend.standardize_dtype(each.dtype) for each in optimizer._slots[0]] == [
            "uint8",
            "float32",
        ] * 2
        assert [tuple(each.shape) for each in optimizer._slots[0]] == [shape, (19,)] * 2
        moved, error = as_float64(whole), as_float64(weight) - as_float64(whole)
        assert 0 < np.sqrt(np.mean(error**2)) < 0.05 * np.sqrt(np.mean(moved**2))


def test_embeddings_and_small_weights_keep_whole_moments():
    kinds = [
        keras.Variable(np.zeros(shape, "float32"), name=name)
        for name, shape in (("kernel", (64, 64)), ("kernel", (64, 63)), ("embeddings", (100, 64)))
    ]
    optimizer = kzoo.optimizers.Adam8bit()
    optimizer.build(kinds)
    assert [len(slots) for slots in optimizer._slots] == [4, 2, 2]
