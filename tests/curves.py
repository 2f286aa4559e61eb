"""Writes what activations and schedules look like into registry/curves.json, so that `kzoo show` draws without Keras.

python tests/curves.py            writes registry/curves.json
python tests/curves.py --check    says which curves are out of date, status 1 if any
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).resolve().parent.parent / "registry" / "curves.json"
STEPS = 1000
# What doesn't matter to the eye: curves are equal if they are as near as this, for they are rounded.
TOLERANCE = 3e-5
GRID = np.linspace(-6, 6, 121).round(1)
# Every schedule at work over 1,000 steps; rates are shares of the one that it is given.
EXAMPLES: dict[str, dict[str, Any]] = {
    "keras/cosine_decay": {"initial_learning_rate": 1.0, "decay_steps": STEPS},
    "keras/cosine_decay_restarts": {"initial_learning_rate": 1.0, "first_decay_steps": 143},
    "keras/exponential_decay": {"initial_learning_rate": 1.0, "decay_steps": 100, "decay_rate": 0.7},
    "keras/inverse_time_decay": {"initial_learning_rate": 1.0, "decay_steps": 100, "decay_rate": 1.0},
    "keras/piecewise_constant_decay": {"boundaries": [500, 750], "values": [1.0, 0.1, 0.01]},
    "keras/polynomial_decay": {"initial_learning_rate": 1.0, "decay_steps": STEPS},
    "kzoo/chebyshev": {"rate": 0.05, "hold": 31},
    "kzoo/constant": {"rate": 1.0},
    "kzoo/cyclic": {"start": 0.1, "peak": 1.0, "up": "10%", "mode": "triangular2"},
    "kzoo/inverse_sqrt": {"peak": 1.0, "warmup": "10%"},
    "kzoo/k_decay": {"start": 1.0},
    "kzoo/linear": {"start": 1.0},
    "kzoo/multi_step": {"start": 1.0, "milestones": [500, 750]},
    "kzoo/noam": {"model_size": 512, "warmup": "10%"},
    "kzoo/one_cycle": {"peak": 1.0},
    "kzoo/one_cycle_momentum": {},
    "kzoo/poly": {"start": 1.0},
    "kzoo/rex": {"start": 1.0},
    "kzoo/sequential": {
        "schedules": [{"name": "linear", "start": 0.0, "end": 1.0}, 1.0, {"name": "poly", "start": 1.0}],
        "milestones": ["20%", "50%"],
    },
    "kzoo/sgdr": {"peak": 1.0, "period": "30%", "warmup": "10%", "decay": 0.7},
    "kzoo/step": {"start": 1.0, "period": 250, "factor": 0.5},
    "kzoo/tanh_decay": {"start": 1.0},
    "kzoo/warmup": {"schedule": {"name": "rex", "start": 1.0}, "warmup": "10%"},
    "kzoo/warmup_cosine": {"peak": 1.0, "warmup": "10%"},
    "kzoo/wsd": {"peak": 1.0, "warmup": "10%", "decay": "20%"},
}


def drawn() -> list[Any]:
    """The cards that have a curve: activations of single numbers that need no arguments, and schedules."""
    from kzoo.registry import catalogue

    cards = [card for kind in ("activation", "schedule") for card in catalogue().cards(kind)]
    return [
        card
        for card in cards
        if card.package in ("keras", "kzoo") and (card.kind == "schedule" or _plain(card))
    ]


def _plain(card: Any) -> bool:
    """Whether an activation maps each number by itself, with nothing but defaults."""
    return bool(card.elementwise and card.parameters() and not card.parameters().missing(set()))


def curve(card: Any) -> dict[str, Any]:
    """What the file has for a card, not rounded: `f` and `slope`, or `call` and `rate`."""
    return _activation(card) if card.kind == "activation" else _schedule(card)


def _activation(card: Any) -> dict[str, Any]:
    from conformance.gradients import value_and_gradient

    part = card.load()
    function = part(dtype="float64") if inspect.isclass(part) else part
    values, slopes = value_and_gradient(function, GRID, "float64")
    return {"f": values, "slope": slopes}


def _schedule(card: Any) -> dict[str, Any]:
    import kzoo
    from kzoo.build.filling import filled

    spec = {"name": card.full_name, **EXAMPLES[card.full_name]}
    schedule = kzoo.get("schedule", filled("schedule", spec, {"total_steps": STEPS}))
    call = ", ".join(f"{key}={_written(value)}" for key, value in EXAMPLES[card.full_name].items())
    return {"call": call, "rate": np.array([float(schedule(step)) for step in range(0, STEPS + 1, 5)])}


def _written(value: Any) -> str:
    """An argument as a reader writes it: a part inside by its name alone."""
    if isinstance(value, dict):
        return str(value["name"])
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, list) else repr(value)


def rounded(curves: dict[str, Any]) -> dict[str, Any]:
    """Its numbers with 5 digits, and 5 behind the point at most."""
    return {
        key: [float(f"{round(each, 5):.5g}") + 0.0 for each in value.tolist()] if key != "call" else value
        for key, value in curves.items()
    }


def same(one: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    """Whether two curves look alike."""
    if one is None or set(one) != set(other) or one.get("call") != other.get("call"):
        return False
    return all(
        len(one[key]) == len(other[key]) and np.allclose(one[key], other[key], rtol=TOLERANCE, atol=TOLERANCE)
        for key in set(one) - {"call"}
    )


def main(arguments: list[str]) -> int:
    """Writes the file, or compares it."""
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    wanted = {f"{card.kind}/{card.full_name}": rounded(curve(card)) for card in drawn()}
    stale = sorted(
        key for key in {*kept, *wanted} if key not in wanted or not same(kept.get(key), wanted[key])
    )
    if stale and "--check" not in arguments:
        # What only differs by how this machine rounds stays as it is.
        curves = {key: kept[key] if key not in stale else wanted[key] for key in wanted}
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(curves.items())]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    verb = "out of date" if "--check" in arguments else "written"
    print(f"{', '.join(stale)}: {verb}" if stale else "all curves are up to date")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.path.insert(0, str(FILE.parent.parent))
    sys.exit(main(sys.argv[1:]))
