"""Reading, inheritance, overrides, source positions, schema. Knows nothing of Keras."""

from kzoo.recipe.recipe import Recipe, load_recipe, shipped_recipes

__all__ = ["Recipe", "load_recipe", "shipped_recipes"]
