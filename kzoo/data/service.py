"""Batches that are prepared on other machines, by a tf.data service."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kzoo.problems import KzooError, Problem

_ADDRESS = re.compile(r"grpc://(?P<host>[^:/\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_PATIENCE = 5.0  # seconds to wait for an answer


def checked_service(address: str) -> str:
    """The address of a tf.data service where something answers.

    Raises:
        KzooError: If it isn't an address, or nothing answers there: TensorFlow itself would wait for hours.
    """
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if not match:
        raise KzooError(f"service: expected grpc://host:port, got {address!r}")
    try:
        with socket.create_connection((match["host"].strip("[]"), int(match["port"])), _PATIENCE):
            return address
    except (OSError, OverflowError) as error:
        hint = "Start a dispatcher and workers there (docs/input.md), or leave data.service out."
        raise KzooError(Problem(f"service: nothing answers at {address}: {error}", hint=hint)) from error


def from_service(
    address: str, epoch_of: Callable[[int], tf.data.Dataset], first_epoch: int, epochs: int
) -> tf.data.Dataset:
    """What the workers of a service make of each epoch, one epoch after the other.

    Each worker takes the next steps of an epoch that nobody has taken, so that every step comes once; which comes first
    depends on who is faster. An epoch begins when the one before has come whole.

    Args:
        address: Of the dispatcher.
        epoch_of: The batches of an epoch, made from one `tf.data.Dataset.range` of its steps.
        first_epoch: The epoch to begin with.
        epochs: The epoch before which to stop.
    """
    service = tf.data.experimental.service
    spec = epoch_of(first_epoch).element_spec

    def registered(epoch: tf.Tensor) -> Any:
        # Pictures of 8 bits hardly get smaller, and packing them costs more than sending them.
        return service.register_dataset(address, epoch_of(int(epoch)), compression=None)

    def batches(epoch: tf.Tensor) -> tf.data.Dataset:
        identity = tf.ensure_shape(tf.py_function(registered, [epoch], tf.string), [])
        return service.from_dataset_id(service.ShardingPolicy.DYNAMIC, address, identity, element_spec=spec)

    return tf.data.Dataset.range(first_epoch, epochs).flat_map(
        tf.autograph.experimental.do_not_convert(batches)
    )
