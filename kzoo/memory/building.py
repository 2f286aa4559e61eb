"""From a recipe to forecasts for batches of any size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kzoo.memory.donation import with_copies
from kzoo.memory.forecast import OF_A_LAYER, PARTS, Forecast
from kzoo.memory.fusion import units_of
from kzoo.memory.liveness import peak_of
from kzoo.memory.program import BACKWARD, FORWARD, UPDATE, Program
from kzoo.memory.shapes import shapes_of
from kzoo.problems import KzooError
from kzoo.recipe import Recipe


def forecaster(
    recipe: Recipe,
    training: bool = True,
    input_shape: Sequence[int] | None = None,
    num_classes: int | None = None,
) -> Forecaster | Elsewhere:
    """What forecasts a recipe's step; its arguments are those of `kzoo.memory.forecast`."""
    wanted = recipe.resolved["run"].get("backend") or os.environ.get("KERAS_BACKEND") or "tensorflow"
    if "keras" not in sys.modules and wanted != "tensorflow":
        return Elsewhere(
            recipe, training, input_shape, num_classes
        )  # that choice is left open in this process
    import keras

    kind = Forecaster if keras.backend.backend() == "tensorflow" else Elsewhere
    return kind(recipe, training, input_shape, num_classes)


class Forecaster:
    """Forecasts the step of a recipe that is built once; see `forecaster`."""

    def __init__(
        self,
        recipe: Recipe,
        training: bool,
        input_shape: Sequence[int] | None,
        num_classes: int | None,
    ):
        from kzoo.memory.step import Step

        self.recipe = recipe
        self.step = Step(recipe, shapes_of(recipe, input_shape, num_classes), training)

    def at(self, batch_size: int | None = None) -> Forecast:
        """The forecast for a batch size; by default the recipe's."""
        from kzoo.memory.step import bytes_of

        step, model = self.step, self.step.model
        settings = step.experiment.settings
        size = batch_size or settings["data"]["batch_size"]
        program = step.program(size)
        units = with_copies(program, units_of(program))
        peak = peak_of(program, units)
        parts, layers = dict.fromkeys(PARTS, 0), _layers(step)
        _add_peak(step, program, units, peak.results, parts, layers)
        variables = model.optimizer.variables if step.training else []
        parts["parameters"] = bytes_of(model.weights)
        parts["optimizer"] = bytes_of(variables)
        parts["batch"] = step.batch_bytes(size)
        others = [*model.variables, *(model.metrics_variables if step.training else [])]
        mine = {id(each) for each in (*model.weights, *variables)}
        parts["other"] = bytes_of(each for each in others if id(each) not in mine)
        return Forecast(
            recipe=self.recipe.name,
            training=step.training,
            batch_size=size,
            precision=settings["run"]["precision"],
            remat=step.training and settings["run"]["remat"],
            parts=parts,
            layers=[{"layer": name, **row} for name, row in layers.items() if any(row.values())],
            all_gradients=bytes_of(model.trainable_variables) if step.training else 0,
            moment=step.layer_of(units[peak.unit].operation.name) if units else "",
        )


def _layers(step: Any) -> dict[str, dict[str, int]]:
    """Each layer's variables; the optimizer's by the names of the weights that they belong to."""
    from kzoo.memory.step import bytes_of

    rows = {layer.name: dict.fromkeys(OF_A_LAYER, 0) for layer in step.model.layers}
    rows[""] = dict.fromkeys(OF_A_LAYER, 0)
    owner = {}
    for layer in step.model.layers:
        rows[layer.name]["parameters"] = bytes_of(layer.weights)
        owner |= {each.path.replace("/", "_"): layer.name for each in layer.trainable_variables}
    for slot in step.model.optimizer.variables if step.training else ():
        rows[_owner(slot.path, owner)]["optimizer"] += bytes_of([slot])
    return rows


def _owner(path: str, owner: dict[str, str]) -> str:
    """The layer of the weight whose name is the longest in a slot's path."""
    path = path.replace("/", "_")
    found = [name for name in owner if name in path]
    return owner[max(found, key=len)] if found else ""


def _add_peak(
    step: Any,
    program: Program,
    units: list[Any],
    held: Sequence[int],
    parts: dict[str, int],
    layers: dict[str, Any],
) -> None:
    """Says what each result is that lies in memory at the fullest moment."""
    maker = {number: unit.operation for unit in units for number in unit.writes}
    updated = {number for unit in units if unit.operation.phase == UPDATE for number in unit.reads}
    for number in held:
        operation, result = maker[number], program.results[number]
        if result.variable:
            part = "copies"
        elif operation.phase == BACKWARD and number in updated:
            part = "gradients"
        elif operation.phase == FORWARD:
            part = "activations"
        else:
            part = "workspace"
        parts[part] += result.size
        layers[step.layer_of(operation.name)][part] += result.size


class Elsewhere:
    """Forecasts in another process, where Keras runs on TensorFlow; see `forecaster`."""

    def __init__(
        self,
        recipe: Recipe,
        training: bool,
        input_shape: Sequence[int] | None,
        num_classes: int | None,
    ):
        self.recipe, self.options = recipe, [] if training else ["--inference"]
        self.options += ["--input-shape", ",".join(map(str, input_shape))] if input_shape else []
        self.options += ["--num-classes", str(num_classes)] if num_classes else []

    def at(self, batch_size: int | None = None) -> Forecast:
        """The forecast for a batch size; by default the recipe's."""
        overrides = [f"data.batch_size={batch_size}"] if batch_size else []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "recipe.yaml")
            path.write_text(self.recipe.to_yaml(), encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "kzoo", "memory", str(path), *overrides, "--json", *self.options],
                env={**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""},
                capture_output=True,
                text=True,
            )
        if done.returncode:
            last = next(
                iter(done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]), ""
            )
            raise KzooError(f"the forecast's own process, on TensorFlow, failed: {last}")
        found = json.loads(done.stdout)
        found.pop("total_bytes")
        return Forecast(**found)
