"""Tensors in 8 bits a number: dynamic codes of blocks, each with a scale of its own (Dettmers et al. 2021)."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from keras import ops

_SMALLEST_SCALE = 1e-12


@functools.cache
def dynamic_map(signed: bool) -> np.ndarray:
    """The 256 numbers that codes stand for, sorted, from 0 or -1 to 1.

    The decade below 10^(e-6), e = 0 to 6, is cut into 2^e equal pieces, 2^(e+1) without a sign, whose middles these
    numbers are: relative precision where numbers are large, seven decades of range. 0 and 1 are added.
    """
    numbers = [0.0, 1.0]
    for exponent in range(7):
        edges = np.linspace(0.1, 1, 2 ** (exponent + (0 if signed else 1)) + 1)
        middles = (edges[1:] + edges[:-1]) / 2 * 10.0 ** (exponent - 6)
        numbers.extend(middles)
        if signed:
            numbers.extend(-middles)
    return np.sort(numbers).astype("float32")


def blocks_of(size: int, block_size: int) -> int:
    """How many blocks this many numbers are cut into; the last one may be shorter."""
    return -(-size // block_size)


def encoded(tensor: Any, block_size: int, signed: bool) -> tuple[Any, Any]:
    """A tensor as codes and scales.

    Args:
        tensor: A float tensor.
        block_size: How many numbers, in row-major order, share a scale.
        signed: Whether numbers below 0 can come.

    Returns:
        Codes, uint8 and shaped as the tensor, and float32 scales, one a block.
    """
    blocks = _in_blocks(tensor, block_size)
    scales = ops.max(ops.abs(blocks), axis=1, keepdims=True)
    floor = ops.cast(_SMALLEST_SCALE, scales.dtype)
    scales = ops.where(scales > floor, scales, floor * ops.ones_like(scales))
    codes = ops.reshape(_nearest(blocks / scales, signed), (-1,))[: math.prod(tensor.shape)]
    return ops.reshape(ops.cast(codes, "uint8"), tensor.shape), ops.cast(
        ops.reshape(scales, (-1,)), "float32"
    )


def _nearest(shares: Any, signed: bool) -> Any:
    """The codes of the numbers next to these, worked out from how the map is made: to search it takes much longer.

    Of two numbers that are as near, the code of the larger.
    """
    dtype = shares.dtype
    size, one = ops.abs(shares), 0 if signed else 1
    decade = ops.clip(ops.floor(ops.log(size) / math.log(10)) + 7, 0, 6)
    pieces = ops.round(ops.exp((decade + one) * math.log(2)))
    inside = (size * ops.exp((6 - decade) * math.log(10)) - 0.1) / 0.9 * pieces
    place = ops.maximum(pieces - one + ops.floor(inside), 0)  # among the numbers of this sign, from 1
    code = ops.cast(place * ops.sign(shares) + 127 if signed else place, "int32")
    code = ops.clip(code, 0, 255)
    # Between decades, and where a logarithm is rounded, the next one may be nearer.
    known = dynamic_map(signed).astype("float64")
    edges = np.concatenate([[-math.inf], (known[1:] + known[:-1]) / 2, [math.inf]])
    lower = ops.take(ops.convert_to_tensor(edges[:-1], dtype=dtype), code)
    upper = ops.take(ops.convert_to_tensor(edges[1:], dtype=dtype), code)
    return code + ops.cast(shares >= upper, "int32") - ops.cast(shares < lower, "int32")


def decoded(codes: Any, scales: Any, block_size: int, signed: bool, dtype: str) -> Any:
    """The tensor that codes and scales stand for.

    Args:
        codes: uint8.
        scales: float32, one a block.
        block_size: How many numbers share a scale.
        signed: Whether numbers below 0 can come.
        dtype: Of the result.
    """
    numbers = ops.take(ops.convert_to_tensor(dynamic_map(signed), dtype=dtype), ops.cast(codes, "int32"))
    blocks = _in_blocks(numbers, block_size) * ops.cast(scales, dtype)[:, None]
    return ops.reshape(ops.reshape(blocks, (-1,))[: math.prod(codes.shape)], codes.shape)


def _in_blocks(tensor: Any, block_size: int) -> Any:
    """The numbers of a tensor, a block a row, filled up with 0."""
    size = math.prod(tensor.shape)
    missing = blocks_of(size, block_size) * block_size - size
    flat = ops.reshape(tensor, (-1,))
    return ops.reshape(ops.pad(flat, (0, missing)) if missing else flat, (-1, block_size))
