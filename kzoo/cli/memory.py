"""kzoo memory RECIPE [KEY=VALUE…]"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kzoo.cli.options import as_json, bring_own_parts, plugin_files, prepare_forecast, print_json
from kzoo.problems import KzooError, Problem
from kzoo.recipe import load_recipe

if TYPE_CHECKING:
    from kzoo.memory import Forecast


@click.command("memory")
@click.argument("recipe")
@click.argument("overrides", nargs=-1)
@click.option("--inference", is_flag=True, help="Of a step that predicts.")
@click.option("--layers", is_flag=True, help="By layer, too.")
@click.option("--fit", metavar="SIZE", help="The largest batch for so much memory, such as 24GB or 16GiB.")
@click.option(
    "--compare", is_flag=True, help="Takes KEY=VALUE,VALUE…, and puts all combinations side by side."
)
@click.option("--input-shape", metavar="H,W,C", help="Shape of an input, where the data isn't there.")
@click.option("--num-classes", type=int, help="How many classes there are then.")
@plugin_files
@as_json
def command(
    recipe: str,
    overrides: tuple[str, ...],
    compare: bool,
    plugins: tuple[Path, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """What will a step hold? Parameters, gradients, optimizer, activations, batch; nothing is allocated or trained.

    kzoo memory RECIPE --compare optimizer=adamw,lion,adafactor precision=float32,mixed_bfloat16
    """
    bring_own_parts(plugins)
    prepare_forecast()
    if compare:
        _compare(recipe, overrides, options, as_json)
        return
    read = load_recipe(recipe, overrides)
    found = _forecast(read, options)
    if as_json:
        print_json(found.as_json())
        return
    for note in read.notes:
        click.echo(f"note: {note}")
    from kzoo.cli.memory_tables import print_bars, print_layers

    if options["fit"]:
        click.echo(f"largest batch in {options['fit']}: {found.batch_size}")
    print_bars(found)
    if options["layers"]:
        print_layers(found)


def _compare(recipe: str, words: tuple[str, ...], options: dict[str, Any], as_json: bool) -> None:
    from kzoo.memory.compare import variants

    if not words:
        hint = "Such as optimizer=adamw,lion precision=float32,mixed_bfloat16."
        raise KzooError(Problem("--compare wants something to compare", hint=hint))
    rows = []
    for chosen, overrides in variants(words):
        rows.append((chosen, _forecast(load_recipe(recipe, overrides), options)))
    if as_json:
        print_json([{"of": chosen, **found.as_json()} for chosen, found in rows])
        return
    from kzoo.cli.memory_tables import print_comparison

    print_comparison(rows)


def _forecast(read: Any, options: dict[str, Any]) -> Forecast:
    from kzoo.memory.building import forecaster
    from kzoo.memory.fit import largest_batch
    from kzoo.memory.sizes import parse_size

    limit = parse_size(options["fit"]) if options["fit"] else None
    found = forecaster(
        read,
        not options["inference"],
        _shape(options["input_shape"]),
        options["num_classes"],
    )
    return found.at() if limit is None else largest_batch(found, limit)


def _shape(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        shape = tuple(int(each) for each in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        hint = "Whole numbers from 1, such as 224,224,3."
        raise KzooError(Problem(f"--input-shape: expected the shape of an input, got '{text}'", hint=hint))
    return shape
