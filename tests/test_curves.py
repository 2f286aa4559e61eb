"""The curves in registry/curves.json are those of the parts, and complete."""

import json

import numpy as np
import pytest
from curves import EXAMPLES, FILE, GRID, curve, drawn, rounded, same

from kzoo.registry import catalogue
from kzoo.registry.curves import curve_of

KEPT = json.loads(FILE.read_text(encoding="utf-8"))
DRAWN = {f"{card.kind}/{card.full_name}": card for card in drawn()}
RECOMPUTED = (
    "activation/keras/mish",
    "activation/keras/relu",
    "activation/kzoo/swish",
    "activation/kzoo/srelu",
)


def test_every_part_with_a_curve_has_one_and_no_other():
    assert set(KEPT) == set(DRAWN), "run make curves"
    assert set(EXAMPLES) == {card.full_name for card in DRAWN.values() if card.kind == "schedule"}


@pytest.mark.parametrize("key", [*RECOMPUTED, "schedule/kzoo/one_cycle", "schedule/keras/cosine_decay"])
def test_a_curve_is_that_of_its_part(key):
    wanted = rounded(curve(DRAWN[key]))
    assert same(KEPT[key], wanted), "run make curves"
    name = "f" if "f" in wanted else "rate"
    assert not same(KEPT[key], {**wanted, name: [each + 1e-3 for each in wanted[name]]})


def test_the_facts_of_activations_are_to_be_seen():
    for key, card in DRAWN.items():
        if card.kind == "activation":
            found = curve_of(card)
            assert found.x == tuple(GRID) and len(found.y) == len(found.slope) == len(GRID)
            assert min(found.y) >= card.range[0] - 1e-5 and max(found.y) <= card.range[1] + 1e-5, key
            assert card.monotonic or min(found.slope) < 0, key
            # The derivative is that of the values: between two points, on average.
            steps = np.diff(found.y) / np.diff(found.x)
            between = (np.array(found.slope[1:]) + np.array(found.slope[:-1])) / 2
            near = np.abs(steps - between) <= 0.02 * np.maximum(np.abs(steps), 1)
            assert near.mean() > 0.95, key


def test_schedules_are_drawn_over_the_whole_training():
    found = curve_of(catalogue().find("schedule", "warmup_cosine"))
    assert (found.x[0], found.x[-1], found.y[0], max(found.y), found.y[-1]) == (0, 100, 0, 1, 0)
    assert curve_of(catalogue().find("loss", "smooth_l1")) is None
    assert curve_of(catalogue().find("activation", "softmax")) is None
