"""A look at one cell before the sweep: does it build, and what does it measure?"""

from __future__ import annotations

from typing import Any

from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import build
from kzoo.recipe import load_recipe
from kzoo.sweep.objective import measures


def probe(job: dict[str, Any]) -> dict[str, Any]:
    """Builds a cell without training it.

    Args:
        job: `recipe`, a path, and `overrides`.

    Returns:
        The names of its measurements, and of the parts of the data that are measured, as prefixes.

    Raises:
        KzooError: With everything that is wrong with it.
    """
    experiment = build(load_recipe(job["recipe"], job["overrides"]))
    dry_run(experiment)
    parts = {"val_": experiment.source.validation, "test_": experiment.source.test}
    splits = [prefix for prefix, part in parts.items() if part is not None]
    return {"kind": "probed", "measures": measures(experiment.model), "splits": splits}
