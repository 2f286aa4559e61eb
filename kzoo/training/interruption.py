"""SIGTERM and Ctrl-C as a wish: the step that is under way is finished and the state kept before the training ends."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from kzoo.problems import Terminated


class Interruption:
    """Takes SIGTERM and SIGINT while it lasts.

    Where another program than the command line handles these signals, or a thread trains, they are left alone.

    Args:
        run: The run folder, to say how to go on.

    Attributes:
        wanted: Whether one has come while `patient`. Whoever sees it keeps the state, then calls `end`.
        patient: Whether to wait for that. The first signal then only sets `wanted`; the second ends the training at
            once, as the first does otherwise.
    """

    def __init__(self, run: Path):
        self.run = run
        self.wanted = self.patient = False
        self._signal: int = signal.SIGINT
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
        if threading.current_thread() is threading.main_thread():
            for number, handler in usual.items():
                if signal.getsignal(number) is handler:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: Any) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        if not self.patient or self.wanted:
            self.end()
        self.wanted = True

    def hurry(self) -> None:
        """No state has to be kept from now on: a signal, one that has come already too, ends the training at once."""
        self.patient = False
        if self.wanted:
            self.end()

    def end(self, kept: str = "") -> None:
        """Ends the training.

        Args:
            kept: What was kept just now; empty to say nothing of it.

        Raises:
            KeyboardInterrupt: After Ctrl-C.
            Terminated: After SIGTERM.
        """
        self.patient = False
        word = "interrupted" if self._signal == signal.SIGINT else "terminated"
        kept = f" {kept}" if kept else ""
        message = f"{word}{kept}; go on with: kzoo train --resume {self.run}"
        raise KeyboardInterrupt(message) if self._signal == signal.SIGINT else Terminated(message)
