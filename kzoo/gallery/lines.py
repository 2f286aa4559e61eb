"""What to copy from a page: a part in a recipe, in Python, and as a string that plain Keras takes."""

from __future__ import annotations

import json
import re
from typing import Any

from kzoo.gallery.examples import Code, example_arguments, example_value
from kzoo.registry import Card

_DENSE = "model:\n  layers:\n    - {{name: dense, units: 64, {argument}: {spec}}}"
_IN_RECIPE = {
    "activation": _DENSE.replace("{argument}", "activation"),
    "initializer": _DENSE.replace("{argument}", "kernel_initializer"),
    "regularizer": _DENSE.replace("{argument}", "kernel_regularizer"),
    "constraint": _DENSE.replace("{argument}", "kernel_constraint"),
    "layer": "model:\n  layers:\n    - {spec}",
    "loss": "compile:\n  loss: {spec}",
    "optimizer": "compile:\n  optimizer: {spec}",
    "schedule": "compile:\n  optimizer: {{name: adamw, learning_rate: {spec}}}",
    "metric": "compile:\n  metrics: [{spec}]",
    "callback": "fit:\n  callbacks: [{spec}]",
    "augmentation": "data:\n  augment: [{spec}]",
    "model": "model: {spec}",
    "dataset": "data: {spec}",
}
_MOMENTUM = "compile:\n  optimizer: {{name: momentum, learning_rate: 0.1, momentum_schedule: {spec}}}"
_BIAS = _DENSE.replace("{argument}", "bias_initializer")
_CONVOLUTION = (
    "model:\n  layers:\n    - {{name: conv2d, filters: 64, kernel_size: 3, kernel_initializer: {spec}}}"
)
_SIGNAL = (
    "model:\n  layers:\n    - {{name: conv1d, filters: 129, kernel_size: 256, kernel_initializer: {spec}}}"
)
_IN_KERAS = {
    "activation": "keras.layers.Dense(64, activation={name})",
    "initializer": "keras.layers.Dense(64, kernel_initializer={name})",
    "regularizer": "keras.layers.Dense(64, kernel_regularizer={name})",
    "constraint": "keras.layers.Dense(64, kernel_constraint={name})",
    "loss": "model.compile(loss={name})",
    "optimizer": "model.compile(optimizer={name})",
    "metric": "model.compile(metrics=[{name}])",
}
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")
_WORDS_OF_YAML = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"}


def recipe_line(card: Card, name: str) -> tuple[str, list[str]]:
    """The part in a recipe.

    Args:
        card: The part.
        name: The name that finds it.

    Returns:
        YAML, and what stands in it for values that nothing is known of; no YAML where a recipe can't hold the part.

    >>> from kzoo.registry import catalogue
    >>> print(recipe_line(catalogue().find("loss", "smooth_l1"), "smooth_l1")[0])
    compile:
      loss: smooth_l1
    """
    arguments, unknown = example_arguments(card, in_recipe=True)
    if card.refuses_recipes() or any(isinstance(value, Code) for value in arguments.values()):
        return "", []
    arguments |= {each: Code(each.upper()) for each in unknown}
    spec = yaml_flow({"name": _opened(card, name), **arguments} if arguments else _opened(card, name))
    return _where(card).format(spec=spec), [each.upper() for each in unknown]


def python_line(card: Card, name: str) -> tuple[str, list[str]]:
    """The part in Python, after `import keras, kzoo`, and what stands in it for what the reader has to bring.

    >>> from kzoo.registry import catalogue
    >>> print(python_line(catalogue().find("layer", "dense"), "dense")[0])
    kzoo.get("layer", "dense", units=64)
    """
    arguments, unknown = example_arguments(card, in_recipe=False)
    arguments |= {each: Code(each.upper()) for each in unknown}
    unknown = [each for each in arguments.values() if isinstance(each, Code) and each.isidentifier()]
    call = "".join(f", {key}={python_text(value)}" for key, value in arguments.items())
    if card.kind == "model":
        return f"kzoo.create_model({python_text(_opened(card, name))}{call})", unknown
    return f"kzoo.get({python_text(card.kind)}, {python_text(_opened(card, name))}{call})", unknown


def keras_line(card: Card, name: str) -> str:
    """The part as a string in plain Keras, or "" where Keras takes none, or the part needs arguments."""
    arguments, unknown = example_arguments(card, in_recipe=False)
    if arguments or unknown or card.kind not in _IN_KERAS:
        return ""
    return _IN_KERAS[card.kind].format(name=python_text(name))


def _where(card: Card) -> str:
    if card.kind == "schedule" and "momentum" in card.tags:
        return _MOMENTUM
    if card.kind == "initializer" and "bias" in card.tags:
        return _BIAS
    if card.kind == "initializer" and "convolution" in card.tags:
        return _CONVOLUTION
    if card.full_name == "keras/stft":
        return _SIGNAL
    return _IN_RECIPE[card.kind]


def _opened(card: Card, name: str) -> str:
    """`tfds` is a door to many; the line goes through it."""
    return f"{name}/{example_value(card.kind, card.rest) or 'NAME'}" if card.rest else name


def yaml_flow(value: Any) -> str:
    """A value as YAML 1.2 on one line.

    >>> print(yaml_flow({"name": "tfds/mnist", "size": [None, 1e-3], "why": "10%"}))
    {name: tfds/mnist, size: [null, 0.001], why: "10%"}
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_flow(key)}: {yaml_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(yaml_flow(each) for each in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        if isinstance(value, Code) or (_PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML):
            return str(value)
        return python_text(value)
    return repr(value)


def python_text(value: Any) -> str:
    """A value as Python writes it, texts in double quotes.

    >>> print(python_text(["a", {"b": None}]))
    ["a", {"b": None}]
    """
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{python_text(k)}: {python_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(python_text, value)) + "]"
    return repr(value)
