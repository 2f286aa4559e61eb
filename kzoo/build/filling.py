"""What the recipe knows already is filled in where a part asks for it."""

from __future__ import annotations

from typing import Any

from kzoo.registry import catalogue


def filled(kind: str, spec: Any, known: dict[str, Any]) -> Any:
    """A spec with the arguments that the recipe knows, in it and in the specs inside it.

    Args:
        kind: The kind of the part.
        spec: Its spec.
        known: `total_steps`, `num_classes`, `input_shape` …; None where the recipe doesn't know.
    """
    if not isinstance(spec, (str, dict)):
        return spec
    spec = {"name": spec} if isinstance(spec, str) else dict(spec)
    card = catalogue().find(kind, spec["name"])
    signature = card.parameters()
    for name in signature.parameters if signature else ():
        source = card.fills.get(name, name)
        if name not in spec and known.get(source) is not None:
            spec[name] = known[source]
    for name, inner in (("learning_rate", "schedule"), ("schedule", "schedule"), ("optimizer", "optimizer")):
        if isinstance(spec.get(name), dict) or (name != "learning_rate" and isinstance(spec.get(name), str)):
            spec[name] = filled(inner, spec[name], known)
    return spec if len(spec) > 1 else spec["name"]
