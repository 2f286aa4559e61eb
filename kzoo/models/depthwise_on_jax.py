"""Depthwise convolution on JAX: on a CPU as sums of shifted pictures, which XLA makes fast loops of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
from jax import lax
from jax import numpy as jnp


class Window(NamedTuple):
    """How a kernel moves over pictures; each pair is of height and width."""

    strides: tuple[int, int]
    dilation: tuple[int, int]
    padding: str


@partial(jax.jit, static_argnums=2)
def depthwise_conv(pictures: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """Each channel with a kernel of its own.

    On a CPU, XLA's convolution takes a depthwise kernel number by number, and the gradient of one as that of a dense
    kernel. It has no derivative in forward mode.

    Args:
        pictures: `(batch, height, width, channels)`.
        kernel: `(height, width, channels, 1)`.
        window: How the kernel moves.
    """
    return _depthwise_conv(pictures, kernel, window)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _depthwise_conv(pictures: Any, kernel: Any, window: Window) -> Any:
    shifted, native = partial(_shifted, window=window), partial(_native, window=window)
    return lax.platform_dependent(pictures, kernel, cpu=shifted, default=native)


def _forward(pictures: Any, kernel: Any, window: Window) -> tuple[Any, tuple[Any, Any]]:
    return _depthwise_conv(pictures, kernel, window), (pictures, kernel)


def _backward(window: Window, kept: tuple[Any, Any], gradient: Any) -> tuple[Any, Any]:
    shifted, native = partial(_shifted_gradients, window=window), partial(_native_gradients, window=window)
    return lax.platform_dependent(*kept, gradient, cpu=shifted, default=native)


_depthwise_conv.defvjp(_forward, _backward)


def _native(pictures: Any, kernel: Any, window: Window) -> Any:
    height, width, channels, _ = kernel.shape
    return lax.conv_general_dilated(
        pictures,
        kernel.reshape(height, width, 1, channels),
        window.strides,
        window.padding.upper(),
        rhs_dilation=window.dilation,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=channels,
    )


def _native_gradients(pictures: Any, kernel: Any, gradient: Any, window: Window) -> tuple[Any, Any]:
    return jax.vjp(partial(_native, window=window), pictures, kernel)[1](gradient)


def _shifted(pictures: Any, kernel: Any, window: Window) -> Any:
    return _sum_of_shifts(_padded(pictures, kernel, window), kernel, window.strides, window.dilation)


def _shifted_gradients(pictures: Any, kernel: Any, gradient: Any, window: Window) -> tuple[Any, Any]:
    return (
        _gradient_of_pictures(pictures, kernel, gradient, window),
        _gradient_of_kernel(pictures, kernel, gradient, window),
    )


def _gradient_of_pictures(pictures: Any, kernel: Any, gradient: Any, window: Window) -> Any:
    """The gradient, its places as far apart as the window's steps, under the kernel turned round."""
    around = []
    sides = zip(
        pictures.shape[1:3],
        gradient.shape[1:3],
        window.strides,
        _reaches(kernel, window.dilation),
        _padding(pictures, kernel, window),
        strict=True,
    )
    for size, results, stride, reach, (before, _) in sides:
        spread = (results - 1) * stride + 1
        around.append((reach - before, size + before - spread, stride - 1))
    zero = jnp.zeros((), gradient.dtype)
    spread_out = lax.pad(gradient, zero, [(0, 0, 0), *around, (0, 0, 0)])
    return _sum_of_shifts(spread_out, kernel[::-1, ::-1], (1, 1), window.dilation)


def _gradient_of_kernel(pictures: Any, kernel: Any, gradient: Any, window: Window) -> Any:
    """For each shift the sum of products over batch and places.

    Rows are added one by one, which XLA does for many channels at a time; a reduction goes number by number. A loop
    over the shifts, rather than as many copies of it, keeps XLA from working out the gradient again in each of them.
    """
    dtype = _dtype_of_sums(gradient)
    padded = _padded(pictures, kernel, window)
    batch, height, width, channels = gradient.shape
    seen = (batch, (height - 1) * window.strides[0] + 1, (width - 1) * window.strides[1] + 1, channels)

    def rows_of(place: Any) -> Any:
        part = lax.dynamic_slice(padded, (0, *place, 0), seen)
        shifted = part[:, :: window.strides[0], :: window.strides[1]]
        return sum(shifted[:, row].astype(dtype) * gradient[:, row].astype(dtype) for row in range(height))

    places = jnp.array(list(_places(kernel, window.dilation)))
    return lax.map(rows_of, places).sum((1, 2)).reshape(kernel.shape).astype(kernel.dtype)


def _sum_of_shifts(padded: Any, kernel: Any, strides: tuple[int, int], dilation: tuple[int, int]) -> Any:
    dtype = _dtype_of_sums(padded)
    weights = kernel.reshape(-1, kernel.shape[2]).astype(dtype)
    shifts = _shifts(padded, kernel, strides, dilation)
    total = sum(shifted.astype(dtype) * weight for shifted, weight in zip(shifts, weights, strict=True))
    return total.astype(padded.dtype)


def _shifts(padded: Any, kernel: Any, strides: tuple[int, int], dilation: tuple[int, int]) -> Iterator[Any]:
    """What each place of the kernel sees of the pictures."""
    high, wide = (
        (size - reach - 1) // stride * stride + 1
        for size, reach, stride in zip(padded.shape[1:3], _reaches(kernel, dilation), strides, strict=True)
    )
    for row, column in _places(kernel, dilation):
        yield padded[:, row : row + high : strides[0], column : column + wide : strides[1]]


def _places(kernel: Any, dilation: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The first row and column that each place of the kernel sees."""
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            yield row * dilation[0], column * dilation[1]


def _padded(pictures: Any, kernel: Any, window: Window) -> Any:
    return jnp.pad(pictures, [(0, 0), *_padding(pictures, kernel, window), (0, 0)])


def _padding(pictures: Any, kernel: Any, window: Window) -> list[tuple[int, int]]:
    """Rows and columns of zeros before and behind, as TensorFlow and Keras count them."""
    if window.padding == "valid":
        return [(0, 0), (0, 0)]
    missing = [
        max(-(-size // stride) * stride - stride + reach + 1 - size, 0)
        for size, stride, reach in zip(
            pictures.shape[1:3], window.strides, _reaches(kernel, window.dilation), strict=True
        )
    ]
    return [(each // 2, each - each // 2) for each in missing]


def _reaches(kernel: Any, dilation: tuple[int, int]) -> list[int]:
    return [(size - 1) * step for size, step in zip(kernel.shape[:2], dilation, strict=True)]


def _dtype_of_sums(tensor: Any) -> Any:
    """Half precision is added up in single precision, as convolutions do."""
    return jnp.promote_types(tensor.dtype, jnp.float32)
