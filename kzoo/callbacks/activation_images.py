"""Pictures of what goes into a layer and comes out of it, for TensorBoard."""

from __future__ import annotations

from typing import Any

import keras

from kzoo.arguments import count
from kzoo.callbacks.diagnostic import Diagnostic
from kzoo.callbacks.measuring import Seen, Wanted, measuring
from kzoo.callbacks.picture_grid import pictures
from kzoo.callbacks.recording import Note, layers_of
from kzoo.callbacks.tensorboard_files import TensorBoardFiles
from kzoo.problems import nearest, or_list


class ActivationImages(Diagnostic):
    """Writes pictures of what a layer makes of a few samples: the model's input, and the layer's before and after it.

    The first are written before the training (step 0), then at the end of each epoch: of an activation layer one sees
    what it cuts off, of a convolution what its filters have learned. Channels are laid out side by side, at most 64.

    Args:
        data: Batches `(x, y)` or `x`, as a `tf.data.Dataset` or any other iterable that can be run through again, or
            one array of inputs. The first samples are taken. Recipes fill in the training data.
        layer: The name of a layer; by default the first with an activation other than linear.
        images: How many samples.
        every: How many epochs lie between two times.
        log_dir: The folder for TensorBoard; in a recipe one inside the run folder.

    TensorBoard shows them as `input`, `LAYER/before` and `LAYER/after`. Black is the smallest value of a sample, white
    the largest. What has neither two, three nor four axes is left out.

    Raises:
        ValueError: If `images` or `every` isn't a positive integer; when the training begins, if there is no `data`, or
            no such layer.

    >>> import numpy as np, keras, tempfile
    >>> from kzoo.callbacks import ActivationImages
    >>> layers = [keras.Input((4, 4, 1)), keras.layers.Activation("relu", name="act"), keras.layers.Flatten()]
    >>> model = keras.Sequential([*layers, keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.random.default_rng(0).normal(size=(8, 4, 4, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     callback = ActivationImages(x, images=2, log_dir=folder)
    ...     history = model.fit(x, np.zeros(8), verbose=0, callbacks=[callback])
    >>> callback.summary()["tags"]
    ['input', 'act/before', 'act/after']
    """

    def __init__(
        self,
        data=None,
        layer: str | None = None,
        images: int = 3,
        every: int = 1,
        log_dir: str = "tensorboard/diagnostics",
    ):
        super().__init__()
        self.data = data
        self.layer = layer
        self.images = count(images=images)
        self.every = count(every=every)
        self.log_dir = str(log_dir)
        self._name = ""
        self._tags: list[str] = []
        self._files = TensorBoardFiles(self.log_dir)

    def wanted(self):
        self._name, layer = self._chosen()
        most = self.images

        def of_model(inputs: Any, _: Any) -> Any:
            return _first_of(inputs)[:most]

        def of_layer(inputs: Any, outputs: Any) -> Any:
            return _first_of(inputs)[:most], _first_of(outputs)[:most]

        notes = {_MODEL: Note(self.model, of_model), self._name: Note(layer, of_layer)}
        return Wanted(self.data, 1, notes, rows=most, every=self.every)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._tags = []

    def on_epoch_begin(self, epoch, logs=None):
        fresh = not int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        if fresh and not self.records:
            self.records.append({"epoch": 0, **self.record(measuring(self.model).look_ahead(self), 0)})

    def record(self, seen: Seen, epoch: int):
        before, after = seen.notes[self._name][0]
        first = {"input": seen.notes[_MODEL][0], f"{self._name}/before": before, f"{self._name}/after": after}
        for tag, values in first.items():
            if 2 <= values.ndim <= 4:
                inside = tag != "input" and getattr(self._chosen()[1], "data_format", "") == "channels_first"
                self._files.images(tag, pictures(values, channels_first=inside), step=epoch)
                self._tags = list(dict.fromkeys([*self._tags, tag]))
        self._files.flush()
        return {}

    def on_train_end(self, logs=None):
        self._files.close()
        super().on_train_end(logs)

    def about(self):
        return {"layer": self._name, "images": self.images, "tags": self._tags}

    def _chosen(self) -> tuple[str, Any]:
        """The layer that is looked at, and its name."""
        layers = layers_of(self.model)
        if self.layer is None:
            return next(
                ((name, each) for name, each in layers.items() if _bends(each)), list(layers.items())[-1]
            )
        if self.layer not in layers:
            near = nearest(self.layer, layers)
            hint = f"Did you mean {or_list([repr(each) for each in near])}?" if near else ""
            raise ValueError(
                f"`layer` must be one of the model's: {', '.join(layers)}. Received: layer={self.layer!r}. {hint}"
            )
        return self.layer, layers[self.layer]


_MODEL = "the model"  # its note; no layer is called that


def _bends(layer: Any) -> bool:
    """Whether a layer is an activation other than linear, or has one."""
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", "linear")
    return (
        isinstance(layer, (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU)) or name != "linear"
    )


def _first_of(values: Any) -> Any:
    return keras.tree.flatten(values)[0]
