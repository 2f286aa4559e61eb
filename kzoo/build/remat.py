"""Less memory for more time: what a layer computed is computed again when its gradient is taken."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.problems import KzooError, Problem

_KEPT = ("conv_general_dilated", "dot_general")  # what is costly to compute again


def rematerialize(model: keras.Model) -> None:
    """Has a model keep the outputs of convolutions and matrix products only, when it is trained.

    Normalizations, activations, dropout and all else that is cheap is computed again for the gradient. The numbers stay
    the same.

    Args:
        model: A compiled model.

    Raises:
        KzooError: If Keras doesn't run on JAX. `keras.RematScope` fails there, and on JAX too: it takes
            `training` for an input.
    """
    if keras.backend.backend() != "jax":
        hint = "Take run.backend=jax, or a smaller batch with gradient_accumulation_steps at the optimizer."
        raise KzooError(Problem(f"remat works on JAX; Keras runs on {keras.backend.backend()}", hint=hint))
    import jax

    call = model.stateless_call

    def kept(primitive: Any, *_: Any, **__: Any) -> bool:
        return primitive.name in _KEPT

    def stateless_call(weights: Any, others: Any, *inputs: Any, **options: Any) -> Any:
        if not options.get("training"):
            return call(weights, others, *inputs, **options)

        def forward(weights: Any, others: Any, *inputs: Any) -> Any:
            return call(weights, others, *inputs, **options)

        return jax.checkpoint(forward, policy=kept)(weights, others, *inputs)

    model.stateless_call = stateless_call
