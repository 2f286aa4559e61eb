"""The orthogonal factor of a matrix, by Newton-Schulz iteration."""

from __future__ import annotations

from typing import Any

from keras import ops

from kzoo.optimizers.exact import larger
from kzoo.optimizers.trust_ratio import norm

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Any, steps: int, epsilon: float) -> Any:
    """A matrix with the same singular vectors and singular values near 1: from .7 to 1.2 after five steps.

    Args:
        matrix: A matrix.
        steps: How many iterations.
        epsilon: What its norm counts as at least.
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = ops.transpose(matrix) if tall else matrix
    matrix = matrix / larger(norm(matrix), epsilon)
    # Operators: `ops.matmul` rounds float64 to float32 on PyTorch.
    for _ in range(steps):
        gram = matrix @ ops.transpose(matrix)
        matrix = a * matrix + (b * gram + c * (gram @ gram)) @ matrix
    return ops.transpose(matrix) if tall else matrix
