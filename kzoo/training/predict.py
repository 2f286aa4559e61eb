"""Picture files in, classes and probabilities out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kzoo.build.dry_run import final_activation
from kzoo.build.experiment import build_source
from kzoo.data.pictures import read_pictures
from kzoo.problems import KzooError, Problem
from kzoo.runs import Run


def predict(run: Run, files: list[Path], top: int = 3) -> list[dict[str, Any]]:
    """Which classes picture files show.

    Args:
        run: A finished run on pictures.
        files: The files.
        top: How many classes a picture gets, the likeliest first.

    Returns:
        For each file `{"file", "classes": [{"class", "probability"}, …]}`.

    Raises:
        KzooError: If the run isn't one on pictures of classes, or a file isn't a picture.
    """
    source = build_source(run.recipe, run.recipe.resolved)
    if source.num_classes is None or len(source.input_shape) != 3:
        hint = "`predict` reads picture files; use run.model.predict for other data."
        raise KzooError(Problem("this run isn't about classes of pictures", str(run.path), hint=hint))
    pictures = read_pictures(files, source.input_shape)
    # A file's pixels go from 0 to 255; where the data is scaled at all, it is scaled to go from 0 to 1.
    inputs = pictures.astype("float32") * (1.0 if source.scale == 1 else 1 / 255)
    outputs = np.asarray(run.model.predict(inputs, verbose=0), "float64")
    answers = class_probabilities(run.model, outputs, final_activation(run.model), source.num_classes)
    if answers is None:
        hint = "Its outputs are embeddings: run.model.predict gives them."
        message = f"this run's model has {outputs.shape[-1]} outputs, not one for each of {source.num_classes} classes"
        raise KzooError(Problem(message, str(run.path), hint=hint))
    names = source.class_names or tuple(str(index) for index in range(source.num_classes))
    results = []
    for file, row in zip(files, answers):
        best = np.argsort(-row, kind="stable")[:top]
        classes = [{"class": names[index], "probability": float(row[index])} for index in best]
        results.append({"file": str(file), "classes": classes})
    return results


def class_probabilities(
    model: keras.Model, outputs: np.ndarray, activation: str, num_classes: int
) -> np.ndarray | None:
    """What a model's outputs say of each class.

    Args:
        model: The model; one with a head turns embeddings into classes by that.
        outputs: What it gave, shape (examples, outputs).
        activation: The name of what it does last.
        num_classes: How many classes there are.

    Returns:
        Probabilities, shape (examples, classes); None where the outputs aren't one for each class.
    """
    if getattr(model, "head", None) is not None:  # embeddings: the head knows the classes
        outputs = keras.ops.convert_to_numpy(model.class_logits(outputs.astype("float32")))
    if outputs.ndim != 2 or (outputs.shape[-1] != num_classes and (outputs.shape[-1], num_classes) != (1, 2)):
        return None
    return probabilities(outputs, activation)


def probabilities(outputs: np.ndarray, activation: str) -> np.ndarray:
    """What a classifier's outputs say of each class, shape (pictures, classes)."""
    if outputs.shape[-1] == 1:
        positive = outputs if activation == "sigmoid" else np.asarray(keras.ops.sigmoid(outputs))
        return np.concatenate([1 - positive, positive], axis=-1)
    return outputs if activation in ("softmax", "sigmoid") else np.asarray(keras.ops.softmax(outputs))
