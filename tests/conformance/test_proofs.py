"""The claims in registry/proofs.json are those of kzoo's own parts, and complete."""

import pytest

from kzoo.registry import catalogue
from kzoo.registry.proofs import all_proofs

from .fingerprints import sources
from .measured import measured, merged
from .own_parts import own_cards
from .prove import BACKENDS
from .references import REFERENCES
from .references.zoo import is_a_relative

# A hundred layers after each other, and 20 million weights; all else is nearer.
VALUES = {"initializer": 1e-2, "model": 1e-4}
# Datasets and augmentations have no reference to be compared with; their own tests are their proof.
PROVED = (
    "activation",
    "layer",
    "loss",
    "optimizer",
    "schedule",
    "initializer",
    "metric",
    "callback",
    "model",
)


@pytest.fixture
def own():
    """`kind/name` of every own part that must be proved; a door to others' parts has nothing of its own."""
    return {f"{kind}/{card.name}" for kind in PROVED for card in own_cards(kind) if not card.rest}


@pytest.fixture
def claims():
    """What registry/proofs.json says."""
    return all_proofs()


def test_every_own_part_has_a_proof(own, claims):
    assert set(claims) == own


def test_every_proof_names_its_reference_its_error_and_all_backends(claims):
    for key, entry in claims.items():
        kind, _, name = key.partition("/")
        allowed = set(catalogue().find(kind, f"kzoo/{name}").backends or BACKENDS)
        if kind == "model" and is_a_relative(name):
            allowed = {"tensorflow"}
        assert set(entry["backends"]) == allowed, key
        assert entry["against"] and entry["checks"], key
        if name in REFERENCES.get(kind, {}):
            assert entry["against"] == REFERENCES[kind][name].against(name), key
        assert 0 <= entry["value_error"] <= VALUES.get(kind, 1e-5), key
        assert 0 <= entry.get("gradient_error", 0) <= 1e-4, key
        assert 0 <= entry.get("float64_error", 0) <= 1e-9, key


def test_every_reference_is_of_a_part(own):
    named = {f"{kind}/{name}" for kind, parts in REFERENCES.items() for name in parts}
    assert named <= own


def test_the_proofs_are_what_was_measured(claims):
    assert claims == merged(measured())


def test_merging_takes_the_largest_error_and_all_checks():
    jax = {"loss/x": {"against": "y", "checks": ["values"], "tests": {}, "value_error": 1.234e-7}}
    torch = {"loss/x": {"against": "y", "checks": ["values", "xla"], "tests": {}, "value_error": 5e-8}}
    both = {
        "against": "y",
        "backends": ["jax", "torch"],
        "checks": ["values", "xla (torch)"],
        "value_error": 1.2e-7,
    }
    assert merged({"jax": jax, "torch": torch}) == {"loss/x": both}


def test_a_fingerprint_follows_the_code_that_computes():
    def names(module):
        return {path.name for path in sources(module)}

    assert {"adopt.py", "exact.py", "gradients.py", "learning_rate.py"} <= names("kzoo.optimizers.adopt")
    assert {"test_activations.py", "training.py", "with_arguments.py"} <= names(
        "tests.conformance.test_activations"
    )
    for kind in PROVED:
        assert all(sources(card.target.partition(":")[0]) for card in own_cards(kind))
