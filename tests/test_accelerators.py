"""What `kzoo doctor` says of devices."""

import json
import subprocess
import sys

import pytest

from kzoo.build.accelerators import missing

NVIDIA = {"gpus": ["H200"]}


@pytest.mark.parametrize(
    "found, said",
    [
        (NVIDIA | {"tensorflow": {"devices": ["CPU:0", "GPU:0"]}, "jax": {"devices": ["cuda:0"]}}, []),
        (
            NVIDIA | {"tensorflow": {"devices": ["CPU:0"]}, "jax": {"devices": ["cpu:0"]}},
            [
                'TensorFlow sees no GPU: pip install "kzoo[gpu]"',
                'JAX sees no GPU: pip install "jax[cuda13]"',
            ],
        ),
        (
            {"gpus": [], "tensorflow": {"devices": ["CPU:0"]}, "jax": None},
            ['JAX is not installed: pip install "kzoo[jax]"'],
        ),
    ],
)
def test_what_is_missing_comes_with_its_command(found, said):
    assert missing({"torch": {"devices": ["cuda:0"]}, **found}) == said


@pytest.mark.slow
def test_doctor_says_what_there_is():
    def doctor(*more):
        command = [sys.executable, "-m", "kzoo", "doctor", *more]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    devices = json.loads(doctor("--json"))["devices"]
    assert devices["cpus"] >= 1 and "CPU:0" in devices["tensorflow"]["devices"]
    assert all(key in devices for key in ("gpus", "driver", "jax", "torch", "missing"))
    assert devices["tensorflow"]["cuda"] is None or "." in devices["tensorflow"]["cuda"]
