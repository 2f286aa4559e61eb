"""Rematerialization: what layers computed is thrown away, and computed again when the backward pass comes by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from kzoo.memory.operations import Sort
from kzoo.memory.program import BACKWARD, FORWARD, Operation, Program

# What is kept: what convolutions and products of matrices gave, as run.remat does; or what one layer hands to the next,
# as keras.RematScope("full") does.
MODES = ("products", "full")


def recomputed(program: Program, layer_of: Callable[[str], str], mode: str) -> Program:
    """A step whose backward pass computes again what the forward pass didn't keep for it.

    Args:
        program: The step.
        layer_of: The layer that an operation belongs to, by its name; empty for none.
        mode: One of `MODES`.

    Returns:
        Another program.
    """
    whole = mode == "products"
    forward = {
        number: each
        for each in program.operations
        if each.phase == FORWARD and each.sort is not Sort.WRITE and (whole or layer_of(each.name))
        for number in each.results
    }
    results, operations = list(program.results), list[Operation]()
    again: dict[tuple[str, int], int] = {}

    def copy(number: int, layer: str) -> int:
        """The result, computed once more; the same where it is kept."""
        maker = forward.get(number)
        if maker is None or results[number].variable:
            return number
        if maker.product if whole else layer_of(maker.name) != layer:
            return number
        if (layer, number) not in again:
            operands = tuple(copy(each, layer) for each in maker.operands)
            new = []
            for each in maker.results:
                results.append(dataclasses.replace(results[each]))
                again[layer, each] = len(results) - 1
                new.append(len(results) - 1)
            operations.append(
                dataclasses.replace(maker, phase=BACKWARD, operands=operands, results=tuple(new))
            )
        return again[layer, number]

    for each in program.operations:
        layer = layer_of(each.name) if each.phase == BACKWARD and not whole else ""
        if layer or (whole and each.phase == BACKWARD):
            each = dataclasses.replace(each, operands=tuple(copy(number, layer) for number in each.operands))
        operations.append(each)
    return Program(results, operations, program.outputs)
