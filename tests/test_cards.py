"""A card can't lie: all cards of all kinds, Keras's as well, against what they say of."""

import functools
import inspect

import keras
import numpy as np
import pytest
from conformance.gradients import double_precision, value_and_gradient
from latex import evaluated
from signatures import signature_text

from kzoo.problems import fold
from kzoo.registry import KINDS, catalogue
from kzoo.registry.proofs import proof_of
from kzoo.registry.signature import parse_signature

CARDS = [card for kind in KINDS for card in catalogue().cards(kind) if card.package in ("keras", "kzoo")]
# What has arguments without a default is no one function that a fact could be about.
ELEMENTWISE = [
    card
    for card in CARDS
    if card.kind == "activation"
    and card.elementwise
    and card.parameters()
    and not card.parameters().missing(set())
]
# Datasets and augmentations have no reference to be compared with; their own tests are their proof.
UNPROVED = ("dataset", "augmentation")
SATURATES = {(True, True): "both", (True, False): "left", (False, True): "right", (False, False): "no"}


def _name(card):
    return f"{card.kind}-{card.package}-{card.name}"


each_card = pytest.mark.parametrize("card", CARDS, ids=_name)


def each_elementwise(test):
    """Runs a test for every activation that has facts, where a grid is really computed in float64."""
    elsewhere = keras.backend.backend() != "tensorflow"
    test = pytest.mark.skipif(elsewhere, reason="Keras computes tanh in float32 on JAX, maximum on PyTorch")(
        test
    )
    return pytest.mark.parametrize("card", ELEMENTWISE, ids=_name)(test)


def test_there_are_cards_of_every_kind():
    assert {card.kind for card in CARDS} == set(KINDS)


@each_card
def test_the_target_is_there_and_its_arguments_are_those_of_the_card(card):
    part = card.load()
    assert callable(part)
    assert card.summary
    assert card.signature == signature_text(card.kind, part, card.arguments), "run python tests/signatures.py"
    arguments = parse_signature(card.signature).parameters
    named = {*card.fills, *card.paths, *([card.rest] if card.rest else [])}
    assert named <= set(arguments), f"no such argument: {named - set(arguments)}"
    assert set(card.backends) <= {"tensorflow", "jax", "torch"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_is_used_twice(kind):
    for package in ("keras", "kzoo"):
        owner = {}
        for card in CARDS:
            if (card.kind, card.package) == (kind, package):
                for name in {fold(name) for name in (card.name, *card.aliases)}:
                    assert owner.setdefault(name, card.name) == card.name, name
                assert len({fold(name) for name in (card.name, *card.aliases)}) == 1 + len(card.aliases), (
                    card.name
                )


def test_no_two_parts_are_saved_under_one_name():
    targets = {}
    for card in CARDS:
        if card.package == "kzoo" and card.kind != "callback":  # those are never saved
            # The same class may have cards of two kinds; two classes would load as each other.
            assert targets.setdefault(card.serialized_name, card.target) == card.target


@pytest.mark.parametrize("kind", KINDS)
def test_no_foreign_name_is_two_parts(kind):
    owner = {}
    for card in CARDS:
        if card.kind == kind:
            for name in card.same_as:
                assert owner.setdefault(name.casefold(), card.full_name) == card.full_name, name


@pytest.mark.parametrize("card", [card for card in CARDS if card.package == "kzoo"], ids=_name)
def test_own_parts_are_proved(card):
    assert card.kind in UNPROVED or card.rest or proof_of(card), "run make proofs"


# The facts of activations -------------------------------------------------------------------------------------------

_FAR = np.logspace(np.log10(20), 4, 60)
GRID = np.concatenate([-_FAR[::-1], np.linspace(-20, 20, 16001), _FAR])


def _curve(card, points):
    """Values and derivatives of an activation in float64."""
    part = card.load()
    with double_precision():
        function = part(dtype="float64") if inspect.isclass(part) else part
        return value_and_gradient(function, points, "float64")


_on_grid = functools.cache(lambda card: _curve(card, GRID))


@each_elementwise
def test_the_facts_are_all_there(card):
    assert card.range is not None and card.saturates and card.derivative and card.formula
    assert None not in (card.monotonic, card.zero_centered, card.smooth)


@each_elementwise
def test_range(card):
    values, _ = _on_grid(card)
    assert not np.isnan(values).any()
    for bound, reached, sign in ((card.range[0], values.min(), -1), (card.range[1], values.max(), 1)):
        if np.isinf(bound):
            assert bound == sign * np.inf and sign * reached > 1000
        else:
            assert sign * (reached - bound) <= 1e-6, "goes beyond"
            assert abs(reached - bound) <= 2e-3, "never gets there"


@each_elementwise
def test_monotonic(card):
    values, _ = _on_grid(card)
    steps = np.diff(values[np.isfinite(values)])
    assert card.monotonic == bool((steps >= -1e-12).all())


@each_elementwise
def test_zero_centered(card):
    values, _ = _on_grid(card)
    assert card.zero_centered == np.allclose(values, -values[::-1], atol=1e-12)


@each_elementwise
def test_smooth(card):
    near = np.abs(GRID) <= 10
    slopes = _on_grid(card)[1][near]
    steepest = GRID[near][:-1][np.argmax(np.abs(np.diff(slopes)))]
    _, closer = _curve(card, np.linspace(steepest - 0.005, steepest + 0.005, 100_001))
    # Where a slope jumps it does so however close one looks; where it only bends, 1e-7 apart nothing is seen.
    assert card.smooth == bool((np.abs(np.diff(closer)) / np.maximum(np.abs(closer[1:]), 1)).max() < 1e-3)


@each_elementwise
def test_saturates(card):
    _, slopes = _on_grid(card)
    flat = tuple(bool(abs(slopes[end]) < 1e-3) for end in (0, -1))
    assert card.saturates == SATURATES[flat]


# What the letters of a formula stand for where they aren't called as the arguments are.
LETTERS = {
    "acon": {"p_1": "p1", "p_2": "p2"},
    "eprelu": {"a": "slope"},
    "hard_shrink": {"lambda": "threshold"},
    "leaky_relu": {"alpha": "negative_slope"},
    "prelu": {"a": "slope"},
    "rrelu": {"l": "lower", "u": "upper"},
    "soft_shrink": {"lambda": "threshold"},
    "srelu": {
        "t_l": "left_corner",
        "a_l": "left_slope",
        "t_r": "right_corner",
        "a_r": "right_slope",
    },
    "star_relu": {"s": "scale", "b": "bias"},
    "tlu": {"tau": "threshold"},
}
# Their coefficients are too many to be written out: tests/conformance compares them with the closed form.
UNWRITTEN = ("pade",)


@each_elementwise
def test_formula_and_derivative(card):
    if card.name in UNWRITTEN:
        pytest.skip("its formula has dots in it")
    points = np.linspace(-9.87654321, 9.87654323, 2001)  # none of which is a corner
    defaults = {name: each.default for name, each in card.parameters().parameters.items()}
    letters = {name: name for name in defaults} | LETTERS.get(card.name, {})
    names = {"x": points} | {letter: defaults.get(name) for letter, name in letters.items()}
    values, slopes = _curve(card, points)
    for latex, computed in ((card.formula, values), (card.derivative, slopes)):
        stated = evaluated(latex, names, more=card.formula) + 0 * points
        assert np.abs(stated - computed).max() <= 1e-6, latex
