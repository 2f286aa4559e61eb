"""Trains recipes on one device and on two of this process; tests/test_devices.py starts it and reads what it prints.

python tests/devices.py FOLDER SPEC…        SPEC: a name and overrides, one:fit.epochs=2
"""

import csv
import io
import json
import os
import sys
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from rich.console import Console  # noqa: E402

import kzoo  # noqa: E402
from kzoo.training.train import resume, train  # noqa: E402


def main(folder: Path, cases: list[str]) -> None:
    run = None
    for case in cases:
        name, _, overrides = case.partition("|")
        said = io.StringIO()
        console = Console(file=said, width=200)
        recipe = kzoo.load_recipe(folder / "recipe.yaml", overrides.split("|") if overrides else [])
        if run is not None and name.startswith("resumed"):
            for file in ("results.json", "model.keras"):
                (run.path / file).unlink()
            max((run.path / "checkpoints").iterdir()).unlink()
            run = resume(run.path, console)
        else:
            run = train(recipe, folder / "runs", console)
        with (run.path / "history.csv").open() as file:
            rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        np.savez(folder / f"{name}.npz", *run.model.get_weights())
        loaded = kzoo.load_model(run.path / "model.keras")
        same = all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), run.model.get_weights()))
        config = [layer.get_config().get("synchronized", False) for layer in loaded.layers]
        told = {"name": name, "rows": rows, "results": run.results, "said": said.getvalue()}
        print("CASE " + json.dumps(told | {"same": same, "synchronized": any(config)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
