"""One pass through a model at the end of an epoch, for all callbacks that look into it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from kzoo.callbacks.batches import Group, first_batches, grouped
from kzoo.callbacks.passes import Passes
from kzoo.callbacks.recording import Note


@dataclasses.dataclass
class Wanted:
    """What a callback wants the shared pass to note.

    Args:
        data: What is run; see `kzoo.callbacks.batches.first_batches`.
        batches: How many batches of it; None for all.
        notes: What is noted of which layers, by their names.
        of_outputs: From the targets of a batch and the model's outputs to what is kept, a structure of tensors.
        rows: How many samples of a batch are enough for the notes; None for all.
        gradients: Whether the gradients of the loss are measured.
        every: How many epochs lie between two measurements.
    """

    data: Any
    batches: int | None = 1
    notes: dict[str, Note] = dataclasses.field(default_factory=dict)
    of_outputs: Callable[[Any, Any], Any] | None = None
    rows: int | None = None
    gradients: bool = False
    every: int = 1


@dataclasses.dataclass
class Seen:
    """What the shared pass has noted, as NumPy arrays.

    Args:
        notes: By layer name, one entry a call.
        of_outputs: One entry a call of the model.
        gradients: One list a batch: those of the trainable weights.
    """

    notes: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    of_outputs: list[Any] = dataclasses.field(default_factory=list)
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
        self._groups: dict[
            tuple[int, ...], list[Group]
        ] = {}  # by the identity of their data, and where they end
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
            self._groups, self._passes = {}, Passes()

    def look(self, who: Any, epoch: int) -> Seen:
        """What a callback wanted to be noted. The first one in an epoch has it measured for all.

        Args:
            who: The callback.
            epoch: How many epochs are over.
        """
        if epoch != self._when or who not in self._seen:
            for gone in self._seen:  # it hasn't looked when the others did, so it is in the training no more
                self._wanted.pop(gone, None)
            due = {each: wanted for each, wanted in self._wanted.items() if epoch % wanted.every == 0}
            try:
                self._seen = self.measured(due)
            except BaseException:
                self._wanted.clear()  # this training is over; the next one has callbacks of its own
                raise
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
            for group in self._groups_of(data, of_it):
                due = {key: each for key, each in of_it.items() if group.first < (each.batches or math.inf)}
                if not due:
                    break
                self._measure(group, due, seen)
        return seen

    def _groups_of(self, data: Any, wanted: dict[Any, Wanted]) -> Iterable[Group]:
        """As many batches as anybody wants, kept from the first time on."""
        if None in (each.batches for each in wanted.values()):
            return grouped(first_batches(data, None), {each.batches for each in wanted.values()})
        everybody = [*self._wanted.values(), *wanted.values()]  # those too who aren't due in this epoch
        ends = {each.batches for each in everybody if each.data is data and each.batches}
        key = (id(data), *sorted(ends))
        if key not in self._groups:
            self._groups[key] = list(grouped(first_batches(data, max(ends)), ends))
        return self._groups[key]

    def _measure(self, group: Group, due: dict[Any, Wanted], seen: dict[Any, Seen]) -> None:
        if group.batches[0][1] is None:
            self._check_without_targets(due)
        looking = {key: each for key, each in due.items() if each.notes or each.of_outputs}
        if looking:
            self._look(group, looking, seen)
        if any(each.gradients for each in due.values()):
            gradients = [self._passes.gradients(self._model, each) for each in group.batches]
            for key, each in due.items():
                if each.gradients:
                    seen[key].gradients.extend(gradients)

    def _check_without_targets(self, due: dict[Any, Wanted]) -> None:
        has_loss = getattr(self._model, "loss", None) is not None
        for key, each in due.items():
            if each.of_outputs or (each.gradients and has_loss):
                name = type(key).__name__
                raise ValueError(f"`data` must have targets, say {name}((x, y)). Received: inputs alone")

    def _look(self, group: Group, wanted: dict[Any, Wanted], seen: dict[Any, Seen]) -> None:
        notes = {(key, name): note for key, each in wanted.items() for name, note in each.notes.items()}
        of_outputs = {key: each.of_outputs for key, each in wanted.items() if each.of_outputs}
        inputs, targets = group.inputs, group.targets if of_outputs else ()
        if None not in (rows := [each.rows for each in wanted.values()]):
            inputs, targets = keras.tree.map_structure(lambda each: each[: max(rows)], (inputs, targets))
        noted, made = self._passes.forward(self._model, inputs, targets, notes, of_outputs)
        for (key, name), values in noted.items():
            seen[key].notes.setdefault(name, []).extend(values)
        for key, value in made.items():
            seen[key].of_outputs.append(value)


def measuring(model: keras.Model) -> Measuring:
    """What measures a model, for all callbacks that it has. It goes where the model goes."""
    if "_kzoo_measuring" not in vars(model):
        object.__setattr__(model, "_kzoo_measuring", Measuring(model))  # Keras is not to track it
    return vars(model)["_kzoo_measuring"]
