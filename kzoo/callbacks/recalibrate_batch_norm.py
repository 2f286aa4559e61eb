"""Batch normalization's statistics, measured anew for the weights as they are."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kzoo.arguments import count

_ARRAY_BATCH = 32


class RecalibrateBatchNorm(keras.callbacks.Callback):
    """Measures batch normalization's means and variances anew whenever the model is evaluated or an epoch ends.

    The moving statistics are an average over weights that training has left behind. That is near enough where weights
    change little from step to step; it is wrong for weights that are an average themselves, and noisy after a few
    large steps. See `recalibrate` for what is measured.

    Args:
        data: Batches `(x, y)` or `x` to run through the model, as a `tf.data.Dataset` or any other iterable that can be
            run through again, or one array of inputs. Recipes fill in the training data, shuffled and augmented.
        batches: How many batches of it are used; None for all. A few thousand samples are enough (Wu and Johnson 2021).

    `kzoo.optimizers.SWA`, `EMA` and the schedule-free ones bring it to `fit` by themselves, where a model has such a
    layer; only for a generator, which can't be run through twice, it must be made with other data.

    Raises:
        ValueError: If `batches` isn't a positive integer; when the training begins, if there is no `data`.

    Papers: Izmailov et al. 2018, arXiv:1803.05407; Wu and Johnson 2021, Rethinking "Batch" in BatchNorm,
    arXiv:2105.07576.

    What differs: `torch.optim.swa_utils.update_bn` is called by hand.

    >>> import numpy as np, keras
    >>> from kzoo.callbacks import RecalibrateBatchNorm
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization(name="norm")])
    >>> model.compile("sgd", "mse")
    >>> x = np.array([[1.0], [3.0]])
    >>> history = model.fit(x, x, epochs=1, verbose=0, callbacks=[RecalibrateBatchNorm(x)])
    >>> [round(float(each.numpy()[0]), 4) for each in model.get_layer("norm").non_trainable_weights]
    [2.0, 1.0]
    """

    def __init__(self, data=None, batches: int | None = 100):
        super().__init__()
        self.data = data
        self.batches = None if batches is None else count(batches=batches)
        self._behind = False  # whether the weights have moved since

    def on_train_begin(self, logs=None):
        if self.data is None:
            raise ValueError(
                "`data` must be given: RecalibrateBatchNorm runs it through the model, say "
                "RecalibrateBatchNorm(x_train). Received: data=None"
            )
        self._behind = False

    def on_train_batch_end(self, batch, logs=None):
        self._behind = True

    def on_test_begin(self, logs=None):
        self._recalibrate()

    def on_epoch_end(self, epoch, logs=None):
        self._recalibrate()

    def on_train_end(self, logs=None):
        # `use_ema` of Keras's optimizers has just now put the averages in place.
        self._behind |= bool(getattr(self.model.optimizer, "use_ema", False))
        self._recalibrate()

    def _recalibrate(self):
        if self._behind:
            recalibrate(self.model, self.data, self.batches)
        self._behind = False


def recalibrate(model: keras.Model, data: Any, batches: int | None = None) -> None:
    """Sets the statistics of batch normalization to the mean of those of each batch, with the weights as they are now.

    The model runs as in training, with its dropout; nothing else changes in it, random states included. Layers that
    don't train stay as they are, as do those with `renorm`.

    Args:
        model: The model.
        data: Batches `(x, y)` or `x`, or one array of inputs.
        batches: How many batches are used; None for all.

    Raises:
        ValueError: If there is no batch.

    What differs: as `torch.optim.swa_utils.update_bn`, but for the variances, which are the biased ones as always in
    Keras. `kzoo.layers.GhostBatchNorm` and others with moving statistics and a momentum are measured too.

    >>> import numpy as np, keras
    >>> from kzoo.callbacks.recalibrate_batch_norm import recalibrate
    >>> layer = keras.layers.BatchNormalization()
    >>> recalibrate(keras.Sequential([keras.Input((1,)), layer]), [np.array([[1.0], [3.0]]), np.array([[6.0], [6.0]])])
    >>> float(layer.moving_mean.numpy()[0]), float(layer.moving_variance.numpy()[0])
    (4.0, 0.5)
    """
    layers = layers_with_statistics(model)
    if not layers:
        return
    own = [each for layer in layers for each in _statistics(layer)]
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in own]
    found = 0
    try:
        with _all_else_restored(model, own), _cumulative(layers), _untraced():
            for each in own:
                each.assign(np.zeros(each.shape))  # it may be no number
            for inputs in itertools.islice(_inputs(data), batches):
                model(inputs, training=True)
                found += 1
        if not found:
            raise ValueError("`data` must hold at least one batch. Received: none")
    except BaseException:
        for variable, value in zip(own, before):
            variable.assign(value)
        raise


def layers_with_statistics(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model that keep moving statistics of what they normalize, and train."""
    return [
        each
        for each in model._flatten_layers(include_self=False)
        if each.trainable and hasattr(each, "momentum") and not getattr(each, "renorm", False)
        if _statistics(each)
    ]


def _statistics(layer: keras.layers.Layer) -> list[Any]:
    moving = (getattr(layer, name, None) for name in ("moving_mean", "moving_variance"))
    return [each for each in moving if isinstance(each, keras.Variable)]


def _inputs(data: Any) -> Iterator[Any]:
    if hasattr(data, "shape") and hasattr(data, "__getitem__"):
        data = np.array_split(np.asarray(data), range(_ARRAY_BATCH, len(data), _ARRAY_BATCH))
    for batch in _batches(data):
        inputs = batch[0] if isinstance(batch, (tuple, list)) else batch
        yield keras.tree.map_structure(_tensor, inputs)


def _tensor(value: Any) -> Any:
    return keras.ops.convert_to_tensor(value if keras.ops.is_tensor(value) else np.asarray(value))


def _batches(data: Any) -> Iterable[Any]:
    if isinstance(data, keras.utils.PyDataset):
        return (data[index] for index in range(data.num_batches))
    return data


@contextlib.contextmanager
def _cumulative(layers: list[Any]) -> Iterator[None]:
    """Has the layers, while it lasts, take the plain mean over all their calls."""

    def counted(layer):
        call, calls = layer.call, itertools.count(1)

        def call_and_count(*args, **kwargs):
            layer.momentum = 1 - 1 / next(calls)
            return call(*args, **kwargs)

        return call_and_count

    usual = [each.momentum for each in layers]
    for layer in layers:
        object.__setattr__(layer, "call", counted(layer))
    try:
        yield
    finally:
        for layer, momentum in zip(layers, usual):
            object.__delattr__(layer, "call")
            layer.momentum = momentum


@contextlib.contextmanager
def _all_else_restored(model: keras.Model, own: list[Any]) -> Iterator[None]:
    """Puts back what isn't trained, random states among it, but for the statistics themselves."""
    others = [each for each in model.non_trainable_variables if not any(each is mine for mine in own)]
    values = [np.array(keras.ops.convert_to_numpy(each)) for each in others]
    try:
        yield
    finally:
        for variable, value in zip(others, values):
            variable.assign(value)


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    """Without gradients and, on PyTorch, without moving its own random state on."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    with torch.no_grad(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
