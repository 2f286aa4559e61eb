"""What a loss on embeddings looks at: which rows of a batch belong together, and how far apart all of them are."""

from __future__ import annotations

from typing import Any

from keras import ops

from kzoo.losses.precision import at_least_float32

_SHORTEST = 1e-12  # rows that are shorter have no direction
_NOTHING = -1e30  # the logarithm of an empty sum, as a number that is still finite after adding to it


def labels_and_embeddings(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Labels as one column or as one-hot rows, and embeddings that bear squaring.

    Args:
        y_true: Class numbers `(batch,)` or `(batch, 1)`, or rows `(batch, classes)` with a 1 for each label.
        y_pred: Embeddings `(batch, dim)`.

    Raises:
        ValueError: If those aren't the shapes.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    known = y_true.shape[:1] + y_pred.shape[:1]
    if (
        len(y_pred.shape) != 2
        or len(y_true.shape) not in (1, 2)
        or (None not in known and known[0] != known[1])
    ):
        raise ValueError(
            "Expected labels (batch,), (batch, 1) or one-hot (batch, classes), and embeddings (batch, dim). "
            f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )
    if len(y_true.shape) == 1:
        y_true = ops.expand_dims(y_true, -1)
    return y_true, *at_least_float32(y_pred)


def positives_and_negatives(labels: Any) -> tuple[Any, Any]:
    """Which pairs of two different rows have a label in common, and which have none; each `(batch, batch)` of bool."""
    if labels.shape[-1] == 1:
        same = labels == ops.transpose(labels)
    else:
        same = ops.matmul(labels, ops.transpose(labels)) > 0
    return ops.logical_and(same, ~itself(labels)), ~same


def itself(rows: Any) -> Any:
    """The pairs of a row with itself, `(batch, batch)` of bool."""
    return ops.eye(ops.shape(rows)[0], dtype="bool")


def unit_rows(embeddings: Any) -> Any:
    """Rows of length 1. A row of zeros stays one, and no gradient flows into it."""
    square = ops.sum(ops.square(embeddings), axis=-1, keepdims=True)
    directed = square > _SHORTEST**2
    length = ops.sqrt(ops.where(directed, square, ops.ones_like(square)))
    return ops.where(directed, embeddings / length, ops.zeros_like(embeddings))


def cosines(embeddings: Any) -> Any:
    """The cosine between any two rows, `(batch, batch)`."""
    unit = unit_rows(embeddings)
    return ops.matmul(unit, ops.transpose(unit))


def squared_distances(embeddings: Any) -> Any:
    """The squared Euclidean distance between any two rows, `(batch, batch)`, with memory for just that.

    It is as exact as the backend multiplies matrices: of short distances between long rows, digits are lost.
    """
    # Distances are the same around the mean, and rounding errors grow with the rows' lengths.
    centred = embeddings - ops.stop_gradient(ops.mean(embeddings, axis=0, keepdims=True))
    products = ops.matmul(centred, ops.transpose(centred))
    # Lengths from the same products: rows that are equal are then at a distance of 0, not of a rounding error.
    square = ops.diagonal(products)
    return ops.maximum(square[:, None] + square[None, :] - 2 * products, 0)


def distances(embeddings: Any) -> Any:
    """The Euclidean distance between any two rows, `(batch, batch)`; without a slope where it is 0."""
    square = squared_distances(embeddings)
    apart = square > 0
    return ops.where(apart, ops.sqrt(ops.where(apart, square, ops.ones_like(square))), ops.zeros_like(square))


def masked_logsumexp(values: Any, mask: Any) -> Any:
    """The logarithm of the sum of exponentials of those in each row that the mask has; -1e30 where it has none."""
    return ops.logsumexp(ops.where(mask, values, _NOTHING * ops.ones_like(values)), axis=1)


def shares(terms: Any, counted: Any) -> Any:
    """Each row's part of the mean over the terms that count: the mean over the batch of these parts is that mean.

    Args:
        terms: Losses of anchors `(batch,)`, pairs `(batch, batch)` or triplets `(batch, batch, batch)`, all finite.
        counted: Which of them count, of the same shape. Where none does, all parts are 0.
    """
    counted = ops.cast(counted, terms.dtype)
    batch = ops.cast(ops.shape(terms)[0], terms.dtype)
    weighted = terms * counted * (batch / ops.maximum(ops.sum(counted), 1))
    return ops.sum(weighted, axis=tuple(range(1, len(terms.shape)))) if len(terms.shape) > 1 else weighted
