"""Run folders as a training leaves them, without training."""

import json

import numpy as np

from kzoo.recipe import load_recipe
from kzoo.report.predictions import Predictions

# Closes whatever it stands in, and would run if it were markup.
HOSTILE = "\"'></title></style></script><b1><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def make_run(
    folder, recipe="digits_quick", overrides=(), name="mine-20260102-030405", hostile=False, **changes
):
    """Makes one.

    Args:
        folder: Where to.
        recipe: The recipe's name.
        overrides: Changes of it.
        name: The run's.
        hostile: Whether every text that a stranger may choose is an attack.
        **changes: Of results.json, for instance `epochs=5`; `environment` of environment.json, `losses` of the history.
    """
    path = folder / name
    path.mkdir()
    bad = (lambda text: HOSTILE) if hostile else (lambda text: text)
    read = load_recipe(recipe, overrides)
    comment = f"# {bad('mine')}\n"
    (path / "resolved.yaml").write_text(comment * hostile + read.to_yaml())
    (path / "recipe.yaml").write_text(comment + read.sources[0][1])
    losses = changes.pop("losses", (1.0, 0.5, 0.35))
    environment = {
        "started": bad("2026-01-02T03:04:05+00:00"),
        "command": ["kzoo", "train", bad("mine.yaml"), "fit.epochs=3"],
        "overrides": [bad("fit.epochs=3")],
        "seed": 0,
        "data_fingerprint": "f00d",
        "backend": "tensorflow",
        "devices": [bad("CPU:0")],
        "python": "3.11.7",
        "platform": bad("Linux"),
        "plugins": [],
        "git": {"commit": bad("0123abcd"), "changed": True},
        "versions": {"kzoo": "0.1.0", "keras": "3.15.1", bad("some-package"): bad("1.2")},
    }
    rows = [f"{epoch},{loss!r},{1 - loss / 2!r},{loss!r},0.005,1.5" for epoch, loss in enumerate(losses, 1)]
    header = f"epoch,loss,{'acc<b1>' if hostile else 'accuracy'},val_loss,learning_rate,seconds"
    (path / "history.csv").write_text("\n".join([header, *rows]) + "\n")
    measured = {"loss": losses[-1], "accuracy": 0.9125}
    results = {
        "recipe": recipe,
        "run": name,
        "backend": "tensorflow",
        "epochs": len(losses),
        "parameters": 4810,
        "seconds": 75.2,
        "train": measured,
        "validation": {},
        "test": {bad(key): value for key, value in measured.items()},
    }
    diagnostics = {
        bad("dead_units"): {
            "epochs": [1, 2, 3],
            "overall": [0.1, 0.2, 0.3],
            "by_layer": {bad("dense"): [0.1, 0.2, 0.61], "dense_1": [0.0, None, 0.0]},
        },
        "gradient_norms": {
            "epochs": [1, 2, 3],
            "by_layer": {f"block{index}_{bad('conv')}": [0.5 / 9**index] * 3 for index in range(9)},
        },
        "words": [bad("layer dense: 61 % of units never fired in the last epoch")],
    }
    memory = {"total_bytes": 3_000_000, "parts": {bad("parameters"): 1_000_000, "activations": 2_000_000}}
    for file, value in {
        "environment": environment | changes.pop("environment", {}),
        "results": results | changes,
        "predictions": _predictions(bad),
        "diagnostics": diagnostics,
        "memory": memory,
    }.items():
        (path / f"{file}.json").write_text(json.dumps(value))
    return path


def _predictions(bad):
    random = np.random.default_rng(0)
    found = Predictions(bad("test"), 12, [bad("cat"), "dog", "a long name of a class"])
    answers = np.eye(3)[[0, 0, 0, 0, 1, 1, 1, 2, 2, 1, 2, 0]] * 0.8 + 0.05
    found.add(
        random.random((12, 8, 8, 1)), [0, 0, 0, 0, 1, 1, 1, 2, 2, 0, 1, 2], answers / answers.sum(1)[:, None]
    )
    return found.as_json()
