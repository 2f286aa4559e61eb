"""What optimizers keep for each weight is what their papers promise."""

import keras
import numpy as np
import pytest

from kzoo.registry import catalogue

SHAPES = ((256, 128), (3, 3, 64, 128), (128,))
NUMBERS = sum(int(np.prod(shape)) for shape in SHAPES)
# Numbers kept for each weight; all others are in what follows.
SLOTS = {
    1: ("momentum", "nesterov", "lars", "schedule_free_sgd", "scion"),
    2: (
        "radam",
        "nadam",
        "adabelief",
        "yogi",
        "laprop",
        "adopt",
        "lamb",
        "kzoo/schedule_free_adamw",
        "sophia",
    ),
    3: ("ademamix", "amsgrad"),
    4: ("adan",),
}


def _bytes(name):
    """Bytes that an optimizer keeps for three weights, scalars aside."""
    card = catalogue().find("optimizer", name if "/" in name else f"kzoo/{name}")
    optimizer = card.load()()
    optimizer.build([keras.Variable(np.ones(shape, "float32")) for shape in SHAPES])
    sizes = {"float32": 4, "int32": 4, "uint8": 1}
    return sum(
        int(np.prod(each.shape)) * sizes[keras.backend.standardize_dtype(each.dtype)]
        for each in optimizer.variables
        if len(each.shape)
    )


@pytest.mark.parametrize(
    ("name", "slots"), [(name, slots) for slots, names in SLOTS.items() for name in names]
)
def test_slots(name, slots):
    assert _bytes(name) == 4 * slots * NUMBERS


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("adafactor", 0.05),  # a row and a column of each matrix
        ("sm3", 1.1),  # a momentum, and a cover of vectors
        ("sign_sgd", 1.01),
        ("tiger", 1.01),
        ("adam_mini", 1.02),  # a momentum, and a number for each output
        ("came", 1.1),  # a momentum, rows and columns twice
        ("adam_8bit", 0.52),  # two bytes, and two scales for each block
    ],
)
def test_less_than_adam(name, most):
    assert _bytes(name) <= 4 * most * NUMBERS
