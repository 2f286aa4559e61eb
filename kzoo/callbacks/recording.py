"""Notes what goes into layers and comes out of them, while a model runs."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import keras

# What runs layers inside of a loop: what is noted there would not be seen outside.
_LOOPS = (keras.layers.RNN, keras.layers.TimeDistributed)


@dataclasses.dataclass(frozen=True)
class Note:
    """What is noted of a layer.

    Args:
        layer: The layer.
        made: From what goes in (the first argument) and what comes out to what is kept, a structure of tensors.
    """

    layer: Any
    made: Callable[[Any, Any], Any]


def layers_of(model: keras.Model, in_loops: bool = False) -> dict[str, Any]:
    """The layers of a model and of those inside it, by names that are theirs alone, in the order of the model.

    Args:
        model: The model.
        in_loops: Whether layers inside of a recurrent one or of `TimeDistributed` are among them.
    """
    layers = list(_within(model, in_loops, set()))
    named: dict[str, Any] = {}
    often = {each.name: sum(other.name == each.name for other in layers) for each in layers}
    for layer in layers:
        name = layer.name if often[layer.name] == 1 else layer.path or layer.name
        number = sum(each == name or each.startswith(f"{name} (") for each in named)
        named[name if not number else f"{name} ({number + 1})"] = layer
    return named


def _within(layer: Any, in_loops: bool, seen: set[int]) -> Iterator[Any]:
    for each in layer._layers:
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            if in_loops or not isinstance(each, _LOOPS):
                yield from _within(each, in_loops, seen)


def unit_axis(layer: Any, outputs: Any) -> int:
    """The axis of a layer's outputs that counts its units: channels, in a convolution."""
    return 1 if getattr(layer, "data_format", "") == "channels_first" else len(outputs.shape) - 1


@contextlib.contextmanager
def recording(notes: dict[Any, Note], found: dict[Any, list[Any]]) -> Iterator[None]:
    """Puts into `found`, while it lasts, what is noted of the layers: one entry a call.

    Args:
        notes: What is noted, by any key.
        found: By the same key.
    """
    by_layer: dict[int, tuple[Any, dict[Any, Note]]] = {}
    for key, note in notes.items():
        found.setdefault(key, [])
        by_layer.setdefault(id(note.layer), (note.layer, {}))[1][key] = note

    def recorded(layer: Any, its: dict[Any, Note]) -> Callable[..., Any]:
        call = layer.call

        def call_and_note(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            inputs = args[0] if args else next(iter(kwargs.values()), None)
            for key, note in its.items():
                found[key].append(note.made(inputs, outputs))
            return outputs

        return call_and_note

    for layer, its in by_layer.values():
        object.__setattr__(layer, "call", recorded(layer, its))
    try:
        yield
    finally:
        for layer, _ in by_layer.values():
            object.__delattr__(layer, "call")
