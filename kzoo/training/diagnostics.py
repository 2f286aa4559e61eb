"""`diagnostics.json`: what the diagnostics among a run's callbacks have seen, on disk as each epoch ends."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.registry import catalogue
from kzoo.runs.files import write_whole


class DiagnosticsFile(keras.callbacks.Callback):
    """Writes the summaries of the diagnostics after each epoch, and prints at the end what is wrong.

    It stands behind them among the callbacks. Without any of them it does nothing.

    Args:
        path: The JSON file: an object with a summary for each diagnostic, by its name, and `words`, a list of
            sentences.
        callbacks: All callbacks of the training.
        epochs: How many epochs of it are over: what the file tells of them the diagnostics remember.
        console: Where the words are printed.
    """

    def __init__(
        self, path: Path, callbacks: Sequence[keras.callbacks.Callback], epochs: int, console: Console
    ):
        super().__init__()
        self.path, self.epochs, self.console = path, epochs, console
        self._watching = _named([each for each in callbacks if isinstance(each, Diagnostic)])
        for each in self._watching.values():
            each.quiet = True

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.epochs:
            self._write()
            return
        known = json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}
        for name, diagnostic in self._watching.items():
            diagnostic.restore(known.get(name, {}), self.epochs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._write()
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.on_train_end()  # a training ends with an error here

    def on_train_end(self, logs: Any = None) -> None:
        for sentence in self._words():
            self.console.print(f"note: {sentence}", highlight=False, soft_wrap=True, markup=False)

    def _write(self) -> None:
        if self._watching:
            summaries = {name: each.summary() for name, each in self._watching.items()}
            # On one line: indented, it would take Python four times as long, and a matrix a line a number.
            write_whole(
                self.path, json.dumps({**summaries, "words": self._words()}, ensure_ascii=False) + "\n"
            )

    def _words(self) -> list[str]:
        return [sentence for each in self._watching.values() for sentence in each.words()]


def _named(diagnostics: list[Diagnostic]) -> dict[str, Diagnostic]:
    """Diagnostics by the names of their cards; the second of a name is `NAME_2`."""
    names = {card.target: card.name for card in catalogue().cards("callback")}
    named: dict[str, Diagnostic] = {}
    for each in diagnostics:
        kind = type(each)
        name = names.get(f"{kind.__module__}:{kind.__qualname__}", kind.__name__)
        number = 1 + sum(type(other) is kind for other in named.values())
        named[name if number == 1 else f"{name}_{number}"] = each
    return named
