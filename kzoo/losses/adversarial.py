"""Losses of generative adversarial networks, for the critic and for the generator."""

from __future__ import annotations

import keras
from keras import ops

from kzoo.losses.loss import Loss
from kzoo.losses.precision import at_least_float32
from kzoo.losses.shapes import same_rank


@keras.saving.register_keras_serializable("kzoo")
class Wasserstein(Loss):
    """Scores of real data up, of generated data down: the loss of a Wasserstein critic (Arjovsky et al. 2017).

    -score where the target is 1, +score where it is 0 or -1. The critic is given real data with 1 and generated data
    with 0; the generator is trained through the critic with 1 for what it generated.

    Args:
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets, above 0 for what should count as real, and scores, which have no activation, both of shape
    `(batch, …)`; it averages over the last axis, then reduces. With both sorts in equal number in a batch the mean is
    half of E[generated] - E[real].

    Paper: Arjovsky, Chintala and Bottou 2017, Wasserstein GAN, arXiv:1701.07875.

    What differs: it keeps no critic from growing without bound: clip its weights, penalize its gradients or put
    `SpectralNormalization` around its layers. Usual code takes the mean of real and of generated data apart and adds
    the two: twice this.

    >>> from kzoo.losses import Wasserstein
    >>> float(Wasserstein(reduction="sum")([[1.0], [0.0]], [[3.0], [-2.0]]))
    -5.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="wasserstein", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return ops.mean(-_towards_real(y_true, y_pred), axis=-1)


@keras.saving.register_keras_serializable("kzoo")
class HingeGAN(Loss):
    """Scores of real data above 1, of generated data below -1: the hinge loss of GANs (Lim and Ye 2017).

    For the critic max(0, 1 - score) where the target is 1 and max(0, 1 + score) where it is 0 or -1; for the generator
    -score, with 1 as the target of what it generated.

    Args:
        generator: Whether it is the loss of the generator.
        reduction: How the losses of a batch become one number, as in every Keras loss.
        name: Name of the loss.
        dtype: What it computes in; `keras.config.floatx()` by default.

    Call it with targets, above 0 for what should count as real, and scores, which have no activation, both of shape
    `(batch, …)`; it averages over the last axis, then reduces.

    Paper: Lim and Ye 2017, Geometric GAN, arXiv:1705.02894; Miyato et al. 2018, Spectral Normalization for Generative
    Adversarial Networks, arXiv:1802.05957.

    What differs: for the critic it is `keras.losses.Hinge`, but a batch that is all real isn't taken for 0 and 1.

    >>> from kzoo.losses import HingeGAN
    >>> float(HingeGAN()([[1.0], [0.0]], [[0.5], [-3.0]]))
    0.25
    >>> float(HingeGAN(generator=True)([[1.0]], [[-3.0]]))
    3.0
    """

    def __init__(
        self, generator: bool = False, reduction="sum_over_batch_size", name="hinge_gan", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.generator = bool(generator)

    def call(self, y_true, y_pred):
        towards = _towards_real(y_true, y_pred)
        return ops.mean(-towards if self.generator else ops.relu(1 - towards), axis=-1)


def _towards_real(y_true, y_pred):
    """The score where it should be high, minus it where it should be low."""
    y_true, score = at_least_float32(*same_rank(y_true, y_pred))
    return ops.where(y_true > 0, score, -score)
