"""Whatever tensorflow-datasets has."""

from __future__ import annotations

import math
import re
from typing import Any

from kzoo.data.source import Source, Split, fingerprint_facts
from kzoo.problems import KzooError, Problem, nearest

# Not `namespace:name`: that would fetch somebody's code and run it.
_NAME = re.compile(r"\w+(/[\w.\-]+)?(:\d[\w.*]*)?")


def tfds(builder: str, data_dir: str | None = None, image_size: int | list[int] | None = None) -> Source:
    """A dataset of tensorflow-datasets; in recipes `tfds/mnist`, `tfds/cifar10`, ….

    Args:
        builder: Its name there, `name`, `name/config` or `name:version`.
        data_dir: Where it is prepared. Default: where tensorflow-datasets keeps everything, `~/tensorflow_datasets`.
        image_size: Height and width, or one number for both, where pictures differ in size. Default: none.

    It is downloaded and prepared if it isn't yet. Its `test` part is the test part, or its `validation` part where it
    has no other. Examples are streams: they are kept in memory after the first epoch if they take less than 1 GiB,
    and shuffled within a buffer of 10,000.

    Returns:
        The data; uint8 pictures are scaled to 0..1.

    Raises:
        KzooError: If tensorflow-datasets isn't installed, has no such dataset, can't download it, or it isn't made of
            inputs and targets that are arrays.
    """
    module = _import()
    maker = _builder(module, builder, data_dir)
    info = maker.info
    inputs, targets = _supervised(builder, info)
    size = _checked_size(image_size)
    shape = (*(size or inputs.shape[:2]), *inputs.shape[2:]) if len(inputs.shape) == 3 else tuple(inputs.shape)
    if None in shape:
        hint = "Set image_size: [height, width], and all pictures are brought to that size."
        raise KzooError(Problem(f"tfds/{builder}: inputs differ in size, their shape is {inputs.shape}", hint=hint))
    _prepare(module, builder, maker)
    if "train" not in info.splits:
        raise KzooError(f"tfds/{builder}: expected a part 'train', it has {', '.join(info.splits)}")
    parts = {name: _split(module, maker, name, shape) for name in ("train", "validation", "test") if name in info.splits}
    is_class = isinstance(targets, module.features.ClassLabel)
    is_picture = len(shape) == 3 and inputs.np_dtype == "uint8"
    return Source(
        train=parts["train"],
        test=parts.get("test", parts.get("validation")),
        validation=parts.get("validation") if "test" in parts else None,
        input_shape=shape,
        input_dtype=str(inputs.np_dtype.__name__ if isinstance(inputs.np_dtype, type) else inputs.np_dtype),
        num_classes=targets.num_classes if is_class else None,
        class_names=tuple(targets.names or ()) if is_class else (),
        scale=1 / 255 if is_picture else 1.0,
        fingerprint=fingerprint_facts(
            [info.full_name, *((part.name, part.num_examples, part.num_bytes) for part in info.splits.values()), shape]
        ),
    )
