"""A traced step as plain data: operations, and the results that they hand on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from kzoo.memory.operations import COSTLY, Sort, sort_of

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
_TAPE = "gradient_tape/"
# TensorFlow works these slopes out from what the activation gave; XLA and JAX from what it was given, which the step
# then keeps. Where that is a normalization's output nothing is kept for it: it follows from what went in there.
_OF_OUTPUTS = frozenset(("ReluGrad", "Relu6Grad", "EluGrad", "SeluGrad"))


@dataclasses.dataclass(slots=True)
class Result:
    """A tensor.

    Args:
        size: Bytes; 0 where it lies in the batch or in a variable, which are there all the time.
        count: How many numbers it has.
        copied: Bytes of a copy.
        held: Whether it is part of the batch or of a variable.
        variable: Whether it is (part of) a variable, or a variable in another type of number.
    """

    size: int
    count: int
    copied: int = 0
    held: bool = False
    variable: bool = False


@dataclasses.dataclass(slots=True)
class Operation:
    """One operation.

    Args:
        name: Where it comes from: the layers' names, then its own.
        sort: What it does to memory.
        costly: Whether computing it twice costs more than keeping it.
        phase: `forward`, `backward` or `update`.
        operands: The results that it reads, by number.
        results: The results that it makes, by number.
        target: The variable that it writes, by the number of what it held before; None if that was never read.
    """

    name: str
    sort: Sort
    costly: bool
    phase: str
    operands: tuple[int, ...]
    results: tuple[int, ...]
    target: int | None = None


@dataclasses.dataclass
class Program:
    """A step.

    Args:
        results: All results; operations name them by their place here.
        operations: What is done, in an order that is possible.
        outputs: The results that are wanted at the end.
    """

    results: list[Result]
    operations: list[Operation]
    outputs: set[int]


def read(graph: Any, updates: Iterable[range], batch: Iterable[Any], wanted: Iterable[Any]) -> Program:
    """Reads the operations of a step from a TensorFlow graph, and leaves out those that nothing needs.

    Args:
        graph: The graph.
        updates: The numbers of the operations that are the optimizer's.
        batch: The tensors of the batch.
        wanted: The tensors that are the step's outputs.
    """
    reader = _Reader()
    for tensor in batch:
        reader.number[id(tensor.op), tensor.value_index] = reader.add(0, math.prod(tensor.shape), held=True)
    update = {number for each in updates for number in each}
    phase = FORWARD
    for number, op in enumerate(graph.get_operations()):
        if number in update:
            phase = UPDATE
        elif _TAPE in op.name:
            phase = BACKWARD
        elif phase == UPDATE:
            phase = FORWARD
        reader.take(op, phase)
    outputs = {reader.of(tensor) for tensor in wanted} - {None}
    return Program(reader.results, _needed(reader.operations, outputs), outputs)


def _needed(operations: list[Operation], outputs: set[int]) -> list[Operation]:
    needed, kept = set(outputs), []
    for each in reversed(operations):
        if each.sort is Sort.WRITE or needed.intersection(each.results):
            needed.update(each.operands)
            kept.append(each)
    return kept[::-1]


class _Reader:
    def __init__(self) -> None:
        self.results: list[Result] = []
        self.operations: list[Operation] = []
        self.number: dict[tuple[int, int], int] = {}
        self.written: dict[int, int] = {}  # of a variable: what says that it was written
        self.variables: dict[int, int] = {}
        self.same: dict[
            tuple[str, tuple[int, ...]], int
        ] = {}  # costly results: asked for twice, computed once

    def add(self, size: int, count: int, **more: Any) -> int:
        self.results.append(Result(size, count, **more))
        return len(self.results) - 1

    def of(self, tensor: Any) -> int | None:
        """The number of a tensor's result; None where it takes no memory."""
        return self.number.get((id(tensor.op), tensor.value_index))

    def take(self, op: Any, phase: str) -> None:
        inputs, outputs = op.inputs, op.outputs
        known = [self.of(each) for each in inputs]
        if op.type in _OF_OUTPUTS and known[1] is not None and inputs[1].op.inputs:
            known[1] = self.of(inputs[1].op.inputs[0])
        operands = tuple(each for each in known if each is not None)
        counts = [_count(each) for each in outputs]
        largest = max((self.results[each].count for each in operands), default=0)
        sort = sort_of(op.type, len(outputs) == 1 and counts[0] is not None and counts[0] == largest)
        if sort is Sort.NOTHING or (op.type in ("Tile", "Fill") and not operands):
            return
        if op.type == "ReadVariableOp":
            self._read_variable(op)
        elif sort is Sort.ALIAS:
            for index, tensor in enumerate(outputs):
                if known[index] is not None:
                    self.number[id(op), index] = known[index]
                    self._size_from(known[index], tensor)
        elif sort is Sort.WRITE:
            done = self.add(0, 0)
            self.written[id(inputs[0].op)] = done
            if operands:
                self.results[done].count = max(self.results[each].count for each in operands)
            target = self.variables.get(id(inputs[0].op))
            self._append(op, sort, phase, operands, (done,), target)
        elif self._seen(op, operands) is not None:
            self.number[id(op), 0] = self._seen(op, operands)
        elif op.type in ("Softmax", "LogSoftmax"):
            self._softmax(op, phase, operands[0])
        else:
            if op.type in ("Erf", "Erfc"):
                operands = (*operands, self._bell(op, phase, operands))
            copied = op.type == "Cast" and operands and self.results[operands[0]].variable
            results = []
            for index, tensor in enumerate(outputs):
                number = self.add((counts[index] or 0) * max(tensor.dtype.size or 0, 0), counts[index] or 0)
                self.results[number].variable = bool(copied)
                self.number[id(op), index] = number
                results.append(number)
            if op.type in COSTLY:
                self.same[op.type, operands] = results[0]
            self._append(op, sort, phase, operands, tuple(results))

    def _seen(self, op: Any, operands: tuple[int, ...]) -> int | None:
        """The result of a costly operation that was done before, on the same operands."""
        key: tuple[str, tuple[int, ...]] = op.type, operands
        if (
            op.type == "Exp"
            and op.inputs[0].op.type == "Neg"
            and op.inputs[0].op.inputs[0].op.type == "Square"
        ):
            key = "bell", (self.of(op.inputs[0].op.inputs[0].op.inputs[0]) or -1,)
        return self.same.get(key) if op.type in COSTLY else None

    def _bell(self, op: Any, phase: str, operands: tuple[int, ...]) -> int:
        """exp(-x²), of which the error function is made, and its slope too."""
        of = self.results[operands[0]]
        self.same["bell", operands] = self.add(of.size, of.count)
        made = self.same["bell", operands]
        self.operations.append(Operation(f"{op.name}/exp", Sort.POINTWISE, True, phase, operands, (made,)))
        return made

    def _softmax(self, op: Any, phase: str, x: int) -> None:
        """Exponentials, their sum, and their shares of it."""
        size, count, rows = self.results[x].size, self.results[x].count, math.prod(op.outputs[0].shape[:-1])
        thin = rows * op.outputs[0].dtype.size
        top, powers, total, shares = (self.add(*each) for each in ((thin, rows), (size, count)) * 2)
        steps = (
            (Sort.REDUCE, False, (x,), top),
            (Sort.POINTWISE, True, (x, top), powers),
            (Sort.REDUCE, False, (powers,), total),
            (Sort.POINTWISE, False, (powers, total), shares),
        )
        for sort, costly, operands, made in steps:
            self.operations.append(Operation(op.name, sort, costly, phase, operands, (made,)))
        self.number[id(op), 0] = shares

    def _append(
        self, op: Any, sort: Sort, phase: str, operands: Any, results: Any, target: int | None = None
    ) -> None:
        self.operations.append(Operation(op.name, sort, op.type in COSTLY, phase, operands, results, target))

    def _read_variable(self, op: Any) -> None:
        handle, tensor = id(op.inputs[0].op), op.outputs[0]
        if handle in self.written:
            written = self.results[self.written[handle]]
            written.held, written.count = True, _count(tensor) or 0
            self.number[id(op), 0] = self.written[handle]
            return
        if handle not in self.variables:
            count = _count(tensor) or 0
            size = count * tensor.dtype.size
            self.variables[handle] = self.add(0, count, copied=size, held=True, variable=True)
        self.number[id(op), 0] = self.variables[handle]

    def _size_from(self, number: int, tensor: Any) -> None:
        """A sum over axes that the gradient works out as it goes has no shape before it is given one."""
        count, result = _count(tensor), self.results[number]
        if count and not result.count and not result.held:
            result.count, result.size = count, count * tensor.dtype.size


def _count(tensor: Any) -> int | None:
    """How many numbers a tensor has; None where its shape isn't known."""
    dimensions = tensor.shape.dims
    if dimensions is None or any(each is None for each in tensor.shape):
        return None
    return math.prod(tensor.shape)
