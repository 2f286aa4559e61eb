# /// script
# requires-python = ">=3.11"
# dependencies = ["optax==0.2.8", "jax", "numpy"]
# ///
"""Schedules by optax: `uv run tests/golden/make_schedules.py` writes schedules.npz beside itself."""

import json
from pathlib import Path

import jax
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
golden = {"warmup_cosine.against": f"optax.warmup_cosine_decay_schedule (optax {optax.__version__})"}
cases = [
    ({"peak": 0.002, "total_steps": 200, "warmup": "5%"}, 10),
    ({"peak": 1.0, "total_steps": 57, "warmup": 7, "end": 0.1}, 7),
    ({"peak": 0.1, "total_steps": 40}, 0),
    ({"peak": 0.3, "total_steps": 100, "warmup": 0.25, "end": 0.3}, 25),
]
for number, (arguments, steps) in enumerate(cases):
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, arguments["peak"], steps, arguments["total_steps"], arguments.get("end", 0.0)
    )
    golden[f"warmup_cosine.{number}.arguments"] = json.dumps(arguments)
    values = [float(schedule(step)) for step in range(arguments["total_steps"] + 10)]
    golden[f"warmup_cosine.{number}.value"] = np.array(values)
np.savez_compressed(Path(__file__).with_name("schedules.npz"), **golden)
