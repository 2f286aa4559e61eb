"""Models of pictures against timm's: the same logits and features from the same weights."""

import gc

import keras
import numpy as np
import pytest

import kzoo
from kzoo.models.tensor_names import tensors_of
from kzoo.models.weights import fill

from .gradients import BACKEND
from .named_weights import pictures, sample, value
from .own_parts import own_cards
from .references.zoo import ZOO

each_model = pytest.mark.parametrize(
    "card", [card for card in own_cards("model") if card.name in ZOO], ids=lambda card: card.name
)


@pytest.fixture(autouse=True)
def _room_for_the_next():
    """A hundred models of a hundred megabytes don't fit side by side."""
    yield
    keras.backend.clear_session()
    if BACKEND == "jax":
        import jax

        jax.clear_caches()
    gc.collect()


def _cases(card):
    """All of them on TensorFlow; the small one in inference elsewhere, where compiling takes most of the time."""
    cases = ZOO[card.name].cases(card.name)
    return cases if BACKEND == "tensorflow" or len(cases) == 1 else cases[1:2]


def filled(model):
    """A model with the weights that its names make."""
    arrays = {name: np.asarray(value(name, tensor.shape)) for name, tensor in tensors_of(model).items()}
    fill(model, arrays, "numbers made of names")
    return model


def outputs_of(model, inputs, training):
    """A model's outputs as a list; compiled as a whole where that is quicker."""
    run = lambda x: model(x, training=training)  # noqa: E731
    if BACKEND == "jax" and not training:
        import jax

        run = jax.jit(run)
    outputs = run(inputs)
    return [
        keras.ops.convert_to_numpy(each) for each in (outputs if isinstance(outputs, list) else [outputs])
    ]


def error(measured, expected):
    """The largest difference, as a share of the largest number expected."""
    assert measured.shape == expected.shape
    return float(np.abs(measured - expected.astype("float64")).max() / np.abs(expected).max())


@each_model
def test_logits_of_timm(card, proof):
    for case in _cases(card):
        model = filled(kzoo.create_model(card.name, **case.arguments))
        learned = sum(int(np.prod(t.shape)) for n, t in tensors_of(model).items() if "running" not in n)
        assert learned == case.arrays["parameters"]
        (logits,) = outputs_of(model, pictures(case.arguments["input_shape"]), bool(case.arrays["training"]))
        largest = error(sample(logits, card.name), case.arrays["value"])
        assert largest <= 1e-4, case.arguments
        proof(card, "training" if case.arrays["training"] else "values", value_error=largest)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="these layers gave the logits, and compiling takes long")
@each_model
def test_features_of_timm(card, proof):
    for case in _cases(card):
        expected = [case.arrays[key] for key in sorted(case.arrays) if key.startswith("stage.")]
        if not expected:
            continue
        model = filled(kzoo.create_model(card.name, features_only=True, **case.arguments))
        features = outputs_of(model, pictures(case.arguments["input_shape"]), False)
        assert len(features) == len(expected)
        for stage, feature in enumerate(features):
            assert feature.shape == tuple(case.arrays[f"shape.{stage}"])
            largest = error(sample(feature, f"{card.name}.{stage}"), case.arrays[f"stage.{stage}"])
            assert largest <= 1e-4, (case.arguments, stage)
            proof(card, "features", value_error=largest)
