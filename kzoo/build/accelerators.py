"""What there is to compute on, what each backend sees of it, and what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from typing import Any

_QUERY = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version,compute_cap", "--format=csv,noheader"]


def accelerators() -> dict[str, Any]:
    """GPUs and driver of this machine, the devices that TensorFlow and JAX see, and what to install for the rest.

    Returns:
        `gpus` and `driver` as the driver tells; for each backend `devices`, `cuda`, `xla`; `missing`, each with the
        command that brings it.
    """
    gpus = _gpus()
    found: dict[str, Any] = {
        "cpus": os.cpu_count(),
        "gpus": [each["name"] for each in gpus],
        "driver": gpus[0]["driver"] if gpus else None,
        "tensorflow": _tensorflow(),
        "jax": _jax(),
        "torch": _torch(),
    }
    return found | {"missing": missing(found)}


def missing(found: dict[str, Any]) -> list[str]:
    """What would have to be installed for every backend, and for the GPUs that the driver knows.

    >>> missing({"gpus": ["H200"], "tensorflow": {"devices": ["CPU:0"]}, "jax": None, "torch": {"devices": ["cuda:0"]}})
    ['TensorFlow sees no GPU: pip install "kzoo[gpu]"', 'JAX is not installed: pip install "jax[cuda13]"']
    """
    gpu = bool(found["gpus"])
    with_gpu = {
        "tensorflow": 'pip install "kzoo[gpu]"',
        "jax": 'pip install "jax[cuda13]"',
        "torch": "pip install torch",
    }
    without = {
        "tensorflow": "pip install tensorflow",
        "jax": 'pip install "kzoo[jax]"',
        "torch": 'pip install "kzoo[torch]"',
    }
    lines = []
    for backend, name in (("tensorflow", "TensorFlow"), ("jax", "JAX"), ("torch", "PyTorch")):
        seen = found[backend]
        if seen is None:
            lines.append(f"{name} is not installed: {(with_gpu if gpu else without)[backend]}")
        elif gpu and all(device.lower().startswith("cpu") for device in seen["devices"]):
            lines.append(f"{name} sees no GPU: {with_gpu[backend]}")
    return lines


def _gpus() -> list[dict[str, str]]:
    """What NVIDIA's driver says of its GPUs; none without it."""
    if shutil.which(_QUERY[0]) is None:
        return []
    try:
        done = subprocess.run(_QUERY, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 3]
    return [
        {"name": f"{name} ({memory}, compute capability {capability})", "driver": driver}
        for name, memory, driver, capability in rows
    ]


def _tensorflow() -> dict[str, Any] | None:
    if importlib.util.find_spec("tensorflow") is None:
        return None
    import tensorflow as tf

    build = tf.sysconfig.get_build_info()
    devices = [each.name.removeprefix("/physical_device:") for each in tf.config.list_physical_devices()]
    gpu = any(each.startswith("GPU") for each in devices)
    return {
        "devices": devices,
        "cuda": build.get("cuda_version"),
        "cudnn": build.get("cudnn_version"),
        "xla": "auto: on" if gpu else "auto: off, as there is no GPU",
    }


def _jax() -> dict[str, Any] | None:
    if importlib.util.find_spec("jax") is None:
        return None
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    plugins = [each.metadata["Name"] for each in importlib.metadata.distributions()]
    cuda = {
        match[1] for each in plugins if each and (match := re.fullmatch(r"jax-cuda(\d+)-plugin", each.lower()))
    }
    devices = [f"{each.platform}:{each.id}" for each in jax.devices()]
    return {"devices": devices, "cuda": max(cuda, default=None), "xla": "always on"}


def _torch() -> dict[str, Any] | None:
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    devices = [f"cuda:{index}" for index in range(torch.cuda.device_count())] or ["cpu"]
    return {"devices": devices, "cuda": torch.version.cuda, "xla": "none"}


if __name__ == "__main__":
    import json

    print(json.dumps(accelerators()))
