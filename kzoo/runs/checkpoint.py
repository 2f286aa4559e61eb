"""Checkpoints: all state of a training at the end of an epoch or between two steps, in one safetensors file.

Weights, optimizer, the state of every random generator, and what the callbacks remember. The file is plain data and
carries a checksum; it is written beside and renamed, so there is always a whole one.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import safetensors.numpy

from kzoo.problems import KzooError, Problem, nearest, or_list
from kzoo.runs.files import Unwritten, write_whole

_KEPT = 2
_PLAIN = (bool, int, float, str, type(None))
_OTHERS = ("callback/", "metric/", "torch/")  # what a checkpoint holds besides the state variables
_NOT_STATE = ("model", "_model", "params", "validation_data")


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def paths(self) -> list[Path]:
        """The checkpoints there are, that of the most steps first: a clock may have been wrong."""
        return sorted(self.folder.glob("epoch-*.safetensors"), key=position, reverse=True)

    def save(self, epoch: int, tensors: dict[str, np.ndarray], notes: dict[str, Any], step: int = 0) -> Path:
        """Writes the state after `epoch` epochs and `step` steps, and drops all but the newest ones.

        Raises:
            Unwritten: If it can't be written. Those before it stay.
        """
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise Unwritten(self.folder, 0, error) from None
        plain = {name: _storable(value) for name, value in tensors.items()}
        dtypes = {name: value.dtype.name for name, value in tensors.items()}
        header = {"epoch": epoch, "step": step, "dtypes": dtypes, "checksum": _checksum(plain), **notes}
        data = safetensors.numpy.save(plain, {"kzoo": json.dumps(header)})
        path = self.folder / f"{_name(epoch, step)}.safetensors"
        write_whole(path, data)
        for old in self.paths()[_KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def newest(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """State and notes of the newest checkpoint; None if there is none.

        Raises:
            KzooError: If it is damaged. The one before is named, where there is one.
        """
        paths = self.paths()
        return _read(paths[0], paths[1:]) if paths else None

    def named(self, name: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """State and notes of the checkpoint of a name such as `epoch-00003`. Newer ones are set aside, not deleted.

        Raises:
            KzooError: If there is none of that name, or it is damaged.
        """
        paths = self.paths()
        names = [path.stem for path in paths]
        name = Path(name).name.removesuffix(".safetensors")
        if name not in names:
            near = nearest(name, names) or names
            hint = f"There is {or_list(names)}. Did you mean {near[0]}?" if names else "There is none at all."
            raise KzooError(Problem(f"no checkpoint '{name}'", str(self.folder), hint=hint))
        place = names.index(name)
        read = _read(paths[place], paths[place + 1 :])
        for newer in paths[:place]:  # else they would be taken for the newest again
            newer.replace(newer.with_suffix(".set-aside"))
        return read


def position(path: Path) -> tuple[int, int]:
    """After how many epochs, and how many steps of the next, a checkpoint was written; from its name.

    >>> position(Path("epoch-00003-step-000017.safetensors")), position(Path("epoch-00003.safetensors"))
    ((3, 17), (3, 0))
    """
    found = re.match(r"epoch-(\d+)(?:-step-(\d+))?\.", path.name)
    return (int(found[1]), int(found[2] or 0)) if found else (-1, 0)


def _name(epoch: int, step: int) -> str:
    return f"epoch-{epoch:05d}" + (f"-step-{step:06d}" if step else "")


def _read(path: Path, older: Sequence[Path]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    data = path.read_bytes()
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["kzoo"])
        tensors = safetensors.numpy.load(data)
        damaged = _checksum(tensors) != header["checksum"]
    except (ValueError, KeyError, struct.error, safetensors.SafetensorError):
        damaged = True
    if damaged:
        run = path.parent.parent
        hint = (
            f"Go on from the one before it: kzoo train --resume {run} --checkpoint {older[0].stem}"
            if older
            else f"There is none before it; train anew: kzoo train {run / 'resolved.yaml'}"
        )
        raise KzooError(Problem("the checkpoint is damaged: its checksum doesn't hold", str(path), hint=hint))
    restored = {name: value.view(_dtype(header["dtypes"][name])) for name, value in tensors.items()}
    return restored, {"step": 0, **header}


def _storable(value: np.ndarray) -> np.ndarray:
    """As a type that safetensors knows; bfloat16 and its like travel as plain bits."""
    value = np.asarray(value, order="C")  # ascontiguousarray would turn a scalar into a vector
    return value if value.dtype.isbuiltin == 1 else value.view(f"uint{8 * value.dtype.itemsize}")


def _dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))


def _checksum(tensors: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


# What is state -------------------------------------------------------------------------------------------------------


def state_variables(model: keras.Model) -> dict[str, Any]:
    """Every variable that training changes, by a name that is the same in each process."""
    from keras.src.random.seed_generator import global_seed_generator

    # Metrics start anew with each epoch, and aren't built yet when a training goes on.
    metrics = {id(each) for each in model.metrics_variables}
    lasting = [each for each in model.variables if id(each) not in metrics]
    variables = {f"model/{index:05d}": each for index, each in enumerate(lasting)}
    variables |= {f"optimizer/{index:05d}": each for index, each in enumerate(model.optimizer.variables)}
    variables["random/global"] = global_seed_generator().state
    return variables


def read_state(model: keras.Model, within_epoch: bool = False) -> dict[str, np.ndarray]:
    """The numbers in all state variables.

    Args:
        model: The model.
        within_epoch: Whether an epoch has begun: what its metrics have summed up so far is then part of the state.
    """
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()  # within an epoch JAX's trainer keeps the numbers outside of the variables
    variables = state_variables(model)
    if within_epoch:
        variables |= {f"metric/{index:05d}": each for index, each in enumerate(model.metrics_variables)}
    tensors = {name: np.array(keras.ops.convert_to_numpy(each)) for name, each in variables.items()}
    return tensors | _torch_state()


def write_state(model: keras.Model, tensors: dict[str, np.ndarray], path: Path) -> None:
    """Puts numbers back into all state variables, or into none.

    Raises:
        KzooError: If they don't fit the model.
    """
    variables = state_variables(model)
    saved = {name: value for name, value in tensors.items() if not name.startswith(_OTHERS)}
    shapes = {name: (each.path, tuple(each.shape)) for name, each in variables.items()}
    for name in sorted({*shapes, *saved}):
        if name not in saved or name not in shapes or saved[name].shape != shapes[name][1]:
            which, shape = shapes.get(name, (name, None))
            message = (
                f"the checkpoint holds another model or optimizer than the recipe: expected {which} of shape "
                f"{shape}, the checkpoint has {saved[name].shape if name in saved else 'nothing there'}"
            )
            hint = "Was kzoo, Keras or a plug-in updated since? environment.json has the versions of then."
            raise KzooError(Problem(message, str(path), hint=hint))
    for name, variable in variables.items():
        variable.assign(saved[name])
    write_torch_state(tensors)


def _torch_state() -> dict[str, np.ndarray]:
    """PyTorch's own random state: Keras's dropout draws from it there."""
    if keras.backend.backend() != "torch":
        return {}
    import torch

    states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
    return {f"torch/{index:02d}": state.numpy().copy() for index, state in enumerate(states)}


def write_torch_state(tensors: dict[str, np.ndarray]) -> None:
    """Puts PyTorch's own random state back, if there is one."""
    states = [tensors[name] for name in sorted(tensors) if name.startswith("torch/")]
    if not states:
        return
    import torch

    first, *others = (torch.from_numpy(state.copy()) for state in states)
    torch.set_rng_state(first)
    for index, state in enumerate(others[: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, index)


def write_metrics(model: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Has the metrics of an epoch go on from what they had summed up."""
    for index, variable in enumerate(model.metrics_variables):
        variable.assign(tensors[f"metric/{index:05d}"])


def read_callbacks(
    callbacks: Sequence[keras.callbacks.Callback],
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """What callbacks remember: plain values, and lists of arrays such as the best weights so far."""
    tensors: dict[str, np.ndarray] = {}
    plain: list[dict[str, Any]] = []
    for index, callback in enumerate(callbacks):
        values: dict[str, Any] = {}
        for name, value in vars(callback).items():
            if name in _NOT_STATE:
                continue
            if isinstance(value, np.generic):
                value = value.item()
            if isinstance(value, _PLAIN):
                values[name] = value
            elif isinstance(value, list) and value and all(isinstance(each, np.ndarray) for each in value):
                tensors |= {
                    f"callback/{index:02d}/{name}/{place:05d}": each for place, each in enumerate(value)
                }
        plain.append(values)
    return tensors, plain


def write_callbacks(
    callbacks: Sequence[keras.callbacks.Callback], tensors: dict[str, np.ndarray], plain: list[dict[str, Any]]
) -> None:
    """Has callbacks remember what they had seen."""
    for callback, values in zip(callbacks, plain):
        vars(callback).update(values)
    lists: dict[tuple[int, str], list[np.ndarray]] = {}
    for name in sorted(tensors):
        if name.startswith("callback/"):
            _, index, attribute, _ = name.split("/")
            lists.setdefault((int(index), attribute), []).append(tensors[name])
    for (place, attribute), arrays in lists.items():
        setattr(callbacks[place], attribute, arrays)
