"""Which of the devices of a `tf.distribute` strategy this is."""

from __future__ import annotations

from typing import Any

import keras


def replica_count() -> int:
    """How many replicas train in step; 1 without a strategy, and on the other backends."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_number() -> Any:
    """The number of the replica whose step is being computed, from 0; 0 outside of any."""
    if keras.backend.backend() != "tensorflow":
        return 0
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def check_replicas(known: int) -> None:
    """Refuses to update what replicas would write to at the same time.

    Args:
        known: How many replicas there were when the metric was made.

    Raises:
        ValueError: If there are more now.
    """
    if replica_count() > known:
        raise ValueError(
            "A metric was made outside of `strategy.scope()` and is updated inside: its replicas would overwrite "
            "each other. Make it inside, where the model is."
        )
