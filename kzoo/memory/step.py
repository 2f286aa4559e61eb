"""A recipe's step, traced without a weight or an activation being allocated.

Everything is built in a TensorFlow graph, where a variable is a name and a shape, and what TensorFlow would do in a
step is written down instead of done. So all of it is as in training: the model's own code, TensorFlow's gradients,
the optimizer's real variables.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import UninitializedVariable

from kzoo.build.experiment import build
from kzoo.build.filling import filled
from kzoo.build.parts import get
from kzoo.build.placing import Problems
from kzoo.data.pipeline import steps_per_epoch
from kzoo.data.source import Source
from kzoo.memory.program import Program, read
from kzoo.optimizers.fused import rules_apart
from kzoo.problems import KzooError
from kzoo.recipe import Recipe


class Step:
    """The step of a recipe, for any batch size.

    Args:
        recipe: The recipe.
        source: Its data's shapes.
        training: Whether it trains; otherwise it predicts.

    Raises:
        KzooError: With everything that is wrong with the recipe.
    """

    def __init__(self, recipe: Recipe, source: Source, training: bool = True):
        settings = copy.deepcopy(recipe.resolved)
        settings["model"].pop("weights", None)  # they take the place of those that are there
        self.recipe, self.training = recipe, training
        settings["compile"]["optimizer"] = _optimizer(recipe, settings, source)
        self.graph = tf.Graph()
        with self.graph.as_default(), _without_values():
            self.experiment = build(recipe, source, settings, distributed=False)
            self._layers = frozenset(each.name for each in self.model.layers)
            _unroll(self.model)
            if training:
                with _weights_of_zero():
                    self.model.optimizer.build(self.model.trainable_variables)

    @property
    def model(self) -> keras.Model:
        return self.experiment.model

    def program(self, batch_size: int) -> Program:
        """What the step does with a batch of this size.

        Raises:
            KzooError: If it can't be traced.
        """
        try:
            return self._traced(batch_size)
        except KzooError:
            raise
        except Exception as error:  # whatever a model, a loss or an optimizer may raise
            text = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
            hint = "kzoo check says more of what is wrong with a recipe."
            problem = self.recipe.problem(("model",), f"a step can't be traced: {text}", hint)
            raise KzooError(problem) from error
        finally:
            # Forgets Keras's generator, which may be in the graph.
            keras.utils.set_random_seed(self.experiment.settings["seed"])

    def _traced(self, batch_size: int) -> Program:
        # As in tf.function: variables are captured from outside, and `==` between tensors compares numbers.
        inner = tf.__internal__.FuncGraph("step")
        with inner.as_default(), rules_apart():
            batch = [tf.compat.v1.placeholder(dtype, shape) for shape, dtype in self._batch(batch_size)]
            updates: list[range] = []
            if self.training:
                with _marked(self.model.optimizer, inner, updates):
                    wanted = self.model.train_step(tuple(batch))
            else:
                wanted = self.model.predict_step(tuple(batch))
            return read(inner, updates, batch, tf.nest.flatten(wanted))

    def _batch(self, size: int) -> Iterator[tuple[tuple[int, ...], str]]:
        """Shapes and types of inputs and targets."""
        source, one_hot = self.experiment.source, self.experiment.one_hot
        yield (size, *source.input_shape), "float32"
        if self.training:
            train = source.train
            shape = (one_hot,) if one_hot else train.arrays[1].shape[1:] if train.arrays is not None else ()
            yield (size, *shape), "int32" if source.num_classes and not one_hot else "float32"

    def batch_bytes(self, size: int) -> int:
        """Bytes of a batch."""
        return sum(math.prod(shape) * tf.as_dtype(dtype).size for shape, dtype in self._batch(size))

    def layer_of(self, name: str) -> str:
        """The layer of the model that an operation belongs to; empty if to none."""
        known = self._layers
        for word in name.split("/"):
            bare, _, number = word.rpartition("_")
            if number.isdigit() and bare in known:  # the graph numbers scopes: dense_1 is that of dense
                return bare
            if word in known:
                return word
        return ""


def _optimizer(recipe: Recipe, settings: dict[str, Any], source: Source) -> Any:
    """The recipe's optimizer, made outside of the graph: some ask for their learning rate's value."""
    data = settings["data"]
    steps = steps_per_epoch(source.train.count, data["batch_size"], data["drop_remainder"])
    known = {
        "input_shape": source.input_shape,
        "num_classes": source.num_classes,
        "total_steps": steps * settings["fit"]["epochs"],
    }
    problems = Problems(recipe)
    with problems.at("compile", "optimizer"):
        return get("optimizer", filled("optimizer", settings["compile"]["optimizer"], known))
    raise KzooError(problems.found)


def _unroll(model: keras.Model) -> None:
    """Has recurrent layers write down every time step: what a loop keeps of each can't be seen from outside."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN):
            layer.unroll = True


@contextlib.contextmanager
def _without_values() -> Iterator[None]:
    """Variables made within it have no initial values, which are most of what building a model writes down."""
    usual = keras.Variable._initialize_with_initializer

    def bare(variable: Any, initializer: Any) -> None:
        shape, dtype = variable._shape, variable._dtype
        variable._initialize(UninitializedVariable(variable.trainable, None, variable.name, shape, dtype))

    keras.Variable._initialize_with_initializer = bare
    try:
        yield
    finally:
        keras.Variable._initialize_with_initializer = usual


@contextlib.contextmanager
def _weights_of_zero() -> Iterator[None]:
    """Optimizers that begin with a copy of the weights are shown zeros: in a graph a variable has no value."""
    usual = keras.Variable.__array__

    def zeros(variable: Any, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.zeros(variable.shape, dtype or "float32")

    keras.Variable.__array__ = zeros
    try:
        yield
    finally:
        keras.Variable.__array__ = usual


class _marked:
    """Notes which operations an optimizer adds to a graph."""

    def __init__(self, optimizer: Any, graph: Any, updates: list[range]):
        self.optimizer, self.graph, self.updates = optimizer, graph, updates

    def __enter__(self) -> None:
        apply = self.optimizer.apply

        def noted(*gradients: Any, **named: Any) -> Any:
            first = len(self.graph.get_operations())
            try:
                return apply(*gradients, **named)
            finally:
                self.updates.append(range(first, len(self.graph.get_operations())))

        self.optimizer.apply = noted

    def __exit__(self, *error: Any) -> None:
        del self.optimizer.apply


def bytes_of(variables: Any) -> int:
    """Bytes of variables, each counted once."""
    return sum(
        math.prod(each.shape) * tf.as_dtype(each.dtype).size
        for each in {id(each): each for each in variables}.values()
    )
