"""Weights from a file into a model, all of them or none, and from a model into a file."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import safetensors.numpy

from kzoo.models.tensor_names import Tensor, tensors_of
from kzoo.problems import KzooError, KzooWarning, Problem
from kzoo.registry.published import WEIGHT_FILES, is_published

_SHOWN = 8


def load_weights(model: keras.Model, source: str | os.PathLike) -> keras.Model:
    """Fills a model with weights from a file or from a hub; it is filled wholly or not touched.

    Args:
        model: The model.
        source: A `.safetensors` file with PyTorch's names, as timm has them; a `.weights.h5` file of Keras;
            a `.pth` or `.pt` file that torch reads without running code of it; or `timm/NAME.TAG`, which
            huggingface_hub fetches and keeps.

    Returns:
        The model. Where the file has another number of classes, or the model has no classifier, the head stays as it
        is, with a warning; a first convolution for other channels than the file's is adapted as timm does it.

    Raises:
        KzooError: If a tensor is missing, left over, or of another shape: all of them are listed.
    """
    source = os.fspath(source)
    if is_published(source):
        from kzoo.models.pretrained import fetched

        source = fetched(source)
    path = Path(source).expanduser()
    if not path.is_file():
        raise KzooError(Problem(f"no weights file {path}", hint="Weights may also be timm/NAME.TAG."))
    if path.name.endswith(".weights.h5"):
        return _load_keras(model, path)
    fill(model, _read(path), str(path))
    return model


def save_weights(model: keras.Model, path: str | os.PathLike) -> Path:
    """Writes a model's weights: `.safetensors` with PyTorch's names and layout, or `.weights.h5`.

    Raises:
        KzooError: If the file's name ends otherwise.
    """
    path = Path(path).expanduser()
    beside = path.with_name(f".{path.name}.new{''.join(path.suffixes[-2:])}")
    if path.name.endswith(".weights.h5"):
        beside = path.with_name(f".new.{path.name}")
        model.save_weights(beside)
    elif path.suffix == ".safetensors":
        arrays = {name: tensor.to_torch() for name, tensor in tensors_of(model).items()}
        safetensors.numpy.save_file(arrays, beside, metadata={"format": "pt"})
    else:
        raise KzooError(f"weights are written as .safetensors or .weights.h5, not as {path.name}")
    beside.replace(path)
    return path


def fill(model: keras.Model, arrays: dict[str, np.ndarray], source: str) -> None:
    """Gives a model the values of PyTorch's tensors by name.

    Raises:
        KzooError: If they don't fit; nothing is changed then.
    """
    tensors = tensors_of(model)
    arrays = {name: array for name, array in arrays.items() if not name.endswith("num_batches_tracked")}
    heads = tuple(getattr(model, "head_names", ()))
    first = next(iter(tensors), "")
    wrong, left, values = [], [], {}
    for name in [*tensors, *(each for each in arrays if each not in tensors)]:
        tensor, array = tensors.get(name), arrays.get(name)
        of_head = any(name == each or name.startswith(f"{each}.") for each in heads)
        if tensor is None and of_head:
            left.append(name)
        elif tensor is None:
            wrong.append(f"{name}: not in the model, {_size(array.shape)} in the file")
        elif array is None:
            wrong.append(f"{name}: {_size(tensor.shape)} in the model, not in the file")
        else:
            array = resized(name, tensor, array, adapt=name == first)
            if _fits(array.shape, tensor.shape):
                values[name] = tensor.from_torch(array.reshape(tensor.shape))
            elif of_head:
                left.append(name)
            else:
                wrong.append(f"{name}: {_size(tensor.shape)} in the model, {_size(array.shape)} in the file")
    if wrong:
        raise KzooError(_refusal(wrong, model, source))
    for name, value in values.items():
        tensors[name].variable.assign(value)
    if left:
        warnings.warn(
            f"{source}: {', '.join(left)} not loaded, the head is another", KzooWarning, stacklevel=4
        )


def resized(name: str, tensor: Tensor, array: np.ndarray, adapt: bool) -> np.ndarray:
    """A tensor of another size where a layer knows how to change it: first convolutions and places of patches."""
    if array.shape == tensor.shape:
        return array
    if (
        adapt
        and array.ndim == 4
        and (array.shape[0], *array.shape[2:]) == (tensor.shape[0], *tensor.shape[2:])
    ):
        return _for_channels(array, tensor.shape[1])
    resize = getattr(tensor.layer, "resized", None)
    return array if resize is None else resize(array, name)


def _for_channels(kernel: np.ndarray, channels: int) -> np.ndarray:
    """A first convolution for another number of channels: one sees their sum, others repeat them (timm's way)."""
    if channels == 1:
        return kernel.sum(axis=1, keepdims=True)
    had = kernel.shape[1]
    repeated = np.concatenate([kernel] * -(-channels // had), axis=1)[:, :channels]
    return repeated * np.asarray(had / channels, kernel.dtype)


def _read(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".safetensors":
        try:
            return safetensors.numpy.load_file(path)
        except Exception as error:
            raise KzooError(f"{path} is no safetensors file: {error}") from error
    if not path.name.endswith(WEIGHT_FILES):
        raise KzooError(f"{path.name}: weights are in {', '.join(WEIGHT_FILES)} files")
    try:
        import torch
    except ImportError as error:
        hint = "pip install 'kzoo[torch]', or convert the file to .safetensors."
        raise KzooError(
            Problem(f"{path} can be read by torch only, which isn't installed", hint=hint)
        ) from error
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        text = str(error).splitlines()[0]
        raise KzooError(f"{path} can't be read without running code of it, or isn't whole: {text}") from error
    for key in ("state_dict", "model", "model_ema"):
        content = content.get(key, content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not all(hasattr(each, "numpy") for each in content.values()):
        raise KzooError(f"{path} holds no tensors by name")
    return {key.removeprefix("module."): each.float().numpy() for key, each in content.items()}


def _load_keras(model: keras.Model, path: Path) -> keras.Model:
    before = [keras.ops.convert_to_numpy(each) for each in model.weights]
    try:
        model.load_weights(path)
    except Exception as error:
        for variable, value in zip(model.weights, before):
            variable.assign(value)
        text = " ".join(str(error).split())
        raise KzooError(f"{path} doesn't fit the model '{model.name}': {text}") from error
    return model


def _refusal(wrong: list[str], model: keras.Model, source: str) -> Problem:
    shown = "".join(f"\n  {each}" for each in wrong[:_SHOWN])
    more = f"\n  … and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return Problem(
        f"{source} doesn't fit the model '{model.name}': {len(wrong)} tensors{shown}{more}",
        hint="Nothing was loaded. Is it another model's file, or are sizes of the model changed?",
    )


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether shapes are the same, or one is a dense layer's where the other is a convolution of a single place."""
    if len(shape) == len(wanted):
        return shape == wanted
    return [each for each in shape if each != 1] == [each for each in wanted if each != 1]


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"
