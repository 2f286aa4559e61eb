"""Whatever tensorflow-datasets has."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_facts
from kzoo.problems import KzooError, Problem, nearest

# Not `namespace:name`: that would fetch somebody's code and run it.
_NAME = re.compile(r"(\w+)(/[\w.+\-]+)?(:\d[\w.*]*)?")
_RETRIES = 4  # the default of 10 takes more than three minutes to see that there is no network


def tfds(builder: str, data_dir: str | None = None, image_size: int | list[int] | None = None) -> Source:
    """A dataset of tensorflow-datasets; in recipes `tfds/mnist`, `tfds/cifar10`, ….

    Args:
        builder: Its name there, `name`, `name/config` or `name:version`.
        data_dir: Where it is prepared. Default: where tensorflow-datasets keeps all, `~/tensorflow_datasets`.
        image_size: Height and width, or one number for both, for pictures that differ in size. Default: none.

    It is downloaded and prepared if it isn't yet. Its `test` part is the test part, or its `validation` part where it
    has no other. Examples are streams: they are kept in memory after the first epoch if they take less than 1 GiB,
    and shuffled within a buffer of 10,000.

    Returns:
        The data; uint8 pictures are scaled to 0..1.

    Raises:
        KzooError: If tensorflow-datasets isn't installed, has no such dataset or can't download it, or if the dataset
            isn't made of inputs and targets that are arrays.
    """
    library = _library()
    maker = _maker(library, builder, data_dir)
    info = maker.info
    shape = _shape(builder, _supervised(library, builder, info)[0], image_size)
    _prepare(library, builder, maker)
    inputs, targets = _supervised(library, builder, info)  # preparing finds out some classes' names
    parts = {name: _split(maker, name, shape) for name in _part_names(builder, info)}
    is_class = isinstance(targets, library.features.ClassLabel)
    dtype = np.dtype(inputs.np_dtype).name
    sizes = [(name, part.count) for name, part in parts.items()]
    return Source(
        train=parts["train"],
        test=parts.get("test", parts.get("validation")),
        validation=parts.get("validation") if "test" in parts else None,
        input_shape=shape,
        input_dtype=dtype,
        num_classes=targets.num_classes if is_class else None,
        class_names=tuple(targets.names or ()) if is_class else (),
        scale=1 / 255 if dtype == "uint8" and len(shape) == 3 else 1.0,
        fingerprint=fingerprint_facts([info.full_name, *sizes, shape]),
    )


def facts_of(
    builder: str, data_dir: str | None = None, image_size: int | list[int] | None = None
) -> tuple[tuple[int, ...], int | None, int | None]:
    """What the library knows of a dataset without preparing it; arguments and errors are those of `tfds`.

    Returns:
        The shape of one input, how many classes there are (None where targets are numbers), and how many examples the
        training part has, where that is known.
    """
    library = _library()
    info = _maker(library, builder, data_dir).info
    inputs, targets = _supervised(library, builder, info)
    is_class = isinstance(targets, library.features.ClassLabel)
    part = info.splits.get("train") if info.splits else None
    return (
        _shape(builder, inputs, image_size),
        targets.num_classes if is_class else None,
        part.num_examples if part else None,
    )


def _library() -> ModuleType:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        hint = 'pip install "kzoo[datasets]"'
        raise KzooError(Problem(f"tfds/… needs tensorflow-datasets: {error}", hint=hint)) from error


def _maker(library: ModuleType, name: str, data_dir: str | None) -> Any:
    """The library's own object for a dataset, which knows what is in it without reading it."""
    match = _NAME.fullmatch(name)
    if not match:
        hint = "Such as tfds/mnist, tfds/glue/cola or tfds/mnist:3.0.1."
        raise KzooError(
            Problem(f"expected the name of a dataset of tensorflow-datasets, got {name!r}", hint=hint)
        )
    known = library.list_builders(with_community_datasets=False)
    if match[1] not in known:
        near = nearest(match[1], known)
        hint = (
            f"Did you mean tfds/{' or tfds/'.join(near)}?"
            if near
            else "https://www.tensorflow.org/datasets/catalog"
        )
        raise KzooError(Problem(f"tensorflow-datasets has no dataset '{match[1]}'", hint=hint))
    try:
        return library.builder(name, data_dir=data_dir)
    except Exception as error:  # datasets need packages of their own, and fail in their own ways
        raise KzooError(f"tfds/{name} can't be used: {_first_line(error)}") from error


def _supervised(library: ModuleType, name: str, info: Any) -> tuple[Any, Any]:
    """The features that are input and target."""
    keys = info.supervised_keys
    if not keys or len(keys) != 2 or not all(isinstance(key, str) for key in keys):
        hint = f"It has {', '.join(info.features)}; write it as an .npz file with x and y."
        raise KzooError(Problem(f"tfds/{name} doesn't say what is input and what target", hint=hint))
    pair = [info.features[key] for key in keys]
    for key, feature in zip(keys, pair):
        arrays = (library.features.Image, library.features.Tensor)
        if not isinstance(feature, arrays) or np.dtype(feature.np_dtype).kind not in "biuf":
            hint = "Inputs and targets are to be pictures, classes or arrays of numbers."
            what = f"tfds/{name}: '{key}' is {type(feature).__name__}, which no recipe can use"
            raise KzooError(Problem(what, hint=hint))
    return pair[0], pair[1]


def _shape(name: str, inputs: Any, image_size: int | list[int] | None) -> tuple[int, ...]:
    from kzoo.data.pictures import checked_size

    size = checked_size(image_size)
    shape = tuple(inputs.shape)
    if size is not None:
        if len(shape) != 3:
            raise KzooError(f"image_size: tfds/{name} isn't made of pictures, its inputs have shape {shape}")
        shape = (*size, shape[2])
    if None in shape:
        hint = "Set image_size, [height, width]: all are brought to that size."
        raise KzooError(Problem(f"tfds/{name}: inputs differ in size, their shape is {shape}", hint=hint))
    return shape


def _prepare(library: ModuleType, name: str, maker: Any) -> None:
    if maker.is_prepared():
        return
    try:
        with _fewer_retries(library):
            maker.download_and_prepare()
    except Exception as error:
        hint = (
            f"Prepare it once where there is a network, `tfds build {name}` or by hand as its page says, and give the "
            "folder as data_dir."
        )
        what = f"tfds/{name} isn't prepared in {maker.data_dir}, and that failed: {_first_line(error)}"
        raise KzooError(Problem(what, hint=hint)) from error


@contextlib.contextmanager
def _fewer_retries(library: ModuleType) -> Iterator[None]:
    downloader = importlib.import_module(f"{library.__name__}.core.download.downloader")
    before = getattr(downloader, "MAX_RETRIES", None)
    downloader.MAX_RETRIES = _RETRIES
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before


def _part_names(name: str, info: Any) -> list[str]:
    if not info.splits:  # made-up data (tfds.testing.mock_data) doesn't know its parts, and has any
        return ["train", "test"]
    if "train" not in info.splits:
        raise KzooError(f"tfds/{name}: expected a part 'train', it has {', '.join(info.splits)}")
    return [part for part in ("train", "validation", "test") if part in info.splits]


def _split(maker: Any, part: str, shape: tuple[int, ...]) -> Split:
    """A part as a stream of pairs, in the order in which it was written."""
    from kzoo.data.pictures import resize

    def stream() -> Any:
        pairs = maker.as_dataset(split=part, as_supervised=True, shuffle_files=False)
        if tuple(pairs.element_spec[0].shape) == shape:
            return pairs
        return pairs.map(lambda x, y: (resize(x, *shape[:2]), y), num_parallel_calls=-1, deterministic=True)

    return Split(int(stream().cardinality()), stream=stream)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
