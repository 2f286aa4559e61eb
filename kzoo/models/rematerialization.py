"""Rematerialization: while training only a few activations are kept, the gradients' pass computes the others again."""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
from keras.src.backend.common.variables import AutocastScope  # not exported by Keras
from keras.src.models.functional import operation_fn  # nor this

from kzoo.models.cost import is_float
from kzoo.problems import KzooError, Problem


def rematerialize(model: keras.Model) -> None:
    """Makes training a model hold less memory, for a third to a half more time. Up to rounding it computes the same.

    The graph of layers is cut where a single tensor passes, such as between the blocks of a ResNet or a transformer.
    Those tensors are kept for the backward pass; what lies between two of them is computed once more when it is needed.
    Where to cut follows Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174, with the
    sizes of the activations. Dropout draws the same numbers again, and moving statistics are updated once.

    In PyTorch the blocks to `torch.utils.checkpoint` are chosen by hand. `keras.RematScope` works on a layer at a time
    and keeps what passes between layers, which is most of what there is.

    Args:
        model: A model that is a graph of layers. It is changed in place: its `call` with `training=True`. A file
            doesn't remember that.

    Raises:
        KzooError: If the model isn't a graph of layers, or has no place to be cut.

    >>> import kzoo
    >>> model = kzoo.create_model("resnet20", 10, (32, 32, 3), remat=True)
    >>> model(keras.ops.ones((2, 32, 32, 3)), training=True).shape[1]
    10
    """
    if not getattr(model, "inputs", None):
        raise KzooError(
            Problem(f"remat: {type(model).__name__} {model.name} isn't a graph of layers, and can't be cut")
        )
    stretches, end = _stretches(model)
    if not stretches:
        hint = "At no place between its layers a single tensor passes."
        raise KzooError(Problem(f"remat: {model.name} can't be cut", hint=hint))
    whole = model.call

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if (
            not training
            or mask is not None
            or any(map(keras.backend.is_keras_tensor, keras.tree.flatten(inputs)))
        ):
            return whole(inputs, training=training, mask=mask)
        kept = keras.tree.flatten(inputs)
        for each in stretches:
            kept = [each.recomputed(kept, model.add_loss)]
        return end(kept)

    model.call = call


class _Stretch:
    """A part of a model's graph, run as in training.

    Args:
        inputs: The tensors at its beginning.
        outputs: Those at its end.
    """

    def __init__(self, inputs: Sequence[Any], outputs: Any):
        self.function = keras.Function(list(inputs), outputs)
        layers = [each for each in self.function.operations if isinstance(each, keras.layers.Layer)]
        self.variables = list({id(each): each for layer in layers for each in layer.variables}.values())

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The output; in its graph layers were told that they aren't trained, so they are told otherwise."""
        return self.function._run_through_graph(inputs, lambda each: operation_fn(each, training=True))

    def recomputed(self, inputs: list[Any], add_loss: Callable[[Any], None]) -> Any:
        """The output for a training step, whose gradients will have it computed once more.

        Args:
            inputs: The tensors at the beginning.
            add_loss: Takes what layers add to the loss.
        """
        with AutocastScope(None):  # the layers cast what they want to be cast
            values = [_read(each) for each in self.variables]
        floats = [index for index, each in enumerate(self.variables) if is_float(each)]
        updated: list[Any] = []  # by the layers; the same each time that the function is run

        def pure(*given: Any) -> list[Any]:
            state = [*values]
            for index, value in zip(floats, given[len(inputs) :]):
                state[index] = value
            with keras.StatelessScope(list(zip(self.variables, state)), collect_losses=True) as scope:
                before = [scope.get_current_value(each) for each in self.variables]
                output = self(given[: len(inputs)])
                after = [scope.get_current_value(each) for each in self.variables]
            updated[:] = [each for each, old, new in zip(self.variables, before, after) if old is not new]
            return [output, *scope.losses, *(new for old, new in zip(before, after) if old is not new)]

        output, *others = keras.remat(pure)(*inputs, *(values[each] for each in floats))
        losses = others[: len(others) - len(updated)]
        for loss in losses:
            add_loss(loss)
        for variable, value in zip(updated, others[len(losses) :]):
            variable.assign(value)
        return output


def _stretches(model: keras.Model) -> tuple[list[_Stretch], _Stretch]:
    """The parts to be computed again, and the last one, whose gradients come first: it needn't be."""
    places = list(_places(model))
    ends = _chosen([before for _, before in places], [_numbers(each) for each, _ in places])
    tensors = [list(model.inputs), *([places[each][0]] for each in ends)]
    stretches = [_Stretch(begin, end[0]) for begin, end in itertools.pairwise(tensors)]
    # A Sequential has no `output`.
    last = model.outputs[0] if isinstance(model, keras.Sequential) else model.output
    return stretches, _Stretch(tensors[-1], last)


def _places(model: keras.Model) -> Iterator[tuple[Any, int]]:
    """Where a single tensor passes: it, and how many numbers all activations have up to there."""
    graph = keras.Function(model.inputs, model.outputs)._nodes_by_depth
    nodes = [node for depth in sorted(graph, reverse=True) for node in graph[depth] if not node.is_input]
    readers = Counter(id(each) for node in nodes for each in node.input_tensors)
    readers.update(map(id, model.outputs))
    passing = {id(each) for each in model.inputs if readers[id(each)]}
    total = 0
    for node in nodes:
        for each in node.input_tensors:
            readers[id(each)] -= 1
        passing |= {id(each) for each in node.outputs}
        passing = {each for each in passing if readers[each]}
        total += sum(map(_numbers, node.outputs))
        last = node.outputs[-1]
        alone = passing == {id(last)} and all(last is not each for each in model.outputs)
        if alone and getattr(last, "_keras_mask", None) is None and is_float(last):
            yield last, total


def _chosen(before: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Of the places where a graph can be cut, those with which the least is held at once.

    Args:
        before: How many numbers all activations have up to each place.
        sizes: Of the tensor that passes there.
    """
    best, least, until = list[int](), math.inf, [0, *before]
    for count in range(1, len(until)):
        limit = before[-1] / count  # for the activations between two cuts
        ways: list[tuple[float, list[int]]] = [(0, [])]  # to get to each place with little kept
        for place in range(1, len(until)):
            near = ways[bisect.bisect_left(until, until[place] - limit) :]
            kept, cuts = min(near, default=(math.inf, []))
            ways.append((kept + sizes[place - 1], [*cuts, place - 1]))
        kept, cuts = ways[-1]
        if kept + limit < least:
            best, least = cuts, kept + limit
    return best


def _numbers(tensor: Any) -> int:
    """How many an activation has for one example; a size that is open counts as one."""
    return math.prod(each or 1 for each in tensor.shape)


def _read(variable: keras.Variable) -> Any:
    """A variable's value; a copy of what the layers change in place on PyTorch."""
    value = keras.ops.convert_to_tensor(variable.value)
    return value if variable.trainable else keras.ops.copy(value)
