"""Hands kzoo's names to Keras. The only file that touches Keras's private tables.

Keras looks a string up in one private dict a kind, and in one more for what a saved file names. Each is replaced by
a dict that answers as before for what Keras has, and otherwise asks the catalogue; nothing is imported before its
name is used. `Model.compile` asks an optimizer of ours for its train step, if it has one, and has `fit` recalibrate
batch normalization for one that averages weights. What this relies on is tested in tests/test_keras_plugin.py, so that
a new Keras that changed it is noticed.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from typing import Any

from kzoo.problems import KzooError
from kzoo.registry import KINDS, Card, catalogue

# The modules of Keras that hold a table of names, and the kind that it is for.
TABLES = {
    "activation": "keras.src.activations",
    "loss": "keras.src.losses",
    "optimizer": "keras.src.optimizers",
    "initializer": "keras.src.initializers",
    "regularizer": "keras.src.regularizers",
    "constraint": "keras.src.constraints",
    "metric": "keras.src.metrics",
}
_TABLE = "ALL_OBJECTS_DICT"
_COMPILE, _WRAPPED = "_kzoo_asks_optimizer", "_kzoo_train_step"
_PARTS = re.compile(
    r"kzoo\.(activations|augmentations|callbacks|constraints|initializers|layers|losses|metrics|models|optimizers|"
    r"regularizers|schedules)(\.\w+)*"
)


def plug_in() -> None:
    """Makes every name of the catalogue work as a string in Keras. Doing it twice changes nothing.

    Raises:
        RuntimeError: If this Keras keeps its names elsewhere.
    """
    import keras
    from keras.src.saving import object_registration, serialization_lib
    from keras.src.trainers import trainer

    for kind, module_name in TABLES.items():
        module = importlib.import_module(module_name)
        table = getattr(module, _TABLE, None)
        if not isinstance(table, dict):
            raise RuntimeError(
                f"kzoo can't plug its names into Keras {keras.__version__}: {module_name}.{_TABLE} is gone. "
                "Use a Keras that this kzoo allows (see its dependencies), or a newer kzoo."
            )
        if not isinstance(table, _Names):
            setattr(module, _TABLE, _Names(kind, table))
    if not hasattr(trainer.Trainer.compile, _COMPILE):
        trainer.Trainer.compile = _with_train_step_of_optimizer(trainer.Trainer.compile)
    if not isinstance(object_registration.GLOBAL_CUSTOM_OBJECTS, _SavedNames):
        object_registration.GLOBAL_CUSTOM_OBJECTS = _SavedNames(object_registration.GLOBAL_CUSTOM_OBJECTS)
        serialization_lib.deserialize_keras_object = _bringing_parts(
            serialization_lib.deserialize_keras_object
        )
    if keras.backend.backend() == "torch":
        _allow_dots_on_torch()


def _allow_dots_on_torch() -> None:
    """Lets layers have dots in their names on PyTorch too, which the zoo's have: they are named as timm's modules.

    Keras hands each variable to PyTorch under its path, and PyTorch takes no dots there.
    """
    import torch
    from keras.src.backend.torch.layer import TorchLayer

    class Parameters(torch.nn.ParameterDict):
        def _key_to_attr(self, key: str) -> str:
            return super()._key_to_attr(key).replace(".", ":")

    def track_variables(self: Any) -> None:
        self._torch_params = Parameters({each.path: each.value for each in self.variables})

    TorchLayer._track_variables = track_variables


def _with_train_step_of_optimizer(compile_model: Any) -> Any:
    """`Model.compile` that lets an optimizer change the train step: some need two gradients a batch.

    An optimizer of ours says so with `wrap_train_step(model, step)`, and with `wants_recalibration` that its weights
    are averages; models compiled with others stay as they are.
    """

    @functools.wraps(compile_model)
    def compile(self: Any, *arguments: Any, **keywords: Any) -> Any:
        for name in getattr(self, _WRAPPED, ()):
            delattr(self, name)
        self.__dict__.pop(_WRAPPED, None)
        result = compile_model(self, *arguments, **keywords)
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        _check_places(optimizer)
        wrapped = {}
        if hasattr(optimizer, "wrap_train_step"):
            wrapped["train_step"] = optimizer.wrap_train_step(self, self.train_step)
        if getattr(optimizer, "wants_recalibration", False):
            from kzoo.callbacks.recalibrated_fit import recalibrated_fit

            wrapped["fit"] = recalibrated_fit(self, self.fit)
        for name, method in wrapped.items():
            setattr(self, name, method)
        if wrapped:
            setattr(self, _WRAPPED, tuple(wrapped))
        return result

    setattr(compile, _COMPILE, True)
    return compile


def _check_places(optimizer: Any) -> None:
    """Refuses an optimizer that brings a train step where it stands inside one that would lose it."""
    while (inner := getattr(optimizer, "optimizer", None)) is not None:
        if hasattr(inner, "wrap_train_step") and not getattr(optimizer, "hands_on_train_step", False):
            one, other = type(inner).__name__, type(optimizer).__name__
            raise KzooError(
                f"{one} can't stand inside {other}: it brings a train step of its own. Put {other} inside {one}, if "
                f"{one} takes an optimizer, or take one of the two."
            )
        optimizer = inner


def register_with_keras(card: Card, part: Any) -> Any:
    """Sees to it that files saved with the part name it `package>Name`. Returns the part."""
    from keras.src.saving import object_registration

    importable = inspect.isclass(part) or inspect.isfunction(part)
    if card.package == "keras" or not importable or part in object_registration.GLOBAL_CUSTOM_NAMES:
        return part
    if inspect.isclass(part) and not hasattr(part, "get_config"):
        return part  # a callback, say: it is never saved
    package, _, name = card.serialized_name.partition(">")
    return object_registration.register_keras_serializable(package, name.rpartition(".")[2])(part)


class _Names(dict):
    """A table of Keras's: its own entries first, then the catalogue's."""

    def __init__(self, kind: str, table: dict[str, Any]):
        super().__init__(table)
        self.kind = kind

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and catalogue().has(self.kind, name))

    def __missing__(self, name: str) -> Any:
        try:
            card = catalogue().find(self.kind, name)
        except KzooError as error:
            raise KeyError(name) from error
        return self._callable(card)

    def get(self, name: Any, default: Any = None) -> Any:
        """As `dict.get`, except that an unknown name is answered with the nearest ones."""
        if not isinstance(name, str) or super().__contains__(name):
            return super().get(name, default)
        return self._callable(catalogue().find(self.kind, name))

    def _callable(self, card: Card) -> Any:
        part = register_with_keras(card, card.load())
        if self.kind == "activation" and inspect.isclass(part):
            # Layers call their activation, so a stateful one must be there as an object; each use gets its own.
            return _instance(card, part)
        if inspect.isclass(part):
            _check_default_arguments(card, part)
        return part


def _instance(card: Card, part: type) -> Any:
    _check_default_arguments(card, part)
    return part()


def _check_default_arguments(card: Card, part: type) -> None:
    parameters = inspect.signature(part).parameters.values()
    required = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if required and card.package != "keras":
        arguments = ", ".join(f"{name}=…" for name in required)
        raise KzooError(
            f"{card.kind} '{card.full_name}' can't be made from its name alone: it needs {', '.join(required)}. "
            f'Write kzoo.get("{card.kind}", "{card.name}", {arguments}).'
        )


class _SavedNames(dict):
    """Keras's table of registered objects; `package>Name` of a part that isn't imported yet is imported now."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._bring(name)

    def __missing__(self, name: str) -> Any:
        if self._bring(name):
            return super().__getitem__(name)
        raise KeyError(name)

    def get(self, name: Any, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - dict.get would not bring anything

    def _bring(self, name: object) -> bool:
        if not isinstance(name, str) or ">" not in name:
            return False
        for card in _cards_by_saved_name(name):
            register_with_keras(card, card.load())
        return super().__contains__(name)


def _cards_by_saved_name(name: str) -> list[Card]:
    package = name.partition(">")[0]
    if package != "kzoo" and not any(plugin.name == package for plugin in catalogue().plugins):
        return []
    return [card for kind in KINDS for card in catalogue().cards(kind) if card.serialized_name == name][:1]


def _bringing_parts(deserialize: Any) -> Any:
    """Imports what a saved object names before Keras looks for it.

    Without this Keras would take a class of ours for its own of the same class name where it consults a table.
    """

    @functools.wraps(deserialize)
    def deserialize_keras_object(config: Any, *arguments: Any, **keywords: Any) -> Any:
        if isinstance(config, dict):
            name, module = config.get("registered_name"), config.get("module")
            ours = isinstance(name, str) and name.startswith("kzoo>")
            if ours and isinstance(module, str) and _PARTS.fullmatch(module):
                importlib.import_module(module)
        return deserialize(config, *arguments, **keywords)

    return deserialize_keras_object
