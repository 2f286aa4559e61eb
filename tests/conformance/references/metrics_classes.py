"""References of metrics of classes and labels, and the forms in which those come."""

from __future__ import annotations

import numpy as np

from ..golden import Golden
from ..metric_inputs import MetricInputs, weight_of

_OF_CLASSES = ("matthews_corrcoef", "confusion_matrix", "balanced_accuracy", "specificity")


def _given(case):
    """Targets, predictions, weights, and a generator."""
    return case.arrays["y_true"], case.arrays["y_pred"], weight_of(case), np.random.default_rng(0)


def class_forms(case):
    y_true, y_pred, weight, generator = _given(case)
    identity = np.eye(case.arguments["num_classes"])
    scores = identity[y_pred] + generator.uniform(0, 0.9, size=(*y_pred.shape, len(identity)))
    same = y_true, y_pred, weight
    for targets in (y_true[..., None], identity[y_true], y_true.astype("float32")):
        yield same, (targets, y_pred, weight)
    for guesses in (y_pred[..., None], scores, np.log(scores), y_pred + 0.3, scores.astype("float16")):
        yield same, (y_true, guesses, weight)
    yield same, (y_true[..., None], scores, weight[:, None])
    yield same, (identity[y_true], scores, weight)
    # Targets outside of the classes are left out.
    outside = y_true.copy()
    outside[:9], seen = [-1, len(identity), -100] * 3 if y_true.ndim == 1 else -1, weight.copy()
    seen[:9] = 0
    if not case.arguments.get("per_image"):
        yield (y_true, y_pred, seen), (outside, y_pred, weight)
    if y_true.ndim > 1:
        return
    count = len(y_true) // 5
    axes = y_true.reshape(count, 5), identity[y_pred].reshape(count, 5, -1), weight[:count]
    yield axes, (y_true, y_pred, weight[:count].repeat(5))


def class_extremes(case):
    y_true, y_pred, weight, _ = _given(case)
    yield y_true * 0, y_pred * 0, weight
    yield y_true * 0 + 1, y_pred * 0, weight
    yield y_true, y_pred * 1e4, weight
    yield y_true * 0 - 1, y_pred, weight


def label_forms(case):
    y_true, y_pred, weight, _ = _given(case)
    same = y_true, y_pred, weight
    yield same, (y_true.astype("float32"), y_pred, weight[:, None])
    if y_pred.ndim == y_true.ndim:
        yield same, (y_true, (y_pred > case.arguments.get("threshold", 0.5)).astype("int32"), weight)
    else:
        yield same, (y_true, np.log(y_pred), weight)
        yield same, (y_true, y_pred.argmax(-1), weight)


def score_forms(case):
    y_true, y_pred, weight, _ = _given(case)
    same = y_true, y_pred, weight
    yield same, (y_true.astype("bool"), y_pred * 7 - 3, weight)
    if y_true.ndim == 1:
        yield same, (y_true[:, None], y_pred, weight)
        yield same, (y_true, y_pred[:, None], weight[:, None])
        yield (y_true[:20], y_pred[:20], weight[:20]), tuple(each[:20].reshape(5, 4) for each in same)
        return
    numbers = y_true.argmax(-1)
    yield (np.eye(3)[numbers], y_pred, weight), (numbers, y_pred, weight)
    yield (np.eye(3)[numbers], y_pred, weight), (numbers[:, None], y_pred, weight)


def score_extremes(case):
    y_true, y_pred, weight, _ = _given(case)
    for targets in (y_true, y_true * 0, y_true * 0 + 1):
        yield targets, y_pred * 0, weight
        yield targets, np.sign(y_pred - 0.5) * 1e30, weight


def probability_forms(case):
    y_true, y_pred, weight, _ = _given(case)
    same = y_true, y_pred, weight
    yield same, (y_true.astype("float32"), y_pred, weight[:, None])
    if y_pred.ndim == 1:
        yield same, (y_true[:, None], y_pred[:, None], weight)
        yield same, (y_true, y_pred[:, None], weight)
        return
    yield same, (y_true[..., None], y_pred, weight)
    if y_pred.ndim == 2:
        yield same, (np.eye(y_pred.shape[-1])[y_true], y_pred, weight)
        axes = y_true[:20].reshape(5, 4), y_pred[:20].reshape(5, 4, -1), weight[:5]
        yield axes, (y_true[:20], y_pred[:20], weight[:5].repeat(4))
    else:
        yield same, (y_true, y_pred, np.broadcast_to(weight[:, None], y_true.shape))


def probability_extremes(case):
    y_true, y_pred, weight, _ = _given(case)
    sure = (y_pred == y_pred.max(-1, keepdims=True)).astype("float32") if y_pred.ndim > 1 else y_pred.round()
    yield y_true, sure, weight
    yield y_true, sure * 0, weight
    if case.arguments.get("from_logits"):
        # e to the 20,000 is no number; the likeliest token everywhere is.
        yield sure.argmax(-1), (sure - 0.5) * 2e4, weight


_CLASSES = MetricInputs(class_forms, class_extremes)
_LABELS = MetricInputs(label_forms, class_extremes)
_PROBABILITIES = MetricInputs(probability_forms, probability_extremes)
CLASS_METRICS = {
    "cohen_kappa": Golden("metrics"),
    **{
        name: Golden("class_metrics")
        for name in (
            *_OF_CLASSES,
            "average_precision",
            "brier",
            "calibration_error",
            "dice",
            "exact_match",
            "hamming",
            "perplexity",
        )
    },
}
CLASS_METRIC_INPUTS = {
    "cohen_kappa": _CLASSES,
    **dict.fromkeys(_OF_CLASSES, _CLASSES),
    "confusion_matrix": MetricInputs(class_forms, class_extremes, scaled=False),
    "dice": _CLASSES,
    "hamming": _LABELS,
    "exact_match": _LABELS,
    "average_precision": MetricInputs(score_forms, score_extremes),
    "brier": _PROBABILITIES,
    "calibration_error": _PROBABILITIES,
    "perplexity": _PROBABILITIES,
}
