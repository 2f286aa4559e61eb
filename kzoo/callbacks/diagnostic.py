"""What all callbacks that look into a model share: a record an epoch, its summary, and a verdict in words."""

from __future__ import annotations

import math
import warnings
from typing import Any

import keras
import numpy as np

from kzoo.callbacks.measuring import Seen, Wanted, measuring
from kzoo.problems import KzooWarning


class Diagnostic(keras.callbacks.Callback):
    """A callback that measures something at the end of each epoch, keeps it, and says at the end what is wrong.

    A subclass says in `wanted` what the shared pass through the model is to note for it, and makes in `record` what is
    kept of an epoch: numbers, and dictionaries, lists and arrays of numbers.

    Attributes:
        records: One dict an epoch that was measured: `epoch`, from 1, and what `record` made.
        quiet: Whether what is wrong is left to somebody else to say; otherwise it is warned of at the end.
    """

    log_names: tuple[str, ...] = ()  # what it adds to the logs, so that a recipe may have it monitored
    needs_data = True
    every = 1

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.quiet = False
        self._measured = False

    def wanted(self) -> Wanted | None:
        """What the shared pass is to note; None for nothing."""
        return None

    def record(self, seen: Seen, epoch: int) -> dict[str, Any]:
        """What is kept of an epoch.

        Args:
            seen: What the shared pass has noted.
            epoch: How many epochs are over.
        """
        raise NotImplementedError

    def logged(self, record: dict[str, Any]) -> dict[str, float]:
        """What of a record goes into the epoch's logs."""
        return {}

    def words(self) -> list[str]:
        """What is wrong, in sentences; none if nothing is."""
        return []

    def about(self) -> dict[str, Any]:
        """What a summary says besides what was measured."""
        return {}

    # What Keras calls -----------------------------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        if self.needs_data and getattr(self, "data", None) is None:
            name = type(self).__name__
            raise ValueError(
                f"`data` must be given: {name} runs some of it through the model at the end of each epoch, say "
                f"{name}({self._example()}). Received: data=None"
            )
        self.records = []
        wanted = self.wanted()
        self._measured = wanted is not None
        if wanted is not None:
            measuring(self.model).want(self, wanted)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        seen = measuring(self.model).look(self, epoch + 1) if self._measured else Seen()
        with np.errstate(all="ignore"):  # a training may have come to numbers that are none
            record = self.record(seen, epoch + 1)
        self.records.append({"epoch": epoch + 1, **record})
        if logs is not None:
            logs.update(self.logged(record))

    def on_train_end(self, logs=None):
        measuring(self.model).forget(self)
        if not self.quiet:
            for sentence in self.words():
                warnings.warn(sentence, KzooWarning, stacklevel=2)

    def look(self) -> Seen:
        """What is seen now, for this callback alone."""
        wanted = self.wanted()
        if wanted is None:
            return Seen()
        shared = measuring(self.model)
        seen = shared.measured({self: wanted})[self]
        if not self._measured:
            shared.forget(self)
        return seen

    def _example(self) -> str:
        return "x_train[:256]"

    # What was seen, for others ---------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """What was measured, as JSON can hold it: each number became the list of what it was, epoch by epoch.

        Numbers that aren't finite are None.
        """
        epochs = [each["epoch"] for each in self.records]
        kept = [{key: value for key, value in each.items() if key != "epoch"} for each in self.records]
        return {"epochs": epochs, **_turned(kept), **self.about()}

    def restore(self, summary: dict[str, Any], epochs: int) -> None:
        """Remembers what a summary tells of the first epochs.

        Args:
            summary: What `summary` has returned.
            epochs: How many epochs.
        """
        series = {key: value for key, value in summary.items() if key not in ("epochs", *self.about())}
        self.records = [
            {"epoch": epoch, **_at(series, index)}
            for index, epoch in enumerate(summary.get("epochs", []))
            if epoch <= epochs
        ]


def _turned(records: list[dict[str, Any]]) -> dict[str, Any]:
    """A list of dicts as a dict of lists, down to the values; None where there is none."""
    turned: dict[str, Any] = {}
    for key in dict.fromkeys(key for record in records for key in record):
        values = [record.get(key) for record in records]
        if any(isinstance(value, dict) for value in values):
            turned[key] = _turned([value or {} for value in values])
        else:
            turned[key] = [_plain(value) for value in values]
    return turned


def _at(series: dict[str, Any], index: int) -> dict[str, Any]:
    """One of the dicts of which `_turned` made this."""
    found = {
        key: _at(value, index) if isinstance(value, dict) else value[index] for key, value in series.items()
    }
    return {key: value for key, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind in "biu" else _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
