"""kzoo bench-input RECIPE [KEY=VALUE…]"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare, print_json
from kzoo.recipe import load_recipe

if TYPE_CHECKING:
    from kzoo.training.input_benchmark import InputSpeed


@click.command("bench-input")
@click.argument("recipe")
@click.argument("overrides", nargs=-1)
@click.option(
    "--seconds", type=float, default=2.0, show_default=True, help="How long each stage is measured."
)
@click.option("--no-model", is_flag=True, help="Don't measure the model.")
@plugin_files
@as_json
def command(
    recipe: str,
    overrides: tuple[str, ...],
    seconds: float,
    no_model: bool,
    plugins: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Is the input faster than the model? Measures each stage alone, then the whole, then the model.

    Trains the model for some steps on one batch, and leaves nothing behind.
    """
    bring_own_parts(plugins)
    read = load_recipe(recipe, overrides)
    prepare(read)
    from kzoo.training.input_benchmark import measure_input

    found = measure_input(read, seconds, model=not no_model)
    if as_json:
        print_json(found.as_json())
    else:
        click.echo("\n".join(lines(found)))


def lines(found: InputSpeed) -> list[str]:
    """What was measured, and what to do about it."""
    rows = [(each.name, each.rate) for each in found.stages] + [("the whole input", found.whole)]
    rows += [("the model, training", found.model)] if found.model is not None else []
    width = max(len(name) for name, _ in rows)
    said = [f"{found.recipe}: examples a second, batches of {found.batch_size}, {os.cpu_count()} cores", ""]
    for name, rate in rows:
        slowest = "   slowest" if name == found.slowest.name else ""
        said.append(f"  {name:<{width}}  {rate:>12,.0f}{slowest}")
    said.append("")
    if found.enough:
        return [*said, "The input is fast enough: the model is what takes the time."]
    if found.enough is False:
        said.append("The model has to wait for its input.")
    return [*said, f"Slowest is {found.slowest.name}. {found.slowest.advice}"]
