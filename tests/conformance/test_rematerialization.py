"""A rematerialized model trains to the same weights, and computes again what it doesn't hold."""

import keras
import numpy as np
import pytest
from keras import layers

import kzoo
from kzoo.models.rematerialization import _chosen, _stretches, rematerialize
from kzoo.problems import KzooError


def everything() -> keras.Model:
    """Random numbers, statistics, losses of layers, and a frozen layer."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(8, 3, activation="relu", activity_regularizer="l2", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(32, activation="gelu", activity_regularizer="l1"),
            layers.BatchNormalization(trainable=False),
            layers.Dropout(0.3),
            layers.Dense(16, activation="relu", trainable=False),
            layers.Dense(10),
        ]
    )


def resnet(**arguments) -> keras.Model:
    return kzoo.create_model("resnet20", 10, (8, 8, 3), **arguments)


def transformer() -> keras.Model:
    name = "vit_tiny_patch16_224"
    sizes = {"dim": 24, "depth": 4, "heads": 2, "patch_size": 4, "drop_path": 0.2, "drop_rate": 0.1}
    return kzoo.create_model(name, 10, (8, 8, 3), **sizes)


def masked() -> keras.Model:
    """Masks reach the GRU through an embedding and a dense layer."""
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(20, 8, mask_zero=True)(inputs)
    x = layers.GRU(8)(layers.Dense(8, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(10)(layers.Dense(16, activation="relu")(x)))


def trained(make, remat: bool, inputs: np.ndarray, policy: str = "float32"):
    """What it ends with after three steps: losses, and all that it holds."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        keras.utils.set_random_seed(1)
        model = make()
        if remat:
            rematerialize(model)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
        labels = np.arange(len(inputs)) % 10
        losses = model.fit(inputs, labels, batch_size=16, epochs=1, shuffle=False, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy(before)
    return losses, [keras.ops.convert_to_numpy(each) for each in model.variables]


def pictures(count: int = 48) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 8, 8, 3)).astype("float32")


@pytest.mark.parametrize("make", [everything, resnet, transformer, masked], ids=lambda make: make.__name__)
def test_it_trains_to_the_same_weights(make):
    inputs = np.random.default_rng(0).integers(0, 20, (48, 12)) if make is masked else pictures()
    (losses, weights), (again, others) = (trained(make, remat, inputs) for remat in (False, True))
    # Bit for bit on PyTorch; elsewhere the graph is another one, whose sums are done in another order.
    tolerance = {"torch": 0, "tensorflow": 1e-6, "jax": 1e-5}[keras.backend.backend()]
    np.testing.assert_allclose(again, losses, rtol=tolerance)
    for left, right in zip(weights, others, strict=True):
        np.testing.assert_allclose(right, left, rtol=0, atol=tolerance * max(1, np.abs(left).max()))


def test_it_computes_in_the_types_that_the_policy_says():
    (losses, weights), (again, others) = (
        trained(resnet, remat, pictures(16), "mixed_bfloat16") for remat in (False, True)
    )
    np.testing.assert_allclose(again, losses, rtol=1e-6 if keras.backend.backend() != "jax" else 1e-2)
    assert [each.dtype for each in others] == [each.dtype for each in weights]


class Counted(layers.Layer):
    """Counts how often it is run as in training."""

    runs = 0

    def call(self, inputs, training=None):
        Counted.runs += bool(training)
        return keras.ops.tanh(inputs)


def counted() -> keras.Model:
    dense = [layers.Dense(8) for _ in range(4)]
    return keras.Sequential([layers.Input((4,)), dense[0], Counted(), *dense[1:], layers.Dense(10)])


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX traces once and repeats what it traced")
def test_what_lies_between_is_run_twice():
    runs = []
    for remat in (False, True):
        model = counted()
        if remat:
            rematerialize(model)
        model.compile("sgd", "mse", run_eagerly=True)
        Counted.runs = 0
        model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 10), "float32"))
        runs.append(Counted.runs)
    assert runs == [1, 2]


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="looks into JAX's program")
def test_jax_is_told_to_compute_again():
    import jax

    model = resnet(remat=True)
    weights = [
        [each.value for each in group] for group in (model.trainable_variables, model.non_trainable_variables)
    ]

    def loss(trained):
        return model.stateless_call(trained, weights[1], pictures(2), training=True)[0].sum()

    program = str(jax.make_jaxpr(jax.grad(loss))(weights[0]))
    assert program.count("checkpoint[") + program.count("remat2[") >= len(_stretches(resnet())[0])


def test_what_predicts_and_what_is_saved_are_as_before(tmp_path):
    model = resnet(remat=True)
    plain = resnet()
    plain.set_weights(model.get_weights())
    inputs = pictures(4)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), plain.predict(inputs, verbose=0))
    assert [each.path for each in model.weights] == [each.path for each in plain.weights]
    model.save(tmp_path / "model.keras")
    again = kzoo.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(inputs, verbose=0), model.predict(inputs, verbose=0))
    features = keras.Model(model.input, model.layers[5].output)  # its layers have one output each, as before
    assert features(inputs).shape[0] == 4


def test_the_cuts_hold_the_least():
    """Of n activations of one size about √n: cuts at each fourth of sixteen, and never more than all of them."""
    assert _chosen(range(1, 17), [1] * 16) == [3, 7, 11, 15]
    assert _chosen([5], [5]) == [0]
    assert _chosen([10, 20, 30, 40], [1, 100, 1, 1]) == [0, 2, 3]


def test_what_cant_be_cut_is_said():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(KzooError, match="isn't a graph of layers"):
        rematerialize(Own())
    inputs = keras.Input((4,))
    crossing = keras.Model(inputs, layers.Add()([layers.Dense(4)(inputs), inputs]))
    with pytest.raises(KzooError, match="can't be cut"):
        rematerialize(crossing)
