"""Values for arguments that have to be given, so that a page shows a line that works."""

from __future__ import annotations

from typing import Any

from kzoo.recipe.fields import FILLED
from kzoo.registry import Card


class Code(str):
    """Python code that gives the value; a recipe can't hold it."""


_ANYWHERE: dict[str, Any] = {
    "axes": 1,
    "bins": [1, 2, 4],
    "blocks": 8,
    "call_fn": Code("my_function"),
    "cell": {"name": "lstm_cell", "units": 64},
    "class_counts": [500, 100, 20],
    "default_value": 0.0,
    "dim": 64,
    "dims": [2, 1],
    "directory": "checkpoints",
    "equation": "abc,cd->abd",
    "examples": 600,
    "factor": 0.2,
    "filename": "log.csv",
    "filters": 32,
    "fn": Code("my_function"),
    "function": Code("my_function"),
    "head_dim": 64,
    "height": 224,
    "height_factor": 0.1,
    "inner_optimizer": "adam",
    "input_dim": 1000,
    "input_shape": [32, 32, 3],
    "kernel_size": 3,
    "key_dim": 64,
    "layer": {"name": "dense", "units": 64},
    "max_number": 20,
    "module": Code("my_module"),
    "n": 4,
    "num_bins": 1000,
    "num_classes": 10,
    "num_clusters": 16,
    "num_heads": 8,
    "num_key_value_heads": 2,
    "num_query_heads": 8,
    "num_tags": 9,
    "optimizer_map": Code("my_map"),
    "output_dim": 64,
    "output_size": 7,
    "pool_size": 2,
    "precision": 0.8,
    "rate": 0.2,
    "recall": 0.8,
    "scale": 0.5,
    "sensitivity": 0.9,
    "specificity": 0.9,
    "stddev": 0.1,
    "target_class_ids": [0],
    "target_shape": [-1, 4],
    "threshold": 0.5,
    "total_steps": 1000,
    "units": 64,
    "width": 224,
    "width_factor": 0.1,
    "window": 7,
}
_OF_KIND: dict[tuple[str, str], Any] = {
    ("dataset", "path"): "data",
    ("dataset", "builder"): "mnist",
    ("model", "application"): "ResNet50",
    ("model", "preset"): "resnet_18_imagenet",
    ("model", "encoder"): {"name": "mlp"},
    ("schedule", "boundaries"): [500, 750],
    ("schedule", "decay_rate"): 0.9,
    ("schedule", "decay_steps"): 1000,
    ("schedule", "first_decay_steps"): 100,
    ("schedule", "initial_learning_rate"): 0.1,
    ("schedule", "milestones"): [500, 750],
    ("schedule", "model_size"): 512,
    ("schedule", "peak"): 0.1,
    ("schedule", "period"): 100,
    ("schedule", "rate"): 0.1,
    ("schedule", "schedule"): {"name": "poly", "start": 0.1},
    ("schedule", "start"): 0.1,
    ("schedule", "values"): [0.1, 0.01, 0.001],
    ("schedule", "warmup"): "10%",
}
# Parts that want more than their arguments' names tell, or arguments that make no sense without one another.
_OF_PART: dict[str, dict[str, Any]] = {
    "callback/keras/learning_rate_scheduler": {"schedule": Code("my_schedule")},
    "callback/keras/backup_and_restore": {"backup_dir": "backup"},
    "callback/keras/model_checkpoint": {"filepath": "best.keras"},
    "dataset/kzoo/csv": {"path": "table.csv", "target": "species"},
    "dataset/kzoo/image_folder": {"path": "pictures"},
    "dataset/kzoo/npz": {"path": "arrays.npz"},
    "augmentation/keras/random_posterization": {"factor": 4},
    "initializer/keras/constant": {"value": 0.1},
    "layer/keras/activation": {"activation": "mish"},
    "layer/keras/bidirectional": {"layer": {"name": "lstm", "units": 64}},
    "layer/keras/category_encoding": {"num_tokens": 10},
    "layer/keras/discretization": {"num_bins": 10},
    "layer/keras/einsum_dense": {"equation": "abc,cd->abd", "output_shape": [None, 64]},
    "layer/keras/input_layer": {"shape": [32, 32, 3]},
    "layer/keras/pipeline": {"layers": ["random_flip", {"name": "random_rotation", "factor": 0.1}]},
    "layer/keras/random_posterization": {"factor": 4},
    "layer/keras/stacked_rnn_cells": {
        "cells": Code("[keras.layers.LSTMCell(64), keras.layers.LSTMCell(64)]")
    },
    "layer/keras/tfsm_layer": {"filepath": "saved_model"},
    "loss/kzoo/weighted_sum": {"losses": ["mse", {"name": "huber", "delta": 0.5}]},
    "optimizer/kzoo/grouped": {
        "optimizer": "adamw",
        "groups": [{"match": "head/*", "learning_rate_scale": 10.0}],
    },
    "schedule/kzoo/sequential": {
        "schedules": [{"name": "linear", "start": 0.0, "end": 0.1}, {"name": "poly", "start": 0.1}],
        "milestones": ["20%"],
    },
}
# A recipe knows how long the training is; elsewhere shares of it have to be counted out.
_OUTSIDE_RECIPES: dict[str, dict[str, Any]] = {
    "schedule/kzoo/inverse_sqrt": {"peak": 0.1, "warmup": 100},
    "schedule/kzoo/sequential": {
        "schedules": [
            {"name": "linear", "start": 0.0, "end": 0.1, "total_steps": 200},
            {"name": "poly", "start": 0.1, "total_steps": 800},
        ],
        "milestones": [200],
    },
    "schedule/kzoo/warmup": {"schedule": {"name": "poly", "start": 0.1, "total_steps": 900}, "warmup": 100},
}


def example_arguments(card: Card, *, in_recipe: bool) -> tuple[dict[str, Any], list[str]]:
    """What a line has to give a part.

    Args:
        card: The part.
        in_recipe: Whether the line stands in a recipe, which fills in by itself what it knows.

    Returns:
        The arguments with values, and the names of those that nothing is known for.
    """
    signature = card.parameters()
    given: dict[str, Any] = {}
    unknown: list[str] = []
    if card.package in ("keras", "kzoo"):
        part = f"{card.kind}/{card.full_name}"
        given |= _OF_PART.get(part, {}) if in_recipe else _OUTSIDE_RECIPES.get(part, _OF_PART.get(part, {}))
    filled = {*FILLED, *card.fills} if in_recipe else set()
    for name in signature.missing({*given, *filled, *card.bound, card.rest, "name"}) if signature else ():
        value = example_value(card.kind, name)
        if value is None:
            unknown.append(name)
        else:
            given[name] = value
    return given, unknown


def example_value(kind: str, argument: str) -> Any:
    """A value for an argument of a part of a kind; None where nothing is known."""
    return _OF_KIND.get((kind, argument), _ANYWHERE.get(argument))
