"""The same step in several ways: the combinations of values that `--compare` names."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from kzoo.problems import KzooError, Problem

# What people compare, and where it stands in a recipe.
_SHORT = {
    "optimizer": "compile.optimizer",
    "precision": "run.precision",
    "remat": "run.remat",
    "model": "model",
    "activation": "model.activation",
    "batch_size": "data.batch_size",
    "image_size": "data.image_size",
}


def variants(axes: Sequence[str]) -> list[tuple[dict[str, str], list[str]]]:
    """All combinations of values.

    Args:
        axes: Such as `optimizer=adamw,lion` or `data.batch_size=32,64`; a value in brackets may have commas in it.

    Returns:
        For each combination its values by name, and the overrides that say it.

    Raises:
        KzooError: If an axis has no name or no value.

    >>> variants(["optimizer=adamw,lion", "data.batch_size=8"])[1]
    ({'optimizer': 'lion', 'data.batch_size': '8'}, ['compile.optimizer=lion', 'data.batch_size=8'])
    """
    names, values = [], []
    for axis in axes:
        name, _, listed = axis.partition("=")
        several = _split(listed)
        if not name or not all(several):
            hint = "Such as optimizer=adamw,lion precision=float32,mixed_bfloat16."
            raise KzooError(Problem(f"expected KEY=VALUE,VALUE to compare, got '{axis}'", hint=hint))
        names.append(name)
        values.append(several)
    return [
        (
            dict(zip(names, chosen)),
            [f"{_SHORT.get(name, name)}={value}" for name, value in zip(names, chosen)],
        )
        for chosen in itertools.product(*values)
    ]


def _split(text: str) -> list[str]:
    """Cuts at commas that stand in no bracket."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "[{(") - (sign in ")}]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [each.strip() for each in parts]
