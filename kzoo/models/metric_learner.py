"""An encoder whose outputs are embeddings, and what teaches it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kzoo.losses.pair_matrices import unit_rows
from kzoo.losses.precision import at_least_float32


def metric_learner(input_shape, num_classes: int, encoder, head=None, dim: int = 64, normalize: bool = False):
    """A model from inputs to embeddings that is trained by a head with weights of its own, or by a loss on embeddings.

    The encoder's features, a dense layer to the size of the embedding, and, if wanted, normalization. Labels reach the
    head as `fit`'s targets: `predict` gives embeddings and needs none.

    Args:
        input_shape: Shape of one input, say `(28, 28, 1)`.
        num_classes: How many classes the labels have; a head given by name is told.
        encoder: A `keras.Model` with one output `(batch, features)`. In recipes, `kzoo.get` and `kzoo.create_model` the
            name of a model, a mapping with a name and arguments, or a mapping `{"layers": […]}`.
        head: A layer with a loss, such as `kzoo.layers.ArcFace(num_classes)`; by name where encoders are. None where
            the loss is given to `compile`, as in `compile(loss="triplet_semi_hard")`; with both they add up.
        dim: How many numbers an embedding has; 0 for the encoder's features as they are.
        normalize: Whether embeddings are brought to length 1. The heads, and most losses on embeddings, do that by
            themselves.

    Returns:
        A `MetricLearner` from `(batch, *input_shape)` to embeddings `(batch, dim)`.

    Raises:
        ValueError: If encoder or head aren't that, or don't go with the input or the classes.

    >>> import kzoo
    >>> encoder = {"name": "mlp", "hidden": [32]}
    >>> model = kzoo.create_model("metric_learner", 10, (8, 8, 1), encoder=encoder, head="arc_face", dim=16)
    >>> model.output_shape, model.count_params()  # 64·32 + 32 + 32·16 + 16, and 10·16 of the head
    ((None, 16), 2768)
    """
    if not isinstance(encoder, keras.Model):
        raise ValueError(f"`encoder` must be a model. Received: {encoder!r}")
    if [len(each.shape) for each in encoder.outputs or ()] != [2]:
        raise ValueError(f"`encoder` must have one output, (batch, features). Received: {encoder.outputs}")
    taken = [tuple(each.shape[1:]) for each in encoder.inputs]
    if taken != [tuple(input_shape)]:
        raise ValueError(
            f"`encoder` must take inputs of shape {tuple(input_shape)}. Received: inputs of {taken}"
        )
    known = getattr(head, "num_classes", num_classes)
    if head is not None and (not hasattr(head, "losses_of") or known < num_classes):
        raise ValueError(
            f"`head` must be a layer with a loss, such as arc_face, for {num_classes} classes. Received: {head!r}"
        )
    x = encoder.outputs[0]
    if dim:
        x = keras.layers.Dense(dim, name="embedding")(x)
    if normalize:
        x = UnitRows(name="unit")(x)
    return MetricLearner(encoder.inputs[0], x, head=head, name="metric_learner")


@keras.saving.register_keras_serializable("kzoo")
class UnitRows(keras.layers.Layer):
    """Rows of length 1. A row of zeros stays one: on JAX Keras's UnitNormalization has no slope there."""

    def call(self, inputs):
        return ops.cast(unit_rows(*at_least_float32(inputs)), inputs.dtype)


@keras.saving.register_keras_serializable("kzoo")
class MetricLearner(keras.Model):
    """A model whose outputs are embeddings, and a head that says what they cost.

    Args:
        inputs: Inputs of the encoder.
        outputs: The embeddings, `(batch, dim)`.
        head: One of `kzoo.layers`' losses with weights, such as `ArcFace`; None for none.
        name: Name of the model.
    """

    def __init__(self, inputs: Any, outputs: Any, head: Any = None, name: str | None = None):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.head = head
        if head is not None and not head.built:
            head.build(outputs.shape)
            head.built = True

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if self.head is None:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        loss = _LossOfHead(self.head, training)(y, y_pred, sample_weight)
        if self.loss is None and not self.losses:
            return loss
        return loss + super().compute_loss(x, y, y_pred, sample_weight, training)

    def class_logits(self, embeddings: Any) -> Any:
        """Which of the head's classes embeddings are nearest to, `(batch, num_classes)`.

        Raises:
            ValueError: If there is no head.
        """
        if self.head is None:
            raise ValueError("A metric learner without a head knows no classes: compare its embeddings.")
        return self.head.logits(embeddings)

    def get_config(self):
        encoder = keras.Model(self.inputs[0], self.outputs[0], name="encoder")
        return {
            "name": self.name,
            "encoder": keras.saving.serialize_keras_object(encoder),
            "head": keras.saving.serialize_keras_object(self.head),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        encoder, head = (
            keras.saving.deserialize_keras_object(config[each], custom_objects=custom_objects)
            for each in ("encoder", "head")
        )
        return cls(encoder.inputs[0], encoder.outputs[0], head=head, name=config["name"])


class _LossOfHead(keras.losses.Loss):
    """A head's losses, reduced and weighted as Keras does it for every loss."""

    def __init__(self, head: Any, training: bool):
        super().__init__(name="head", dtype="float64" if head.variable_dtype == "float64" else "float32")
        self.head, self.training = head, training

    def call(self, y_true, y_pred):
        return self.head.losses_of(y_true, y_pred, training=self.training)
