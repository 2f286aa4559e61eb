"""What a recipe can say: the sections, named after the Keras calls that they feed, and their keys."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Field:
    """One key of a section.

    Args:
        help: What it says.
        type: `integer`, `number`, `boolean`, `string`, `share` (`10%`, `.1` or a count), `spec`, `specs` or
            `axes`.
        default: What stands for it when it is left out.
        required: Whether it must be there.
        kind: The kind of part, for `spec` and `specs`.
        choices: The only values there are.
        minimum: The least value.
    """

    help: str
    type: str
    default: Any = None
    required: bool = False
    kind: str = ""
    choices: tuple[Any, ...] = ()
    minimum: float | None = None


# The data section names a dataset, whose own arguments stand beside these keys.
DATA = {
    "batch_size": Field("Examples a step.", "integer", default=32, minimum=1),
    "validation": Field("How much of the training part to watch while training: 10%, or a count.", "share"),
    "test": Field("How much to set aside for the end, where the data has no test part.", "share"),
    "augment": Field(
        "What is done to each training batch, in this order.", "specs", default=[], kind="augmentation"
    ),
    "cache": Field(
        "Where decoded examples are kept: by their size, in memory, on disk, or nowhere.",
        "string",
        default="auto",
        choices=("auto", "memory", "disk", "none"),
    ),
    "service": Field("Address of a tf.data service that prepares the batches: grpc://host:port.", "string"),
    "shuffle": Field("A new order every epoch.", "boolean", default=True),
    "drop_remainder": Field(
        "Leave out the last batch of an epoch if it is not full.", "boolean", default=False
    ),
    "one_hot": Field("Targets as one-hot vectors; for losses that want them.", "boolean", default=False),
}
COMPILE = {
    "loss": Field("What is minimized; a model with a head brings it.", "spec", required=True, kind="loss"),
    "optimizer": Field("What minimizes it.", "spec", default="rmsprop", kind="optimizer"),
    "metrics": Field("What else is reported.", "specs", default=[], kind="metric"),
    "steps_per_execution": Field("Steps a call of the compiled function.", "integer", default=1, minimum=1),
    "jit_compile": Field(
        "As run.jit, which it wins over.", "string", default="auto", choices=("auto", True, False)
    ),
}
FIT = {
    "epochs": Field("How often the training data is gone through.", "integer", default=1, minimum=1),
    "callbacks": Field("What happens along the way.", "specs", default=[], kind="callback"),
}
RUN = {
    "backend": Field(
        "What Keras runs on; by default what KERAS_BACKEND or Keras's configuration says.",
        "string",
        choices=("tensorflow", "jax", "torch"),
    ),
    "precision": Field(
        "The numbers' type while training.",
        "string",
        default="float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "float64"),
    ),
    "jit": Field(
        "Compile with XLA; auto: where it pays. TensorFlow does on one GPU, JAX always, PyTorch never.",
        "string",
        default="auto",
        choices=("auto", True, False),
    ),
    "distribute": Field(
        "Train on all devices of this host: mirrored on TensorFlow, data_parallel on JAX, auto on either.",
        "string",
        choices=("mirrored", "data_parallel", "auto"),
    ),
    "remat": Field(
        "Keep few activations while training and compute the others again: less memory, a third to a half more time.",
        "boolean",
        default=False,
    ),
    "checkpoint_minutes": Field(
        "After how many minutes within an epoch its state is kept too; 0: only at the ends of epochs.",
        "number",
        default=10,
        minimum=0,
    ),
    "tensorboard": Field("Write logs for TensorBoard.", "boolean", default=True),
}
SECTIONS = {"data": DATA, "model": {}, "compile": COMPILE, "fit": FIT, "run": RUN}
TOP = {
    "name": Field("What its runs are called; the file's name by default.", "string"),
    "seed": Field("All that is random follows from it.", "integer", default=0, minimum=0),
    "extends": Field("A recipe that this one changes; a path relative to this file.", "string"),
    "data": Field("The dataset and how it is fed.", "spec", required=True, kind="dataset"),
    "model": Field("The model by name, or its layers.", "spec", required=True, kind="model"),
    "compile": Field("As in model.compile.", "section", required=True),
    "fit": Field("As in model.fit.", "section", default={}),
    "run": Field("Where and how it runs.", "section", default={}),
    "sweep": Field(
        "What `kzoo sweep` varies: lists of values, or a span, by key. Training ignores it.", "axes"
    ),
}
# What the recipe knows and fills in where a part has an argument of that name.
FILLED = ("total_steps", "num_classes", "input_shape", "train_batches", "class_names")
