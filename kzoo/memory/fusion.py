"""Which results of a step lie in memory, and which are computed where they are needed.

The rules are those by which compilers fuse. What a kernel reads or writes lies in memory, what a sum comes to as well.
Anything else is pointwise, and lies in memory only if that is cheaper than computing it again for each kernel that
wants it: where it is costly, where it takes fewer bytes than what it is made of, or where several tensors of its size
would have to be kept instead.
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
    fusion = _Fusion(program)
    fused = fusion.fused()
    sources: dict[int, frozenset[int]] = {}
    found = []
    for each in program.operations:
        through = each.sort in (Sort.POINTWISE, Sort.REDUCE)
        operands = [
            inner for number in each.operands for inner in (fusion.behind(number) if through else (number,))
        ]
        reads = frozenset[int]().union(*(sources.get(number, frozenset({number})) for number in operands))
        writes = tuple(number for number in each.results if number not in fused)
        for number in each.results:
            if number in fused:
                sources[number] = reads
        if writes:
            found.append(Unit(each, tuple(sorted(reads)), writes, each.sort in (Sort.POINTWISE, Sort.WRITE)))
    return found


class _Fusion:
    """Decides from the last operation to the first, for what reads a result must be known."""

    def __init__(self, program: Program):
        self.program, self.results = program, program.results
        self.place = {id(each): index for index, each in enumerate(program.operations)}
        self.maker = {number: each for each in program.operations for number in each.results}
        self.readers: dict[int, list[Operation]] = {}
        for each in program.operations:
            for number in set(each.operands):
                self.readers.setdefault(number, []).append(each)
        # Of a result that isn't in memory: the places at which it is computed.
        self.units: dict[int, frozenset[int]] = {}

    def fused(self) -> dict[int, frozenset[int]]:
        """The results that don't lie in memory."""
        for each in reversed(self.program.operations):
            if each.sort is Sort.POINTWISE:
                for number in each.results:
                    self._decide(each, number)
        return self.units

    def _decide(self, operation: Operation, number: int) -> None:
        readers = self.readers.get(number, [])
        places = frozenset[int]().union(*(self._places(each) for each in readers))
        if number not in self.program.outputs and not self._in_memory(operation, number, readers, places):
            self.units[number] = places
        elif any(each.sort is Sort.WRITE for each in readers):
            self.results[number].size = 0  # where the variable lies

    def _places(self, reader: Operation) -> frozenset[int]:
        """Where an operation is computed: at its own place if it ends in memory, otherwise with all that read it."""
        inner = [self.units.get(number) for number in reader.results]
        own = frozenset({self.place[id(reader)]}) if any(each is None for each in inner) else frozenset[int]()
        return own.union(*(each for each in inner if each is not None))

    def _in_memory(
        self, operation: Operation, number: int, readers: list[Operation], places: frozenset[int]
    ) -> bool:
        if any(each.sort in (Sort.KERNEL, Sort.WRITE) for each in readers):
            return True
        if len(places) <= 1:
            return False
        if operation.costly:
            return True
        large = self._large(operation, self.results[number].count)
        if self.results[number].size < max((self.results[each].size for each in large), default=0):
            return True
        return len(large) > 1 and not all(self._kept(each, operation, max(places)) for each in large)

    def behind(self, number: int) -> tuple[int, ...]:
        """What a pointwise reader reads instead: kernels alone read what is cheap and made of one tensor in memory."""
        maker = self.maker.get(number)
        if maker is None or maker.sort is not Sort.POINTWISE or maker.costly or number in self.units:
            return (number,)
        readers = {each.sort for each in self.readers.get(number, ())}
        large = self._large(maker, self.results[number].count)
        if (
            Sort.KERNEL not in readers
            or Sort.WRITE in readers
            or len(large) != 1
            or number in self.program.outputs
        ):
            return (number,)
        of = self.results[large[0]]
        kept = large[0] not in self.units and not of.held and of.size <= self.results[number].size
        return maker.operands if kept else (number,)

    def _large(self, operation: Operation, count: int) -> list[int]:
        return [each for each in dict.fromkeys(operation.operands) if self.results[each].count >= count]

    def _kept(self, number: int, reader: Operation, until: int) -> bool:
        """Whether a result is there until then anyway, or follows from what is."""
        if self.results[number].held:
            return True
        others = [each for each in self.readers[number] if each is not reader]
        if any(max(self._places(each), default=0) >= until for each in others):
            return True
        maker = self.maker[number]
        if maker.sort is not Sort.POINTWISE or maker.costly:
            return False
        return all(self._kept(each, maker, until) for each in self._large(maker, self.results[number].count))
