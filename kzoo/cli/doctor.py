"""kzoo doctor"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
import warnings
from typing import Any

import click

from kzoo import __version__
from kzoo.cli.options import as_json, bring_own_parts, print_json, quiet_backends
from kzoo.problems import KzooError
from kzoo.registry import KINDS, Card, catalogue

_DISTRIBUTIONS = ("keras", "tensorflow", "jax", "torch", "numpy", "tensorflow-datasets")


@click.command("doctor")
@click.option("--imports", is_flag=True, help="Import every part of every plug-in.")
@as_json
def command(imports: bool, as_json: bool) -> None:
    """What is installed and what it computes on, what is missing, shadowed, broken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # broken plug-ins are told below
        bring_own_parts()
        report = _examine(imports)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["broken"]:
        raise SystemExit(1)


def _examine(imports: bool) -> dict[str, Any]:
    plugins = catalogue().plugins
    broken = [
        f"plug-in {plugin.name} ({plugin.distribution}): {plugin.broken}"
        for plugin in plugins
        if plugin.broken
    ]
    shadowed = [
        f"{card.kind} {card.full_name}: the bare name is {_holder(card.kind, card.name)}"
        for kind in KINDS
        for card in catalogue().cards(kind)
        if card.package not in ("keras", "kzoo") and catalogue().shown_name(card) == card.full_name
    ]
    if imports:
        with quiet_backends():
            broken += _failing_imports([card for plugin in plugins for card in plugin.cards])
    return {
        "kzoo": __version__,
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _DISTRIBUTIONS},
        "devices": _devices(),
        "parts": {kind: len(catalogue().cards(kind)) for kind in KINDS},
        "plugins": {plugin.name: len(plugin.cards) for plugin in plugins},
        "shadowed": shadowed,
        "broken": broken,
    }


def _devices() -> dict[str, Any]:
    """What there is to compute on, found out in a process of its own: backends may take long, or crash."""
    command = [sys.executable, "-W", "ignore", "-m", "kzoo.build.accelerators"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    last = (done.stderr.strip().splitlines() or ["no word"])[-1]
    return {
        "missing": [
            f"backends can't be asked for their devices, they end with status {done.returncode}: {last}"
        ]
    }


def _failing_imports(cards: list[Card]) -> list[str]:
    failing = []
    for card in cards:
        try:
            card.load()
        except KzooError as error:
            failing.append(error.problems[0].message)
    return failing


def _holder(kind: str, name: str) -> str:
    try:
        return f"{catalogue().find(kind, name).full_name}'s"
    except KzooError:
        return "in several plug-ins"


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _print_devices(devices: dict[str, Any]) -> None:
    if "gpus" in devices:
        gpus = ", ".join(devices["gpus"]) or "none that NVIDIA's driver tells of"
        driver = f", driver {devices['driver']}" if devices["driver"] else ""
        click.echo(f"  GPUs: {gpus}{driver}; {devices['cpus']} CPU cores")
    for backend in ("tensorflow", "jax", "torch"):
        if seen := devices.get(backend):
            cuda = "".join(f", {name} {seen[name]}" for name in ("cuda", "cudnn") if seen.get(name))
            click.echo(f"  {backend} sees: {', '.join(seen['devices'])}{cuda}; XLA {seen['xla']}")
    for line in devices["missing"]:
        click.echo(f"  missing: {line}")


def _print(report: dict[str, Any]) -> None:
    click.echo(f"kzoo {report['kzoo']} on Python {report['python']}")
    for name, version in report["versions"].items():
        click.echo(f"  {name}: {version or 'not installed'}")
    _print_devices(report["devices"])
    parts = ", ".join(f"{count} {kind}" for kind, count in report["parts"].items())
    click.echo(f"  parts: {parts}")
    for name, count in report["plugins"].items():
        click.echo(f"  plug-in {name}: {count} parts")
    for line in report["shadowed"]:
        click.echo(f"  shadowed: {line}")
    for line in report["broken"]:
        click.echo(f"  broken: {line}")
    click.echo("  nothing is broken" if not report["broken"] else f"  {len(report['broken'])} broken")
