"""Sequence labelling without alignment."""

from __future__ import annotations

import keras
from keras import ops
from keras.src.backend import get_keras_mask  # not exported by Keras

from kzoo.losses.loss import Loss
from kzoo.losses.precision import at_least_float32

_NEVER = -1e30  # the logarithm of what can't be: sums and differences of it stay numbers


@keras.saving.register_keras_serializable("kzoo")
class CTC(Loss):
    """Connectionist temporal classification, from logits: -ln of the sum over all alignments (Graves et al. 2006).

    An alignment gives each time step a label or the blank, such that what is left after merging repetitions and
    dropping blanks is the target.

    Args:
        blank: The class number of the blank; negative ones count from the end: -1 is the last.
        padding: What the targets are filled up with behind their labels; no label has this number. It may be that of
            the blank.
        zero_infinity: Whether a target that no alignment gives, being too long for its logits, costs 0 and has no
            gradient; else it costs infinity.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default. Targets pass through it: bfloat16 holds class
            numbers up to 256 only, float16 up to 2,048.

    Call it with targets of class numbers, `(batch, labels)`, and logits, `(batch, time, classes)`. One number a
    sequence, then reduced. How long a sequence of logits is says its Keras mask, as a `Masking` or `Embedding` layer
    makes it and recurrent layers hand it on: steps outside it are skipped. Without a mask all steps count. A target
    without any label is fine.

    Raises:
        ValueError: If the shapes aren't those, or `blank` isn't a class.

    Paper: Graves et al. 2006, Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with
    Recurrent Neural Networks.

    What differs: `torch.nn.CTCLoss` takes log-probabilities with time first, lengths as arguments, divides each loss by
    the length of its target before the mean, and is infinite by default where this is 0. `keras.losses.CTC` has blank
    and padding 0 fixed and takes every sequence of logits at full length; on TensorFlow it computes in float32 at most.

    >>> from kzoo.losses import CTC
    >>> round(float(CTC()([[1, -1]], [[[0.0, 0.0], [0.0, 0.0]]])), 4)  # three of four: 1-, -1, 11
    0.2877
    """

    from_logits = True

    def __init__(
        self,
        blank: int = 0,
        padding: int = -1,
        zero_infinity: bool = True,
        reduction="sum_over_batch_size",
        name="ctc",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.blank, self.padding, self.zero_infinity = int(blank), int(padding), bool(zero_infinity)

    def __call__(self, y_true, y_pred, sample_weight=None):
        mask = get_keras_mask(y_pred)
        if mask is not None:
            # Keras would multiply the losses, one a sequence, by the mask, which has one a step.
            y_true, y_pred = {"labels": y_true, "steps": mask}, ops.convert_to_tensor(y_pred) + 0
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        labels, steps = (y_true["labels"], y_true["steps"]) if isinstance(y_true, dict) else (y_true, None)
        labels, (logits,) = ops.convert_to_tensor(labels), at_least_float32(ops.convert_to_tensor(y_pred))
        if len(labels.shape) != 2 or len(logits.shape) != 3:
            raise ValueError(
                "Expected targets (batch, labels) and logits (batch, time, classes). Received: "
                f"y_true.shape={labels.shape}, y_pred.shape={logits.shape}"
            )
        classes = logits.shape[-1]
        if not -classes <= self.blank < classes:
            raise ValueError(f"`blank` must be one of {classes} classes. Received: blank={self.blank}")
        steps = ops.ones_like(logits[..., 0]) if steps is None else steps
        loss = _negative_log_likelihood(
            ops.cast(labels, "int32"), logits, ops.cast(steps, "bool"), self.blank % classes, self.padding
        )
        never = loss > -_NEVER / 2
        return ops.where(never, ops.full_like(loss, 0.0 if self.zero_infinity else float("inf")), loss)


def _negative_log_likelihood(labels, logits, steps, blank, padding):
    """One number a sequence, above 1e29 where there is no alignment."""
    real = labels != padding
    states = _states(ops.where(real, labels, ops.full_like(labels, blank)), blank)
    # A state is also reached from two before it, unless there is a blank or a repetition to be told apart.
    skips = ops.logical_and(states != blank, states != _shifted(states, 2, blank))
    places = ops.broadcast_to(states[:, None], (*ops.shape(logits)[:2], ops.shape(states)[1]))
    scores = ops.take_along_axis(ops.log_softmax(logits, axis=-1), places, axis=-1)
    # It ends on the last label or on the blank behind it.
    last = 2 * ops.sum(ops.cast(real, "int32"), axis=-1, keepdims=True)
    place = ops.arange(ops.shape(states)[1])
    ends = ops.logical_or(place == last, place == last - 1)
    likelihood, share = _shares(ops.stop_gradient(scores), steps, skips, ends)
    # The slope of the likelihood by a score is its state's share: no gradient has to flow through the recursions.
    slope = ops.sum(share * (scores - ops.stop_gradient(scores)), axis=(1, 2))
    return -likelihood - slope


def _states(labels, blank):
    """Blank, label, blank, label, …, blank."""
    filler = ops.full((ops.shape(labels)[0], 1), blank, dtype=labels.dtype)
    labels = ops.concatenate([labels, filler], axis=1)
    both = ops.stack([ops.full_like(labels, blank), labels], axis=-1)
    return ops.reshape(both, (-1, 2 * ops.shape(labels)[1]))[:, :-1]


def _shares(scores, steps, skips, ends):
    """The log-likelihood, and how much of it goes through each state at each step: forward and backward recursion."""
    never = ops.full_like(scores[:, 0], _NEVER)

    def forward(reached, now):
        score, counts = now
        skipping = ops.where(skips, _shifted(reached, 2, _NEVER), never)
        ways = ops.stack([reached, _shifted(reached, 1, _NEVER), skipping], axis=-1)
        after = ops.maximum(score + ops.logsumexp(ways, axis=-1), never)
        after = ops.where(counts[:, None], after, reached)
        return after, after

    def backward(left, now):
        score, counts = now
        after = left + score
        skipping = _shifted(ops.where(skips, after, never), -2, _NEVER)
        ways = ops.stack([after, _shifted(after, -1, _NEVER), skipping], axis=-1)
        before = ops.maximum(ops.logsumexp(ways, axis=-1), never)
        return ops.where(counts[:, None], before, left), left

    by_time = ops.transpose(scores, (1, 0, 2)), ops.transpose(steps, (1, 0))
    # Before the first step it stands on the first blank, from which it also gets to the first label.
    start = ops.where(ops.arange(ops.shape(never)[1]) == 0, ops.zeros_like(never), never)
    final = ops.where(ends, ops.zeros_like(never), never)
    last, reached = ops.scan(forward, start, by_time)
    _, left = ops.scan(backward, final, by_time, reverse=True)
    likelihood = ops.logsumexp(ops.maximum(last + final, never), axis=-1)
    share = ops.exp(ops.minimum(reached + left - likelihood[:, None], 0))
    return likelihood, ops.transpose(share, (1, 0, 2)) * ops.cast(steps, scores.dtype)[..., None]


def _shifted(states, by, filler):
    """Each place taken by what stands so many before it, or behind it where that is negative."""
    fill = ops.full_like(states[:, : abs(by)], filler)
    if by > 0:
        return ops.concatenate([fill, states[:, :-by]], axis=1)
    return ops.concatenate([states[:, -by:], fill], axis=1)
