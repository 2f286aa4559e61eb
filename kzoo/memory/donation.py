"""Copies of variables whose new value may be written while the old one is still read."""

from __future__ import annotations

from kzoo.memory.fusion import Unit
from kzoo.memory.operations import Sort
from kzoo.memory.program import FORWARD, Operation, Program, Result


def with_copies(program: Program, units: list[Unit]) -> list[Unit]:
    """Adds what XLA adds where a step gives new values the place of the old ones.

    A kernel that reads a variable may come after the one that writes it, unless the writing waits for the reading. A
    layer's slopes by its inputs read its weights, and the optimizer doesn't wait for them: so the step works on a copy
    of those weights. Adam's moments are read by what writes them alone, and aren't copied.

    Args:
        program: The step; results are added to it.
        units: Its units.

    Returns:
        The units, each copy before the first that reads it.
    """
    maker = {number: index for index, unit in enumerate(units) for number in unit.writes}
    readers: dict[int, list[int]] = {}
    for index, unit in enumerate(units):
        for number in unit.reads:
            readers.setdefault(number, []).append(index)
    copies: dict[int, int] = {}
    for index, unit in enumerate(units):
        target = unit.operation.target
        if target is None or target in copies or not program.results[target].copied:
            continue
        before = _before(index, units, maker)
        if any(each not in before for each in readers.get(target, ())):
            size, count = program.results[target].copied, program.results[target].count
            program.results.append(Result(size, count, variable=True))
            copies[target] = len(program.results) - 1
    return _working_on(copies, units)


def _before(index: int, units: list[Unit], maker: dict[int, int]) -> set[int]:
    """The unit, and all that it waits for."""
    found, todo = {index}, [index]
    while todo:
        for number in units[todo.pop()].reads:
            source = maker.get(number)
            if source is not None and source not in found:
                found.add(source)
                todo.append(source)
    return found


def _working_on(copies: dict[int, int], units: list[Unit]) -> list[Unit]:
    made, done = set[int](), list[Unit]()
    for unit in units:
        for number in unit.reads:
            if number in copies and number not in made:
                made.add(number)
                name = f"{unit.operation.name}/copy"
                operation = Operation(name, Sort.KERNEL, False, FORWARD, (number,), (copies[number],))
                done.append(Unit(operation, (number,), (copies[number],), False))
        reads = tuple(copies.get(number, number) for number in unit.reads)
        done.append(Unit(unit.operation, reads, unit.writes, unit.in_place))
    return done
