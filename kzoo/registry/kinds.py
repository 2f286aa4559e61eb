"""The kinds of parts, and which argument of a part holds a spec of which kind."""

from __future__ import annotations

KINDS = (
    "activation",
    "layer",
    "loss",
    "optimizer",
    "schedule",
    "initializer",
    "regularizer",
    "constraint",
    "metric",
    "callback",
    "augmentation",
    "model",
    "dataset",
)

# What a model consists of and has one of; its other specs, such as activations, it uses in many places.
PARTS_OF_A_MODEL = {"encoder": "model", "head": "layer"}
# Arguments that hold a spec though their name isn't that of the kind.
_NAMED = {"learning_rate": "schedule", "schedules": "schedule", "norm": "layer", "layers": "layer"}
# Only these kinds occur as arguments of other parts; a `model` argument of a callback, say, is not a spec.
_AS_ARGUMENT = ("activation", "initializer", "regularizer", "constraint", "optimizer", "schedule")
_COMMON = {
    "model": ("weights",),
    "layer": ("name", "dtype", "trainable"),
    "activation": ("name", "dtype", "trainable"),
    "augmentation": ("name", "dtype", "trainable", "seed"),
    "optimizer": (
        "name",
        "weight_decay",
        "decay_vectors",
        "groups",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    ),
}


def common_arguments(kind: str, open_signature: bool) -> tuple[str, ...]:
    """What every part of a kind takes besides what its signature lists.

    Args:
        kind: The kind.
        open_signature: Whether the signature ends in **kwargs, as that of Keras's objects does; models needn't.
    """
    return _COMMON.get(kind, ()) if open_signature or kind == "model" else ()


def kind_of_argument(name: str, of_kind: str = "") -> str | None:
    """The kind that an argument of this name holds a spec of, if any.

    Args:
        name: The argument.
        of_kind: The kind of the part whose argument it is: layers hold layers (`layer`, `backward_layer`), while the
            `layer` of a callback is the name of one in the model. The `losses` of a loss are losses.

    >>> kind_of_argument("kernel_initializer"), kind_of_argument("activation"), kind_of_argument("units")
    ('initializer', 'activation', None)
    """
    if name in _NAMED:
        return _NAMED[name]
    if of_kind == "layer" and (name in ("layer", "cell") or name.endswith("_layer")):
        return "layer"
    if of_kind == "loss" and name == "losses":
        return "loss"
    if of_kind == "model" and name in PARTS_OF_A_MODEL:
        return PARTS_OF_A_MODEL[name]
    for kind in _AS_ARGUMENT:
        if name == kind or name.endswith(f"_{kind}"):
            return kind
    return None
