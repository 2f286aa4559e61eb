"""--hosts and --index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kzoo.build.hosts import join, parse_hosts
from kzoo.cli.options import quiet_backends
from kzoo.problems import KzooError
from kzoo.recipe import Recipe, load_recipe


def on_jax(recipe: Recipe) -> Recipe:
    """A recipe for several hosts: on JAX, which it may leave out to say.

    Raises:
        KzooError: If it names another backend.
    """
    backend = recipe.resolved["run"].get("backend")
    if backend not in (None, "jax"):
        hint = "Add run.backend=jax."
        raise KzooError(
            recipe.problem(("run", "backend"), f"--hosts needs the backend jax, not {backend}", hint)
        )
    if backend or recipe.path.name == "resolved.yaml":
        return recipe
    return load_recipe(recipe.path, (*recipe.overrides, "run.backend=jax"))


@contextlib.contextmanager
def among(hosts: str, index: int | None) -> Iterator[bool]:
    met = parse_hosts(hosts, index)
    with quiet_backends():
        import jax
    join(met)
    yield jax.process_index() == 0
