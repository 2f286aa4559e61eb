"""What lies in memory at the fullest moment of a step."""

from __future__ import annotations

import dataclasses

from kzoo.memory.fusion import Unit
from kzoo.memory.program import Program


@dataclasses.dataclass(frozen=True)
class Peak:
    """The fullest moment.

    Args:
        size: Bytes.
        results: What lies in memory then, by number.
        unit: The number of the unit that is being computed.
    """

    size: int
    results: tuple[int, ...]
    unit: int


def peak_of(program: Program, units: list[Unit]) -> Peak:
    """Goes through a step in an order that frees memory as early as possible, as compilers choose it.

    Of what can be done next, whatever leaves less memory taken than before is done at once; otherwise the step's own
    order holds.

    Args:
        program: The step.
        units: Its units.
    """
    size = [each.size for each in program.results]
    left: dict[int, int] = {}
    maker = {number: index for index, unit in enumerate(units) for number in unit.writes}
    waiting, dependents = [], [[] for _ in units]
    for index, unit in enumerate(units):
        for number in unit.reads:
            left[number] = left.get(number, 0) + 1
        before = {maker[number] for number in unit.reads if number in maker}
        for each in before:
            dependents[each].append(index)
        waiting.append(len(before))
    kept = program.outputs
    ready = [index for index, count in enumerate(waiting) if not count]

    def freed(unit: Unit) -> int:
        return sum(size[number] for number in unit.reads if left[number] == 1 and number not in kept)

    live: dict[int, None] = {}
    now, best = 0, Peak(0, (), 0)
    while ready:
        gains = [
            (sum(size[number] for number in units[index].writes) - freed(units[index]), index)
            for index in ready
        ]
        gain, index = min(gains)
        if gain > 0:
            index = min(ready)
        ready.remove(index)
        unit = units[index]
        dying = [number for number in unit.reads if left[number] == 1 and number not in kept]
        for number in unit.reads:
            left[number] -= 1
        new = sum(size[number] for number in unit.writes)
        if unit.in_place:
            for number in dying:
                if size[number] and size[number] == new:
                    dying.remove(number)
                    live.pop(number, None)
                    now -= size[number]
                    break
        now += new
        live.update(dict.fromkeys(unit.writes))
        if now > best.size:
            best = Peak(now, tuple(live), index)
        for number in (*dying, *(each for each in unit.writes if not left.get(each) and each not in kept)):
            if number in live:
                del live[number]
                now -= size[number]
        for each in dependents[index]:
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    return best
