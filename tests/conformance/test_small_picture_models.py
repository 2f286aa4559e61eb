"""Networks for small pictures: what they refuse, where they drop, and sizes that the papers give."""

import keras
import numpy as np
import pytest

from kzoo.models import densenet_cifar, nin, preresnet_cifar, resnet_cifar, wide_resnet

from .gradients import BACKEND

pytestmark = pytest.mark.skipif(BACKEND == "jax", reason="compiling takes long, and tells nothing new")


def learned(model):
    return sum(int(np.prod(each.shape)) for each in model.trainable_variables)


@pytest.mark.parametrize(
    ("make", "wrong", "message"),
    [
        (resnet_cifar, {"depth": 21}, r"6·n \+ 2: 8, 14, 20"),
        (resnet_cifar, {"depth": 2}, r"6·n \+ 2"),
        (resnet_cifar, {"block": "wide"}, '"basic" or "bottleneck"'),
        (preresnet_cifar, {"depth": 112}, r"9·n \+ 2"),
        (wide_resnet, {"depth": 18}, r"6·n \+ 4: 10, 16, 22"),
        (densenet_cifar, {"depth": 42}, r"3·n \+ 4"),
        (densenet_cifar, {"depth": 37, "bottleneck": True}, r"6·n \+ 4"),
        (densenet_cifar, {"compression": 1.5}, "at most 1"),
        (nin, {"kernel_sizes": (5, 5)}, "one number for each stage"),
    ],
)
def test_wrong_arguments(make, wrong, message):
    with pytest.raises(ValueError, match=message):
        make(**wrong)


def test_dense_networks_of_the_paper_are_those_without_compression():
    plain = {"compression": 1.0, "stem_width": 16}
    assert round(learned(densenet_cifar(depth=40, **plain)) / 1e6, 1) == 1.0
    assert densenet_cifar(depth=40, compression=0.5).count_params() < 700_000


def test_wide_networks_drop_between_the_two_convolutions_of_a_block():
    model = wide_resnet(depth=10, widen=1, block_drop_rate=0.3)
    drops = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [each.name for each in drops] == [
        f"features.stage{stage}.unit1.body.conv2.drop" for stage in (1, 2, 3)
    ]
    names = [layer.name for layer in model.layers]
    before, after = names.index("features.stage1.unit1.body.conv2.activ"), names.index(drops[0].name)
    assert before < after < names.index("features.stage1.unit1.body.conv2.conv")


@pytest.mark.parametrize("make", [resnet_cifar, preresnet_cifar, wide_resnet, densenet_cifar, nin])
def test_logits_are_small_at_first(make):
    keras.utils.set_random_seed(0)
    shallow = {
        resnet_cifar: {"depth": 8},
        preresnet_cifar: {"depth": 11},
        wide_resnet: {"depth": 10, "widen": 1},
        densenet_cifar: {"depth": 40},
        nin: {},
    }
    inputs = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype("float32")
    logits = keras.ops.convert_to_numpy(make(**shallow[make])(inputs, training=False))
    assert 0.01 < logits.std() < 20


@pytest.mark.parametrize("make", [resnet_cifar, preresnet_cifar])
def test_blocks_are_skipped_ever_more_often(make):
    model = make(depth=14, block="basic", drop_path=0.4)
    rates = [layer.rate for layer in model.layers if type(layer).__name__ == "DropPath"]
    np.testing.assert_allclose(rates, np.linspace(0, 0.4, 6)[1:])
