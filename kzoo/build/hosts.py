"""Several hosts that train together: who they are, how they meet, and what they have to agree on.

The meeting is `jax.distributed`'s, which `keras.distribution` hands batches and weights over to.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kzoo.problems import KzooError, Problem

MEET_WITHIN = 120  # seconds until all hosts must have started
LOST_AFTER = 20  # seconds without a sign of life after which a host counts as lost

_listeners: list[Callable[[str], object]] = []
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:,\[\]]+):(\d{1,5})")


@dataclasses.dataclass(frozen=True)
class Hosts:
    """The hosts of one training.

    Args:
        addresses: `host:port` of each; empty where the cluster tells them. At the first they all meet.
        index: Which of them this is, from 0; None where the cluster tells it.
    """

    addresses: tuple[str, ...] = ()
    index: int | None = None


def parse_hosts(text: str, index: int | None) -> Hosts:
    """What `--hosts` and `--index` say.

    Args:
        text: `a:port,b:port`, or `auto`.
        index: Which of them this is, from 0.

    Raises:
        KzooError: If an address is none, there is only one, or the index isn't one of theirs.

    >>> parse_hosts("10.0.0.1:4321,10.0.0.2:4321", 1)
    Hosts(addresses=('10.0.0.1:4321', '10.0.0.2:4321'), index=1)
    """
    if text == "auto":
        if index is not None:
            raise KzooError(Problem("the cluster tells which host this is: --hosts auto takes no --index"))
        return Hosts()
    addresses = tuple(each.strip() for each in text.split(","))
    for each in addresses:
        match = _ADDRESS.fullmatch(each)
        if match is None or not 0 < int(match[2]) < 65536:
            hint = "Write --hosts 10.0.0.1:4321,10.0.0.2:4321, or --hosts auto on Slurm and the like."
            raise KzooError(Problem(f"--hosts: expected host:port, got '{each}'", hint=hint))
    if len(set(addresses)) < max(2, len(addresses)):
        hint = "Each process has an address of its own; on one host they differ in the port."
        raise KzooError(Problem(f"--hosts: expected two addresses or more, all different, got {text}", hint=hint))
    if index is None or not 0 <= index < len(addresses):
        got = "none" if index is None else index
        hint = f"--index 0 on {addresses[0]}, and so on."
        raise KzooError(Problem(f"--index: expected 0 to {len(addresses) - 1}, got {got}", hint=hint))
    return Hosts(addresses, index)


def join(hosts: Hosts, tell: Callable[[str], object] | None = None) -> None:
    """Waits until all hosts are there. To be called before anything is computed.

    Args:
        hosts: They.
        tell: Called with the run's path as soon as it is known.

    Raises:
        KzooError: If Keras doesn't run on JAX, or no cluster is found.
        RuntimeError: If not all of them come in time.
    """
    import jax

    if tell is not None:
        _listeners.append(tell)
    jax.config.update("jax_enable_preemption_service", False)  # it would take SIGTERM for itself
    given: dict[str, Any] = {
        "initialization_timeout": MEET_WITHIN,
        "heartbeat_timeout_seconds": LOST_AFTER,
        "shutdown_timeout_seconds": LOST_AFTER,
    }
    if hosts.addresses:
        given |= {
            "coordinator_address": hosts.addresses[0],
            "num_processes": len(hosts.addresses),
            "process_id": hosts.index,
            "cluster_detection_method": "deactivate",
        }
    try:
        jax.distributed.initialize(**given)
    except ValueError as error:
        if hosts.addresses:
            raise
        hint = (
            "Slurm, Open MPI, Cloud TPU and, after `pip install \"jax[k8s]\"`, Kubernetes are known; "
            "elsewhere write --hosts a:port,b:port --index i."
        )
        raise KzooError(Problem(f"--hosts auto found no cluster: {error}", hint=hint)) from None
    counts = _from_all([jax.local_device_count()])
    if len(set(counts)) > 1:
        raise KzooError(
            Problem(
                f"hosts need as many devices as each other, they have {', '.join(map(str, counts))}",
                hint="CUDA_VISIBLE_DEVICES leaves some out.",
            )
        )


def agree(**facts: str) -> None:
    """Sees to it that all hosts are about to do the same.

    Args:
        **facts: What has to be the same everywhere.

    Raises:
        KzooError: If a host differs; on every host alike.
    """
    for name, fact in facts.items():
        digests = _from_all(list(hashlib.sha256(fact.encode()).digest()))
        other = [host for host, each in enumerate(digests) if list(each) != list(digests[0])]
        if other:
            which = ", ".join(map(str, other))
            hint = "All hosts take the same recipe, overrides, data and versions."
            raise KzooError(Problem(f"{name} of host {which} is not that of host 0", hint=hint))


def run_of_first(path: Path) -> Path:
    """Where the first host's run lies, on all of them.

    Args:
        path: Its path; what the others give doesn't matter.
    """
    import numpy as np
    from jax.experimental.multihost_utils import broadcast_one_to_all

    data = np.zeros(4096, np.uint8)  # no path is longer
    encoded = np.frombuffer(str(path.absolute()).encode(), np.uint8)
    data[: len(encoded)] = encoded
    path = Path(bytes(np.asarray(broadcast_one_to_all(data))).rstrip(b"\0").decode())
    for tell in _listeners:
        tell(str(path))
    return path


def wait_for_all() -> None:
    """Returns when all hosts have come here."""
    from jax.experimental.multihost_utils import sync_global_devices

    sync_global_devices("done")


def _from_all(numbers: list[int]) -> list[Any]:
    import numpy as np
    from jax.experimental.multihost_utils import process_allgather

    gathered = np.asarray(process_allgather(np.asarray(numbers, np.int32)))
    return [row[0] if len(numbers) == 1 else row for row in gathered.reshape(-1, len(numbers)).tolist()]
