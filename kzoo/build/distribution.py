"""Several devices, of one host or of several, that train on one batch together.

Nothing in a recipe changes between one device and many: each batch is the recipe's, its loss, gradient and metrics are
those of the whole batch, whatever part of it each device gets.

On TensorFlow this is `tf.distribute.MirroredStrategy`, on JAX `keras.distribution.DataParallel`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import keras

from kzoo.build.mirrored import adapt_to_replicas, mirrored_strategy
from kzoo.data.share import Share, real_rows
from kzoo.problems import KzooError, Problem

_OF_BACKEND = {"tensorflow": "mirrored", "jax": "data_parallel"}


@dataclasses.dataclass(frozen=True)
class Distribution:
    """What a training is spread over.

    Args:
        kind: `mirrored`, `data_parallel`, or None for one device.
        devices: The names of all devices that take part, on all hosts.
        inner: The `tf.distribute.Strategy` or `keras.distribution.DataParallel`.
        hosts: How many hosts there are.
        host: Which of them this is, from 0.
    """

    kind: str | None = None
    devices: tuple[str, ...] = ()
    inner: Any = None
    hosts: int = 1
    host: int = 0

    @property
    def first(self) -> bool:
        """Whether this is the host that writes."""
        return self.host == 0

    @property
    def share(self) -> Share | None:
        """What this host reads of each batch; None for one device."""
        if self.kind is None:
            return None
        return Share(len(self.devices), self.hosts, self.host, balanced=self.kind == "mirrored")

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Inside, variables are made on all devices."""
        with self.inner.scope() if self.kind else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Inside, batches go to all devices. A strategy is known to the model that was built under it."""
        with self.inner.scope() if self.kind == "data_parallel" else contextlib.nullcontext():
            yield

    def adapt(self, model: keras.Model, fewest: int) -> None:
        """Has a compiled model compute the same as on one device.

        Args:
            model: The model.
            fewest: The rows of the smallest batch there will be.
        """
        if self.kind == "mirrored":
            adapt_to_replicas(model, len(self.devices), fewest)
        elif self.kind == "data_parallel":
            _leave_out_repeated_rows(model)

    def described(self, batch_size: int) -> str:
        """One line for the log, empty for one device."""
        if self.kind is None:
            return ""
        count = len(self.devices)
        each = -(-batch_size // count)
        where = f" on {self.hosts} hosts" if self.hosts > 1 else ""
        left = "" if batch_size % count == 0 else f"; {batch_size} isn't a multiple of {count}, so some get fewer"
        return (
            f"devices: {count}{where} ({self.kind}), global batch size {batch_size}, "
            f"{each} per device{left}"
        )


def distribution(wanted: str | None) -> Distribution:
    """What `run.distribute` says, on the devices that are there.

    Args:
        wanted: `mirrored`, `data_parallel`, `auto` or None. With several hosts it is `data_parallel` anyway.

    Raises:
        KzooError: If the backend has none such.
    """
    backend = keras.backend.backend()
    hosts, host = _hosts(backend)
    possible = _OF_BACKEND.get(backend)
    if wanted is None and hosts == 1:
        return Distribution()
    if wanted not in (None, "auto", possible):
        hint = f"On {backend} it is {possible}." if possible else "Take backend: tensorflow or jax."
        message = f"distribute: {wanted} is for {'TensorFlow' if wanted == 'mirrored' else 'JAX'}; Keras runs on {backend}"
        raise KzooError(Problem(message, hint=f"{hint} `auto` fits either."))
    if possible == "mirrored":
        devices, inner = mirrored_strategy()
    elif possible == "data_parallel":
        devices = tuple(keras.distribution.list_devices())
        inner = keras.distribution.DataParallel(devices=list(devices), auto_shard_dataset=False)
    else:
        return Distribution()
    if wanted == "auto" and len(devices) == 1:
        return Distribution()
    return Distribution(possible, devices, inner, hosts, host)


def _hosts(backend: str) -> tuple[int, int]:
    """How many processes train together, and which this is."""
    if backend != "jax":
        return 1, 0
    import jax

    if not jax.distributed.is_initialized():
        return 1, 0
    return jax.process_count(), jax.process_index()


def _leave_out_repeated_rows(model: keras.Model) -> None:
    """Wraps the steps of a compiled model on JAX; see `kzoo.data.share`."""
    train, test = model.train_step, model.test_step

    def train_step(state: Any, data: Any) -> Any:
        return train(state, real_rows(data))

    def test_step(state: Any, data: Any) -> Any:
        return test(state, real_rows(data))

    model.train_step, model.test_step = train_step, test_step
