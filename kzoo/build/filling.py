"""What the recipe knows already is filled in where a part asks for it."""

from __future__ import annotations

import itertools
from typing import Any

from kzoo.registry import catalogue
from kzoo.schedules.shares import whole_steps_of

# Arguments with a part that may want to know something, and its kind.
_INSIDE = {
    "learning_rate": "schedule",
    "momentum_schedule": "schedule",
    "schedule": "schedule",
    "optimizer": "optimizer",
}


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
    if kind == "schedule":
        spec |= _schedules_inside(spec, spec.get("total_steps"), known)
    for name, inner in _INSIDE.items():
        if isinstance(spec.get(name), dict) or (name != "learning_rate" and isinstance(spec.get(name), str)):
            spec[name] = filled(inner, spec[name], known)
    if kind == "optimizer" and isinstance(spec.get("groups"), list):
        spec["groups"] = [_group_filled(each, known) for each in spec["groups"]]
    if kind == "loss" and isinstance(spec.get("losses"), list):
        spec["losses"] = [filled("loss", each, known) for each in spec["losses"]]
    return spec if len(spec) > 1 else spec["name"]


def _group_filled(group: Any, known: dict[str, Any]) -> Any:
    if not isinstance(group, dict) or not isinstance(group.get("learning_rate"), (str, dict)):
        return group
    return {**group, "learning_rate": filled("schedule", group["learning_rate"], known)}


def _schedules_inside(spec: dict[str, Any], total: int | None, known: dict[str, Any]) -> dict[str, Any]:
    """The schedules that a schedule holds: each is told how many of all steps there are for it."""
    if "schedule" in spec and "warmup" in spec:
        left = total and total - whole_steps_of("warmup", spec["warmup"], total)
        return {"schedule": filled("schedule", spec["schedule"], known | {"total_steps": left})}
    schedules, milestones = spec.get("schedules"), spec.get("milestones")
    if not isinstance(schedules, list) or not isinstance(milestones, list):
        return {}
    ends = [total and whole_steps_of("milestones", each, total) for each in milestones] + [total]
    spans = [end and max(end - begin, 1) for begin, end in zip([0, *ends], ends)]
    return {
        "schedules": [
            filled("schedule", each, known | {"total_steps": steps})
            for each, steps in itertools.zip_longest(schedules, spans[: len(schedules)], fillvalue=total)
        ]
    }
