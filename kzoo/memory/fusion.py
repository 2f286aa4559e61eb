"""Which results of a step lie in memory, and which are computed where they are needed.

The rules are those by which compilers fuse. What a kernel reads or writes lies in memory, what a sum comes to as well.
Anything else is pointwise, and lies in memory only if that is cheaper than computing it again for each kernel that
wants it: where it is costly, where it takes fewer bytes than what it is made of, or where it is made of several
tensors of its size.
"""

from __future__ import annotations

import dataclasses

from kzoo.memory.operations import Sort
from kzoo.memory.program import Operation, Program


@dataclasses.dataclass(slots=True)
class Unit:
    """What is done in one go: a kernel, or a chain of pointwise operations that ends in memory.

    Args:
        operation: The last operation.
        reads: The results in memory that it reads, by number.
        writes: The results that it puts into memory.
        in_place: Whether it can write where it reads.
    """

    operation: Operation
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    in_place: bool


def units_of(program: Program) -> list[Unit]:
    """Cuts a step into units, in the order of its operations. Results written into a variable are set to 0 bytes."""
    maker = {number: each for each in program.operations for number in each.results}
    readers: dict[int, list[Operation]] = {}
    for each in program.operations:
        for number in set(each.operands):
            readers.setdefault(number, []).append(each)
    units: dict[int, frozenset[int]] = {}  # of a result that isn't in memory: in which units it is computed
    for each in reversed(program.operations):
        if each.sort is not Sort.POINTWISE:
            continue
        for number in each.results:
            used = readers.get(number, [])
            place = frozenset().union(*(_places(reader, units) for reader in used)) if used else frozenset()
            if number in program.outputs or _in_memory(program, each, number, used, place, maker):
                if any(reader.sort is Sort.WRITE for reader in used):
                    program.results[number].size = 0  # where the variable lies
            else:
                units[number] = place
    return _cut(program, units)


def _places(reader: Operation, units: dict[int, frozenset[int]]) -> frozenset[int]:
    """The units in which an operation is computed; one of its own where it ends in memory."""
    inner = [units.get(number) for number in reader.results]
    own = frozenset({id(reader)}) if any(each is None for each in inner) else frozenset()
    return own.union(*(each for each in inner if each is not None))


def _in_memory(
    program: Program,
    operation: Operation,
    number: int,
    readers: list[Operation],
    places: frozenset[int],
    maker: dict[int, Operation],
) -> bool:
    if any(each.sort in (Sort.KERNEL, Sort.WRITE) for each in readers):
        return True
    if len(places) <= 1:
        return False
    if operation.costly:
        return True
    result = program.results[number]
    operands = [program.results[each] for each in set(operation.operands)]
    large = [each for each in operands if each.count >= result.count]
    wide = max((_width(program, each, maker) for each in set(operation.operands)), default=0)
    return len(large) > 1 or result.size < wide


def _width(program: Program, number: int, maker: dict[int, Operation]) -> int:
    return program.results[number].size


def _cut(program: Program, fused: dict[int, frozenset[int]]) -> list[Unit]:
    sources: dict[int, frozenset[int]] = {}
    found = []
    for each in program.operations:
        reads = frozenset().union(*(sources.get(number, frozenset({number})) for number in each.operands))
        writes = tuple(number for number in each.results if number not in fused)
        for number in each.results:
            if number in fused:
                sources[number] = reads
        if writes:
            found.append(Unit(each, tuple(reads), writes, each.sort in (Sort.POINTWISE, Sort.WRITE)))
    return found
