"""What benchmarks/losses.py measures: sizes that people use, and who is nearest in Keras and PyTorch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import loss_inputs as made
import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.nn import functional

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of the benchmark.

    Args:
        name: The loss.
        inputs: Makes targets and predictions.
        keras: The nearest that Keras or TensorFlow has, called with targets and predictions.
        torch: The nearest of PyTorch's, called with predictions and targets.
        arguments: What ours is called with.
    """

    name: str
    inputs: Callable[[np.random.Generator], tuple[Array, Array]]
    keras: Callable | None = None
    torch: Callable | None = None
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict)


_K = keras.losses
_SPARSE = _K.SparseCategoricalCrossentropy(from_logits=True)
_ONE_HOT = _K.CategoricalCrossentropy(from_logits=True)
_BINARY = _K.BinaryCrossentropy(from_logits=True)
_BINARY_FOCAL = _K.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)
_DICE = _K.Dice(axis=[1, 2, 3])


def _tf_ssim(y_true, y_pred):
    return 1 - tf.reduce_mean(tf.image.ssim(y_true, y_pred, 1.0))


def _tf_ms_ssim(y_true, y_pred):
    return 1 - tf.reduce_mean(tf.image.ssim_multiscale(y_true, y_pred, 1.0))


def _tf_nt_xent(labels, rows):
    """Keras's cross-entropy over the cosines to all others: the same work, for two views of each example."""
    rows = tf.math.l2_normalize(rows, axis=1)
    logits = tf.matmul(rows, rows, transpose_b=True) / 0.07 - 1e9 * tf.eye(len(rows))
    return _SPARSE(tf.roll(tf.range(len(rows)), len(rows) // 2, 0), logits)


def _tf_ctc(labels, logits):
    lengths, times = tf.fill([len(labels)], labels.shape[1]), tf.fill([len(logits)], logits.shape[1])
    return tf.nn.ctc_loss(labels, logits, lengths, times, logits_time_major=False, blank_index=0)


def _answered(grades, logits):
    """Keras's cross-entropy of the answers to: is it above grade 0, above grade 1, …?"""
    return _BINARY(tf.cast(grades > tf.range(9, dtype=grades.dtype), logits.dtype), logits)


def _torch_nt_xent(rows, labels):
    rows = functional.normalize(rows)
    logits = rows @ rows.T / 0.07 - 1e9 * torch.eye(len(rows))
    return functional.cross_entropy(logits, torch.arange(len(rows)).roll(len(rows) // 2))


def _torch_gaussian(predictions, targets):
    half = targets.shape[-1]
    return functional.gaussian_nll_loss(predictions[:, :half], targets, predictions[:, half:])


def _torch_ctc(logits, labels):
    batch, time, _ = logits.shape
    log_p = logits.log_softmax(-1).transpose(0, 1)
    times, lengths = torch.full((batch,), time), torch.full((batch,), labels.shape[1])
    return functional.ctc_loss(log_p, labels, times, lengths, reduction="none")


def _torch_distillation(student, teacher):
    return 4 * functional.kl_div(
        (student / 2).log_softmax(-1), (teacher / 2).softmax(-1), reduction="batchmean"
    )


def _torch_margin(predictions, targets):
    return functional.margin_ranking_loss(predictions[:, 0], predictions[:, 1], targets, margin=0.0)


REGRESSION = [
    Case("smooth_l1", made.numbers, _K.Huber(), nn.SmoothL1Loss()),
    Case("l1", made.numbers, _K.MeanAbsoluteError(), nn.L1Loss()),
    Case("l2", made.numbers, _K.MeanSquaredError(), nn.MSELoss()),
    Case("berhu", made.numbers, _K.Huber()),
    Case("charbonnier", made.numbers, _K.Huber()),
    Case("cauchy", made.numbers, _K.Huber()),
    Case("welsch", made.numbers, _K.Huber()),
    Case("geman_mcclure", made.numbers, _K.Huber()),
    Case("pinball", made.numbers, _K.MeanAbsoluteError()),
    Case("wing", made.numbers, _K.Huber()),
    Case("adaptive_wing", made.numbers, _K.Huber()),
    Case("poisson_nll", made.rates, _K.Poisson(), nn.PoissonNLLLoss(log_input=False)),
    Case("gaussian_nll", made.means_and_variances, None, _torch_gaussian),
    Case("wasserstein", made.signs, _K.Hinge()),
    Case("hinge_gan", made.signs, _K.Hinge()),
]
CLASSES = [
    Case("cross_entropy", made.class_numbers, _SPARSE, nn.CrossEntropyLoss()),
    Case("cross_entropy", made.distributions, _ONE_HOT, nn.CrossEntropyLoss()),
    Case("focal", made.one_hot, _K.CategoricalFocalCrossentropy(from_logits=True)),
    Case("poly", made.class_numbers, _SPARSE),
    Case("symmetric_ce", made.class_numbers, _SPARSE),
    Case("kzoo/generalized_ce", made.class_numbers, _SPARSE),
    Case("bi_tempered", made.class_numbers, _SPARSE),
    Case("ldam", made.class_numbers, _SPARSE, arguments={"class_counts": [9] * 1000}),
    Case("asymmetric_single_label", made.one_hot, _K.CategoricalFocalCrossentropy(from_logits=True)),
    Case("jsd", made.thirds, _ONE_HOT),
    Case("jensen_shannon", made.probabilities, _K.KLDivergence()),
    Case("distillation", made.numbers, None, _torch_distillation, {"temperature": 2.0}),
    Case("sparsemax", made.class_numbers, _SPARSE),
    Case("multi_margin", made.class_numbers, None, nn.MultiMarginLoss()),
    Case("sigmoid_focal", made.labels, _BINARY_FOCAL),
    Case("binary_poly", made.labels, _BINARY),
    Case("asymmetric", made.labels, _BINARY_FOCAL),
    Case(
        "distribution_balanced",
        made.labels,
        _BINARY_FOCAL,
        arguments={"class_counts": [9] * 1000, "examples": 999},
    ),
    Case("zlpr", made.labels, _BINARY, nn.MultiLabelSoftMarginLoss()),
    Case("two_way", made.labels, _BINARY),
    Case("soft_margin", made.signs, _BINARY, nn.SoftMarginLoss()),
    Case("hinge_embedding", made.signs, _K.Hinge(), nn.HingeEmbeddingLoss()),
    Case("margin_ranking", made.pairs_of_scores, None, _torch_margin),
    Case("multilabel_margin", made.few_labels, _BINARY),
    Case("coral", made.grades, _answered),
    Case("corn", made.grades, _answered),
    Case("weighted_kappa", made.grades_of_classes, _SPARSE),
    Case(
        "kzoo/ctc",
        made.sequences,
        _tf_ctc,
        _torch_ctc,
    ),
]
PICTURES = [
    Case("kzoo/dice", made.masks, _DICE),
    Case("jaccard", made.masks, _DICE),
    Case("kzoo/tversky", made.masks, _K.Tversky(axis=[1, 2, 3])),
    Case("focal_tversky", made.masks, _K.Tversky(axis=[1, 2, 3])),
    Case("generalized_dice", made.masks, _DICE),
    Case("mcc", made.masks, _DICE),
    Case("dice_ce", made.masks, lambda y, p: _DICE(y, p) + _K.binary_crossentropy(y, p)),
    Case("lovasz_hinge", made.masks),
    Case("lovasz_softmax", made.masks),
    Case("cl_dice", made.masks),
    Case("hausdorff_dt", made.small_masks),
    Case("iou", made.boxes),
    Case("giou", made.boxes),
    Case("diou", made.boxes),
    Case("ciou", made.boxes),
    Case("eiou", made.boxes),
    Case("siou", made.boxes),
    Case("alpha_iou", made.boxes),
    Case("silog", made.depths, _K.MeanSquaredLogarithmicError()),
    Case("depth_gradient", made.depths),
    Case("scale_shift_invariant", made.depths),
    Case("depth_mixture", made.depths),
    Case("edge_aware_smoothness", made.pictures_and_depths),
    Case("ssim", made.pictures, _tf_ssim),
    Case("ms_ssim", made.large_pictures, _tf_ms_ssim),
]
EMBEDDINGS = [
    Case("nt_xent", made.two_views, _tf_nt_xent, _torch_nt_xent),
    Case("sup_con", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("contrastive", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("triplet_hard", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("triplet_semi_hard", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("triplet_all", made.few_embeddings),
    Case("n_pairs", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("lifted_structure", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("kzoo/circle", made.embeddings, _K.Circle()),
    Case("multi_similarity", made.embeddings, _tf_nt_xent, _torch_nt_xent),
    Case("vicreg", made.pairs_of_views),
    Case("barlow_twins", made.pairs_of_views),
]
CASES = REGRESSION + CLASSES + PICTURES + EMBEDDINGS
