"""How well a sequence is foretold."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.metrics.shapes import check_shapes, weighted, weights_of
from kzoo.metrics.streaming import Streaming

_SMALLEST = 1e-7  # keras.config.epsilon(), which Keras's own cross entropy keeps probabilities above


@keras.saving.register_keras_serializable("kzoo")
class Perplexity(Streaming):
    """Perplexity of a language model: e to the mean negative log-likelihood of the tokens; 1 is certainty.

    Args:
        from_logits: Whether predictions are logits; otherwise they are probabilities.
        ignore_class: A token that doesn't count, say padding; None for no such.
        name: Name of the metric.
        dtype: float64 to compute in it; float32 otherwise.

    Update it with token numbers, shape `(batch, …)`, and predictions of shape `(batch, …, vocabulary)`. Tokens outside
    the vocabulary are left out, and so is what Keras masks. Probabilities below 1e-7 count as that. `sample_weight`
    has the shape of the tokens, or only its first axes.

    The mean is taken over all tokens seen, however they were cut into batches: the mean of perplexities by batch is
    another number. The result is 1 before any data.

    Raises:
        ValueError: If the shapes don't go together.

    What differs: the same as `keras_hub.metrics.Perplexity`, whose `ignore_class` is `mask_token_id`, and
    `torchmetrics.text.Perplexity`, which takes logits only and calls it `ignore_index`.

    >>> from kzoo.metrics import Perplexity
    >>> metric = Perplexity()
    >>> metric.update_state([[0, 1]], [[[0.5, 0.5], [0.5, 0.5]]])
    >>> round(float(metric.result()), 4)
    2.0
    """

    def __init__(
        self, from_logits: bool = False, ignore_class: int | None = None, name="perplexity", dtype=None
    ):
        super().__init__(name=name, dtype=dtype)
        self.from_logits, self.ignore_class = bool(from_logits), ignore_class
        self._surprise, self._weight = self.running_sum("surprise"), self.running_sum("weight")

    def update_state(self, y_true, y_pred, sample_weight=None):
        tokens = ops.cast(ops.convert_to_tensor(y_true), "int32")
        scores = ops.cast(ops.convert_to_tensor(y_pred), self.state_dtype)
        if len(tokens.shape) == len(scores.shape) and tokens.shape[-1] == 1:
            tokens = ops.squeeze(tokens, -1)
        check_shapes(tokens, scores[..., 0])
        vocabulary = scores.shape[-1]
        known = ops.logical_and(tokens >= 0, tokens < vocabulary)
        if self.ignore_class is not None:
            known = ops.logical_and(known, tokens != self.ignore_class)
        weights = weights_of(sample_weight, tokens, self.state_dtype, y_pred)
        weights = ops.where(known, weights, ops.zeros_like(weights))
        # Left out by zeros, so that a logit of minus infinity elsewhere makes no 0 · ∞.
        here = ops.one_hot(ops.where(known, tokens, 0), vocabulary, dtype="bool")
        if self.from_logits:
            picked = ops.sum(ops.where(here, scores, ops.zeros_like(scores)), axis=-1)
            surprise = ops.logsumexp(scores, axis=-1) - picked
        else:
            picked = ops.sum(ops.where(here, scores, ops.zeros_like(scores)), axis=-1)
            surprise = -ops.log(ops.maximum(picked, _SMALLEST))
        self._surprise.add(ops.sum(weighted(surprise, weights)))
        self._weight.add(ops.sum(weights))

    def result(self):
        return ops.exp(ops.divide_no_nan(self._surprise.value(), self._weight.value()))

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits, "ignore_class": self.ignore_class}
