"""One pass through a model at the end of an epoch, for all callbacks that look into it."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kzoo.callbacks.batches import first_batches, joined, small_together
from kzoo.callbacks.passes import Passes
from kzoo.callbacks.recording import Note


@dataclasses.dataclass
class Wanted:
    """What a callback wants the shared pass to note.

    Args:
        data: What is run; see `kzoo.callbacks.batches.first_batches`.
        batches: How many batches of it; None for all.
        notes: What is noted of which layers, by their names.
        outputs: Whether the targets and what the model makes of the inputs are kept.
        rows: How many samples of a batch are enough for the notes; None for all.
        gradients: Whether the gradients of the loss are measured.
        every: How many epochs lie between two measurements.
    """

    data: Any
    batches: int | None = 1
    notes: dict[str, Note] = dataclasses.field(default_factory=dict)
    outputs: bool = False
    rows: int | None = None
    gradients: bool = False
    every: int = 1


@dataclasses.dataclass
class Seen:
    """What the shared pass has noted, as NumPy arrays.

    Args:
        notes: By layer name, one entry a call.
        outputs: Targets and outputs, one pair a batch.
        gradients: One list a batch: those of the trainable weights.
    """

    notes: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    outputs: list[tuple[Any, Any]] = dataclasses.field(default_factory=list)
    gradients: list[list[np.ndarray]] = dataclasses.field(default_factory=list)

    def mean_gradients(self) -> list[np.ndarray]:
        """The mean of the gradients over the batches."""
        return [sum(each[1:], each[0]) / len(each) for each in zip(*self.gradients)]


class Measuring:
    """What is measured of one model, and for whom.

    Batches are read once; what was compiled is kept as long as somebody wants to look.

    Args:
        model: The model.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._wanted: dict[Any, Wanted] = {}  # by callback
        self._seen: dict[Any, Seen] = {}  # likewise, until it is looked at
        self._when: Any = None
        self._batches: dict[tuple[int, int], list[Any]] = {}  # by the identity of their data, and how many
        self._passes = Passes()

    def want(self, who: Any, wanted: Wanted) -> None:
        """From now on measures for a callback too."""
        self._wanted[who] = wanted
        self._seen.clear()

    def forget(self, who: Any) -> None:
        """Measures for a callback no more."""
        self._wanted.pop(who, None)
        self._seen.pop(who, None)
        if not self._wanted:
            self._batches, self._passes = {}, Passes()

    def look(self, who: Any, epoch: int) -> Seen:
        """What a callback wanted to be noted. The first one in an epoch has it measured for all.

        Args:
            who: The callback.
            epoch: How many epochs are over.
        """
        if epoch != self._when or who not in self._seen:
            for gone in self._seen:  # it hasn't looked when the others did, so it is in the training no more
                self._wanted.pop(gone, None)
            self._seen = self.measured(
                {each: wanted for each, wanted in self._wanted.items() if epoch % wanted.every == 0}
            )
            self._when = epoch
        return self._seen.pop(who)

    def look_ahead(self, who: Any) -> Seen:
        """What it would see now, before the training: by the pass that all share later."""
        return self.measured(self._wanted)[who]

    def measured(self, wanted: dict[Any, Wanted]) -> dict[Any, Seen]:
        """What is seen now, by the same keys. Nothing in the model changes."""
        seen = {key: Seen() for key in wanted}
        for data in {id(each.data): each.data for each in wanted.values()}.values():
            of_it = {key: each for key, each in wanted.items() if each.data is data}
            for batches, due in _due(self._first(data, [each.batches for each in of_it.values()]), of_it):
                self._measure(batches, due, seen)
        return seen

    def _first(self, data: Any, counts: list[int | None]) -> Iterable[Any]:
        """As many batches as anybody wants, kept from the first time on."""
        if None in counts:
            return first_batches(data, None)
        most = max(each for each in counts if each is not None)
        if (id(data), most) not in self._batches:
            self._batches[id(data), most] = list(first_batches(data, most))
        return self._batches[id(data), most]

    def _measure(self, batches: list[Any], due: dict[Any, Wanted], seen: dict[Any, Seen]) -> None:
        notes = {(key, name): note for key, each in due.items() for name, note in each.notes.items()}
        looking = [each for each in due.values() if each.notes or each.outputs]
        outputs = None
        if looking:
            rows = None if None in (each.rows for each in looking) else max(each.rows for each in looking)
            inputs = keras.tree.map_structure(lambda each: each[:rows], joined([each[0] for each in batches]))
            outputs, noted = self._passes.forward(self._model, inputs, notes)
            for (key, name), values in noted.items():
                seen[key].notes.setdefault(name, []).extend(values)
        gradients = []
        if any(each.gradients for each in due.values()):
            gradients = [self._passes.gradients(self._model, each) for each in batches]
        for key, each in due.items():
            if each.outputs:
                targets = joined([batch[1] for batch in batches])
                targets = keras.tree.map_structure(keras.ops.convert_to_numpy, targets)
                seen[key].outputs.append((targets, outputs))
            if each.gradients:
                seen[key].gradients.extend(gradients)


def _due(batches: Iterable[Any], wanted: dict[Any, Wanted]) -> Iterator[tuple[list[Any], dict[Any, Wanted]]]:
    """Small batches together, with those who want them."""

    def who(numbered: tuple[int, Any]) -> tuple[Any, ...]:
        return tuple(key for key, each in wanted.items() if numbered[0] < (each.batches or math.inf))

    for keys, group in itertools.groupby(enumerate(batches), who):
        for together in small_together(batch for _, batch in group):
            yield together, {key: wanted[key] for key in keys}


def measuring(model: keras.Model) -> Measuring:
    """What measures a model, for all callbacks that it has. It goes where the model goes."""
    if "_kzoo_measuring" not in vars(model):
        object.__setattr__(model, "_kzoo_measuring", Measuring(model))  # Keras is not to track it
    return vars(model)["_kzoo_measuring"]
