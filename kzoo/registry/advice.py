"""What to choose among the parts of a kind that have a tag; `kzoo list KIND --tag TAG` ends with it."""

from __future__ import annotations

# Names of parts stand in backticks: a test looks them up.
_ADVICE = {
    ("activation", "hidden"): (
        "Begin with `relu`; where units die, `leaky_relu`, `elu` or `mish`; in Transformers `gelu`. `sigmoid` and "
        "`tanh` are not for deep hidden layers: their gradients vanish at both ends."
    ),
    ("activation", "output"): (
        "`softmax` for one class out of many, `sigmoid` for two classes or for many labels, `linear` for numbers and "
        "for logits with a loss that has from_logits, `softplus` or `exponential` for what must be positive."
    ),
    ("activation", "gate"): (
        "A gate lets a share of something through: `sigmoid` in recurrent cells and attention, `hard_sigmoid` on "
        "small devices, `glu` where half of the features gate the other half."
    ),
    ("activation", "transformer"): "`gelu` is the usual one; newer MLPs are gated, by `silu`.",
    ("schedule", "warmup"): (
        "`warmup_cosine` for most trainings of known length, `wsd` where the length is to stay open, `one_cycle` for "
        "few epochs at a high rate; `warmup` goes before any other."
    ),
}


def advice(kind: str, tag: str | None) -> str:
    """A sentence or two on what to choose, or "".

    >>> advice("activation", "transformer")
    '`gelu` is the usual one; newer MLPs are gated, by `silu`.'
    """
    return _ADVICE.get((kind, tag or ""), "")


def advised() -> list[tuple[str, str]]:
    """Every kind and tag that there is advice on."""
    return list(_ADVICE)
