"""What every model of pictures can be asked for, tried on a small one of each family."""

import keras
import numpy as np
import pytest

import kzoo
from kzoo.problems import KzooError
from kzoo.registry import catalogue

from .gradients import BACKEND
from .named_weights import pictures
from .own_parts import own_cards
from .references.zoo import ZOO
from .test_zoo import filled
from .training import saved_and_loaded

# The smallest model of each function that makes them, a size that all of its stages have room in, and less of it.
SMALLEST = {
    "alexnet": ("alexnet", (64, 64, 3), {"hidden": 32}),
    "convmixer": ("convmixer_768_32", (56, 56, 3), {"width": 16, "depth": 2}),
    "convnext": ("test_convnext", (64, 64, 3), {}),
    "darknet": ("darknet17", (64, 64, 3), {"widths": [8, 8, 16, 16, 16], "stem_width": 8}),
    "densenet": ("densenet121", (64, 64, 3), {"depths": [1, 1, 2, 1]}),
    "densenet_cifar": ("densenet40_k12", (32, 32, 3), {"depth": 10}),
    "efficientnet": ("test_efficientnet", (64, 64, 3), {}),
    "ghostnet": ("ghostnet_100", (64, 64, 3), {}),
    "googlenet": ("googlenet", (64, 64, 3), {"width": 0.125}),
    "inception_v3": ("inception_v3", (75, 75, 3), {"width": 0.0625}),
    "mixer": ("mixer_s32_224", (64, 64, 3), {"dim": 16, "depth": 3}),
    "mobile_one": (
        "mobileone_s0",
        (64, 64, 3),
        {"depths": [1, 1, 1, 1], "factors": [0.25, 0.25, 0.25, 0.25], "stem_width": 64},
    ),
    "mobilenet": ("mnasnet_small", (64, 64, 3), {}),
    "mobilenetv3": ("mobilenetv3_small_050", (64, 64, 3), {}),
    "mobilevit": (
        "mobilevit_xxs",
        (96, 96, 3),
        {"widths": [8, 8, 8, 8, 8], "dims": [8, 8, 8], "layers": [1, 1, 1], "heads": 2},
    ),
    "nf_resnet": ("nf_resnet26", (64, 64, 3), {"widths": [16, 16, 32, 32], "stem_width": 8}),
    "nin": ("nin", (32, 32, 3), {}),
    "poolformer": ("poolformer_s12", (64, 64, 3), {}),
    "preresnet_cifar": ("preresnet20", (32, 32, 3), {}),
    "regnet": ("regnetx_002", (64, 64, 3), {}),
    "rep_vgg": (
        "repvgg_a0",
        (64, 64, 3),
        {"depths": [1, 1, 1, 1], "factors": [0.25, 0.25, 0.25, 0.25], "stem_width": 64},
    ),
    "res2net": ("res2net50_26w_4s", (64, 64, 3), {"depths": [1, 1, 1, 1], "widths": [16, 16, 32, 32]}),
    "resnest": ("resnest14d", (64, 64, 3), {"widths": [8, 8, 16, 16], "stem_width": 8}),
    "resnet": ("test_resnet", (64, 64, 3), {}),
    "resnet_cifar": ("resnet20", (32, 32, 3), {}),
    "resnet_v2": ("resnetv2_18", (64, 64, 3), {"widths": [8, 8, 16, 16], "stem_width": 8}),
    "shufflenet_v2": ("shufflenet_v2_x0_5", (64, 64, 3), {"depths": [2, 2, 2]}),
    "skresnet": ("skresnet18", (64, 64, 3), {"widths": [8, 8, 16, 16]}),
    "squeezenet": ("squeezenet1_1", (64, 64, 3), {}),
    "swin": ("swin_tiny_patch4_window7_224", (64, 64, 3), {"dim": 16, "depths": [2, 2], "heads": [1, 2]}),
    "swin_v2": ("swinv2_tiny_window8_256", (64, 64, 3), {"dim": 16, "depths": [2, 2], "heads": [1, 2]}),
    "vgg": ("vgg11_bn", (64, 64, 3), {"widths": [8, 8, 8, 8, 8], "hidden": 16}),
    "vision_transformer": ("test_vit", (64, 64, 3), {}),
    "wide_resnet": ("wrn16_4", (32, 32, 3), {"depth": 10, "widen": 1}),
    "xception": ("legacy_xception", (96, 96, 3), {"entry": [8, 8, 16], "middle": 1, "exit": [16, 16, 16]}),
}
pytestmark = pytest.mark.skipif(BACKEND == "jax", reason="compiling takes long; test_zoo.py has them there")
each_family = pytest.mark.parametrize("family", sorted(SMALLEST))


def small(family, classes=4, **arguments):
    name, shape, sizes = SMALLEST[family]
    return kzoo.create_model(name, classes, **{"input_shape": shape, **sizes, **arguments})


def _taken(family, **arguments):
    """Those of the arguments that the family's models take: AlexNet normalizes nothing."""
    known = catalogue().find("model", SMALLEST[family][0]).parameters().parameters
    return {name: value for name, value in arguments.items() if name in known}


def test_every_family_is_here():
    targets = {card.target.partition(":")[2] for card in own_cards("model") if card.name in ZOO}
    assert targets == set(SMALLEST)


@each_family
def test_features_of_some_stages(family):
    everything = small(family, features_only=True)
    sizes = [each.shape[1] for each in everything.outputs]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) > 1
    last = small(family, features_only=True, out_indices=[-1])
    assert [each.shape for each in last.outputs] == [everything.outputs[-1].shape]
    with pytest.raises(KzooError, match="out_indices"):
        small(family, features_only=True, out_indices=[len(sizes)])


@each_family
def test_features_before_the_classifier(family):
    pooled = small(family, classes=0)
    assert len(pooled.output_shape) == 2
    assert {each.name for each in pooled.layers} < {each.name for each in small(family).layers}


@each_family
def test_frozen_stages_do_not_learn(family):
    model, free = small(family, frozen_stages=1), small(family)
    frozen = [layer.name for layer in model.layers if not layer.trainable]
    assert frozen and 0 < len(model.trainable_weights) < len(free.trainable_weights)
    first = small(family, features_only=True, out_indices=[0])
    assert {each.name for each in first.layers if each.weights} == {
        each.name for each in model.layers if each.weights and not each.trainable
    }
    with pytest.raises(KzooError, match="frozen_stages"):
        small(family, frozen_stages=99)


@each_family
def test_another_activation_and_another_norm(family):
    norm = {"name": "group_normalization", "groups": 1}
    others = _taken(family, activation="snake", norm=norm, token_norm=norm)
    model = small(family, **others)
    named = {type(each).__name__ for each in model.layers}
    assert "Snake" in named and ("GroupNormalization" in named or "norm" not in others)
    assert not named & {"BatchNormalization", "LayerNormalization"}
    outputs = model(pictures(SMALLEST[family][1]))
    assert np.isfinite(keras.ops.convert_to_numpy(outputs)).all()


@each_family
def test_learns_and_is_saved(family, tmp_path):
    keras.utils.set_random_seed(0)
    model = small(family, **_taken(family, drop_path=0.1, drop_rate=0.1))
    # Fast enough that what stands behind a silent scale moves by more than a rounding error.
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    inputs = pictures(SMALLEST[family][1])
    before = [keras.ops.convert_to_numpy(each) for each in model.trainable_weights]
    for _ in range(3):  # what stands behind a silent scale learns from the second step on
        model.train_on_batch(inputs, np.array([1, 3]))
    moved = [
        (keras.ops.convert_to_numpy(weight) != old).any()
        for weight, old in zip(model.trainable_weights, before)
    ]
    assert np.mean(moved) > 0.75
    again = saved_and_loaded(model, tmp_path)
    assert (model.predict(inputs, verbose=0) == again.predict(inputs, verbose=0)).all()


@each_family
def test_mixed_precision(family):
    inputs = pictures(SMALLEST[family][1])
    whole = keras.ops.convert_to_numpy(filled(small(family))(inputs))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = filled(small(family))(inputs)
    finally:
        keras.config.set_dtype_policy(before)
    mixed = keras.ops.convert_to_numpy(keras.ops.cast(mixed, "float32"))
    assert np.abs(mixed - whole).max() <= 0.02 * np.abs(whole).max()


@each_family
def test_gray_pictures_and_small_ones(family):
    """32×32 works, or the message says that pictures are to be larger."""
    height, width, _ = SMALLEST[family][1]
    assert small(family, input_shape=(height, width, 1)).count_params() > 0
    try:
        model = small(family, input_shape=(32, 32, 3))
    except KzooError as error:
        assert "input_shape" in str(error) or "Scale the pictures up" in str(error)
    else:
        assert model.predict(pictures((32, 32, 3)), verbose=0).shape == (2, 4)


@pytest.mark.parametrize("normalize", ["imagenet", {"mean": 0.5, "std": 0.25}])
def test_normalized_pictures(normalize, tmp_path):
    inputs = np.random.default_rng(0).random((2, 64, 64, 3)).astype("float32")
    known = (
        {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
        if normalize == "imagenet"
        else normalize
    )
    by_hand = ((inputs - np.array(known["mean"])) / np.array(known["std"])).astype("float32")
    model, plain = filled(small("resnet", normalize=normalize)), filled(small("resnet"))
    outputs = keras.ops.convert_to_numpy(model(inputs))
    assert np.allclose(outputs, keras.ops.convert_to_numpy(plain(by_hand)), rtol=1e-4, atol=1e-4)
    again = saved_and_loaded(model, tmp_path)
    assert (keras.ops.convert_to_numpy(again(inputs)) == outputs).all()


def test_normalization_for_other_pictures():
    with pytest.raises(KzooError, match="for 3 channels, and the pictures have 1"):
        small("resnet", input_shape=(64, 64, 1), normalize="imagenet")
    with pytest.raises(KzooError, match="'imagenet', 'inception'"):
        small("resnet", normalize="image")


def test_what_is_no_picture():
    with pytest.raises(KzooError, match="height, width, channels"):
        kzoo.create_model("resnet18", 10, (32,))
    with pytest.raises(KzooError, match="num_classes"):
        kzoo.create_model("resnet18", -1)
    with pytest.raises(KzooError, match="Did you mean 'depths'"):
        kzoo.create_model("resnet18", depth=[1])


def test_rematerialization_changes_no_number():
    inputs = pictures((64, 64, 3))
    plain = filled(small("resnet"))
    with keras.RematScope(mode="full"):
        again = filled(small("resnet"))
    outputs = [keras.ops.convert_to_numpy(each(inputs, training=True)) for each in (plain, again)]
    assert np.allclose(*outputs, rtol=1e-5, atol=1e-5)


def test_the_door_to_keras():
    model = kzoo.create_model("keras/MobileNetV2", num_classes=3, input_shape=(32, 32, 3))
    assert model.output_shape == (None, 3)
    outputs = keras.ops.convert_to_numpy(model(pictures((32, 32, 3))))
    assert np.abs(outputs.sum(axis=-1) - 1).min() > 0.5  # logits, not shares
    assert len(kzoo.create_model("keras/mobilenet_v2", 0, (32, 32, 3)).output_shape) == 2
    with pytest.raises(KzooError, match="ResNet50"):
        kzoo.create_model("keras/ResNet5")
