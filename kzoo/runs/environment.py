"""What a run ran on: versions, devices, git state."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import keras

from kzoo import __version__
from kzoo.registry import catalogue


def describe(recipe: Any, fingerprint: str) -> dict[str, Any]:
    """Everything needed to repeat a run besides its recipe.

    Args:
        recipe: The recipe; its seed and overrides are noted.
        fingerprint: What the data was, in short.
    """
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "overrides": list(recipe.overrides),
        "seed": recipe.resolved["seed"],
        "data_fingerprint": fingerprint,
        "backend": keras.backend.backend(),
        "devices": devices(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "plugins": sorted(plugin.name for plugin in catalogue().plugins if not plugin.broken),
        "git": git_state(Path.cwd()),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Every distribution that has a module loaded, with its version."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    providers = importlib.metadata.packages_distributions()
    names = {name for module in loaded for name in providers.get(module, ())}
    found = {name: importlib.metadata.version(name) for name in names} | {"kzoo": __version__}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def devices() -> list[str]:
    """The devices that the backend sees."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return [f"{device.device_type}:{device.name}" for device in tf.config.list_physical_devices()]
    if keras.backend.backend() == "jax":
        import jax

        return [str(device) for device in jax.devices()]
    return ["cpu"]


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit that the working folder is on, and whether it was changed; None outside of git."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "changed": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
