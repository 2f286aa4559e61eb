"""kzoo schema"""

from __future__ import annotations

import click

from kzoo.cli.options import bring_own_parts, print_json
from kzoo.recipe.schema import recipe_schema


@click.command("schema")
def command() -> None:
    """JSON Schema of recipes, with every name there is here: editors complete and check with it.

    \b
    kzoo schema > recipe.schema.json, and in a recipe's first line
    # yaml-language-server: $schema=recipe.schema.json
    """
    bring_own_parts()
    print_json(recipe_schema())
