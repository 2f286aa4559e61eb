"""A train step that shows the optimizer the curvature of the loss before it shows it the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kzoo.optimizers.gradients import dense_gradients
from kzoo.optimizers.second_pass import restoring, training_loss

Step = Callable[..., Any]


def with_curvature(model: keras.Model, step: Step, optimizer: Any) -> Step:
    """Keras's train step, and before it an estimate of the diagonal of the Hessian, from the same batch.

    Hutchinson's estimate: z ∘ H z, the mean over draws z of signs ±1. Nothing else in the model changes, and the draws
    are those of the optimizer's seed and step.

    Args:
        model: A compiled model.
        step: Its train step.
        optimizer: What observes the estimates: all NaN in steps whose turn it isn't.
    """
    made = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
    return made[keras.backend.backend()](model, step, optimizer)


class _Numbered(keras.random.SeedGenerator):
    """Gives one seed; which, may be a tensor, so that draws depend on the step and nothing else."""

    def __init__(self, seed: int, number: Any):
        self.seed, self.number = seed, number

    def next(self, ordered: bool = True) -> Any:
        dtype = "uint32" if keras.backend.backend() == "jax" else "int64"
        return ops.stack([ops.cast(self.seed, dtype), ops.cast(self.number, dtype)])


def signs(shapes: list[tuple[int, ...]], dtypes: list[str], seed: int, number: Any) -> list[Any]:
    """Draws of ±1 with equal chance, one tensor a shape.

    Args:
        shapes: Their shapes.
        dtypes: Their dtypes.
        seed: An integer.
        number: Which draw of that seed: an integer tensor.
    """
    return [
        ops.cast(keras.random.randint(shape, 0, 2, "int32", _Numbered(seed, number * len(shapes) + i)), dtype)
        * 2
        - 1
        for i, (shape, dtype) in enumerate(zip(shapes, dtypes))
    ]


def _estimates(optimizer: Any, variables: list[Any], products: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """The mean of z ∘ H z over the optimizer's draws.

    Args:
        optimizer: It says how many, and from which seed.
        variables: The weights.
        products: From z to H z.
    """
    shapes = [tuple(each.shape) for each in variables]
    dtypes = [keras.backend.standardize_dtype(each.dtype) for each in variables]
    total = [ops.zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes)]
    for sample in range(optimizer.samples):
        number = ops.convert_to_tensor(optimizer._iterations) * optimizer.samples + sample
        draws = signs(shapes, dtypes, optimizer.seed, number)
        total = [one + z * hz for one, z, hz in zip(total, draws, products(draws))]
    return [each / optimizer.samples for each in total]


def _due(optimizer: Any) -> Any:
    batches = optimizer.period * (optimizer.gradient_accumulation_steps or 1)
    return ops.equal(ops.mod(ops.convert_to_tensor(optimizer._iterations), batches), 0)


def _nothing(variables: list[Any]) -> list[Any]:
    return [ops.full(tuple(each.shape), float("nan"), each.dtype) for each in variables]


def _on_tensorflow(model: keras.Model, step: Step, optimizer: Any) -> Step:
    import tensorflow as tf

    def measured(data: Any) -> list[Any]:
        weights = model.trainable_weights
        restore = restoring(model, tf.identity)
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                loss = training_loss(model, data)
            gradients = dense_gradients(inner.gradient(loss, weights, unconnected_gradients="zero"))
        restore()

        def products(draws: list[Any]) -> list[Any]:
            found = outer.gradient(gradients, weights, output_gradients=draws, unconnected_gradients="zero")
            return dense_gradients(found)

        return _estimates(optimizer, weights, products)

    def probing(data: Any) -> Any:
        weights = model.trainable_weights
        if not optimizer.built:
            model.optimizer.build(weights)
        # Only what is computed depends on the step: devices couldn't meet within a condition.
        optimizer.observe(
            tf.cond(_due(optimizer), lambda: measured(data), lambda: _nothing(weights)), weights
        )
        return step(data)

    return probing


def _on_torch(model: keras.Model, step: Step, optimizer: Any) -> Step:
    import torch

    def measured(data: Any) -> list[Any]:
        weights = [each.value for each in model.trainable_weights]
        restore = restoring(model, torch.clone)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            loss = training_loss(model, data)
        gradients = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        restore()
        curved = [index for index, each in enumerate(gradients) if each is not None and each.requires_grad]

        def products(draws: list[Any]) -> list[Any]:
            zeros = [torch.zeros_like(each) for each in weights]
            if not curved:
                return zeros
            outputs, along = ([which[index] for index in curved] for which in (gradients, draws))
            found = torch.autograd.grad(outputs, weights, along, retain_graph=True, allow_unused=True)
            return [zero if each is None else each for zero, each in zip(zeros, found)]

        return [each.detach() for each in _estimates(optimizer, model.trainable_weights, products)]

    def probing(data: Any) -> Any:
        weights = model.trainable_weights
        if not optimizer.built:
            model.optimizer.build(weights)
        if bool(_due(optimizer)):
            estimates = measured(data)
            with torch.no_grad():
                optimizer.observe(estimates, weights)
        return step(data)

    return probing


def _on_jax(model: keras.Model, step: Step, optimizer: Any) -> Step:
    import jax

    def measured(state: Any, data: Any) -> list[Any]:
        weights, others, slots, metrics = state
        batch = keras.utils.unpack_x_y_sample_weight(data)

        def loss(at: list[Any]) -> Any:
            made = model.compute_loss_and_updates(
                at, others, metrics, *batch, training=True, optimizer_variables=slots
            )
            return made[1][0]  # not scaled

        _, back = jax.vjp(jax.grad(loss), weights)
        return _estimates(optimizer, weights, lambda draws: back(draws)[0])

    def probing(state: Any, data: Any) -> Any:
        weights, others, slots, metrics = state
        variables, kept = model.trainable_variables, model.optimizer.variables
        with keras.StatelessScope(state_mapping=[*zip(variables, weights), *zip(kept, slots)]) as scope:
            due = _due(optimizer)
            estimates = jax.lax.cond(due, lambda: measured(state, data), lambda: _nothing(variables))
            optimizer.observe(estimates, variables)
        slots = [
            new if (new := scope.get_current_value(each)) is not None else old
            for each, old in zip(kept, slots)
        ]
        return step((weights, others, slots, metrics), data)

    return probing
