# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.9.1", "torchmetrics==1.9.0", "torch==2.13.0", "numpy"]
# ///
"""Metrics of classes by scikit-learn and torchmetrics: `uv run tests/golden/make_class_metrics.py`.

It writes class_metrics.npz beside itself. Weights are whole numbers: what has no weights is given each sample that
many times.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import sklearn
import sklearn.metrics as sk
import torch
import torchmetrics
from torchmetrics.functional import classification as tm
from torchmetrics.functional.segmentation import dice_score
from torchmetrics.functional.text import perplexity

generator = np.random.default_rng(0)
golden = {}


def case(part, source, reference, y_true, y_pred, weight=None, **arguments):
    """Keeps one case; the reference is called with samples that are there as often as they weigh."""
    package = (
        f"scikit-learn {sklearn.__version__}"
        if "sklearn" in source
        else f"torchmetrics {torchmetrics.__version__}"
    )
    golden[f"{part}.against"] = f"{source} ({package})"
    number = sum(key.startswith(f"{part}.") and key.endswith(".value") for key in golden)
    times = np.ones(len(y_true), int) if weight is None else weight
    exact = y_pred.astype("float64") if y_pred.dtype.kind == "f" else y_pred
    value = reference(np.repeat(y_true, times, axis=0), np.repeat(exact, times, axis=0))
    kept = {
        "arguments": json.dumps(arguments),
        "y_true": y_true,
        "y_pred": y_pred,
        "value": np.float64(value),
    }
    if weight is not None:
        kept["sample_weight"] = np.float32(weight)
    golden.update({f"{part}.{number}.{key}": each for key, each in kept.items()})


def times(count):
    return generator.integers(4, size=count)


def classes(count, kinds, right=0.6):
    """Class numbers and guesses that are often right."""
    y_true = generator.integers(kinds, size=count)
    wrong = generator.integers(kinds, size=count)
    return np.int8(y_true), np.int8(np.where(generator.uniform(size=count) < right, y_true, wrong))


def probabilities(*shape):
    logits = generator.normal(scale=2, size=shape)
    return np.float32(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True))


def torch_of(function, **options):
    """A function of torchmetrics, which takes predictions first."""
    return lambda y, p: function(torch.tensor(p), torch.tensor(y).long(), **options).numpy()


def mean_dice(prediction, target, **options):
    return dice_score(prediction.long(), target, **options).mean()


for kinds, count, weight in ((2, 40, None), (4, 40, times(40))):
    y, p = classes(count, kinds)
    case(
        "matthews_corrcoef",
        "sklearn.metrics.matthews_corrcoef",
        sk.matthews_corrcoef,
        y,
        p,
        weight,
        num_classes=kinds,
    )
for normalize, weight in ((None, times(40)), ("true", None), ("all", times(40))):
    y, p = classes(40, 3)
    case(
        "confusion_matrix",
        "sklearn.metrics.confusion_matrix",
        partial(sk.confusion_matrix, normalize=normalize),
        y,
        p,
        weight,
        num_classes=3,
        normalize=normalize,
    )
for adjusted, weight in ((False, None), (True, times(40))):
    y, p = classes(40, 4)
    y[y == 2] = 1  # a class that is predicted, but never the target
    with np.errstate(all="ignore"):
        case(
            "balanced_accuracy",
            "sklearn.metrics.balanced_accuracy_score",
            partial(sk.balanced_accuracy_score, adjusted=adjusted),
            y,
            p,
            weight,
            num_classes=4,
            adjusted=adjusted,
        )
source = "torchmetrics.functional.classification.multiclass_specificity"
y, p = classes(40, 2)
case("specificity", source, torch_of(tm.binary_specificity), y, p, times(40), num_classes=2)
for average in ("macro", "weighted"):
    y, p = classes(40, 4)
    y[y == 3], p[p == 3] = 0, 1
    function = torch_of(tm.multiclass_specificity, num_classes=4, average=average)
    case("specificity", source, function, y, p, times(40), num_classes=4, average=average)

source = "torchmetrics.functional.segmentation.dice_score"
for per_image, background, average in ((False, True, "macro"), (True, False, "macro"), (True, True, "micro")):
    y, p = (each.reshape(12, 4, 4) for each in classes(12 * 16, 3))
    options = {
        "num_classes": 3,
        "include_background": background,
        "average": average,
        "input_format": "index",
    }
    level = "samplewise" if per_image else "global"
    function = torch_of(partial(mean_dice, aggregation_level=level, **options))
    arguments = {"include_background": background, "per_image": per_image, "average": average}
    case("dice", source, function, y, p, None if per_image else times(12), num_classes=3, **arguments)

y, p = generator.integers(2, size=(40, 5)), np.float32(generator.uniform(size=(40, 5)))
case(
    "hamming",
    "sklearn.metrics.hamming_loss",
    lambda y, p: sk.hamming_loss(y, p > 0.5),
    np.int8(y),
    p,
    times(40),
)
y, logits = generator.integers(2, size=(40, 2)), np.float32(generator.normal(size=(40, 2)))
labels = torch_of(lambda p, y: tm.multilabel_exact_match(p, y, num_labels=2, threshold=0.7))
probable = np.float32(1 / (1 + np.exp(-logits)))
case(
    "hamming",
    "sklearn.metrics.hamming_loss",
    lambda y, p: sk.hamming_loss(y, p > 0),
    np.int8(y),
    logits,
    threshold=0.0,
)
source = "torchmetrics.functional.classification.multilabel_exact_match"
case("exact_match", source, labels, np.int8(y), probable, times(40), threshold=0.7)
steps = torch_of(lambda p, y: tm.multiclass_exact_match(p.movedim(-1, 1), y, num_classes=3, ignore_index=2))
y, p = generator.integers(3, size=(40, 2)), probabilities(40, 2, 3)
case("exact_match", source, steps, np.int8(y), p, ignore_class=2)

source = "sklearn.metrics.average_precision_score"
y, p = generator.integers(2, size=40), np.float32(generator.integers(20, size=40) / 20)
case("average_precision", source, sk.average_precision_score, np.int8(y), p, times(40), capacity=40)
for average in ("macro", "weighted"):
    y, p = generator.integers(2, size=(40, 3)), np.float32(generator.normal(size=(40, 3)))
    function = partial(sk.average_precision_score, average=average)
    case(
        "average_precision",
        source,
        function,
        np.int8(y),
        p,
        times(40),
        num_classes=3,
        average=average,
        capacity=40,
    )

source = "torchmetrics.functional.classification.multiclass_calibration_error"
y, p = generator.integers(2, size=40), np.float32(generator.uniform(size=40))
function = torch_of(tm.binary_calibration_error, n_bins=10, norm="l2")
case("calibration_error", source, function, np.int8(y), p, times(40), num_bins=10, norm="l2")
for norm in ("l1", "max"):
    y, p = generator.integers(4, size=40), probabilities(40, 4)
    function = torch_of(tm.multiclass_calibration_error, num_classes=4, n_bins=15, norm=norm)
    case("calibration_error", source, function, np.int8(y), p, times(40), norm=norm)

source = "sklearn.metrics.brier_score_loss"
y, p = generator.integers(2, size=40), np.float32(generator.uniform(size=40))
case("brier", source, sk.brier_score_loss, np.int8(y), p, times(40))
y, p = generator.integers(4, size=40), probabilities(40, 4)
case("brier", source, lambda y, p: sk.brier_score_loss(y, p, labels=range(4)), np.int8(y), p, times(40))

source = "torchmetrics.functional.text.perplexity"
y, p = generator.integers(5, size=(20, 4)), probabilities(20, 4, 5)
case("perplexity", source, torch_of(lambda p, y: perplexity(p.log(), y)), np.int8(y), p, times(20))
function = torch_of(lambda p, y: perplexity(p, y, ignore_index=0))
case("perplexity", source, function, np.int8(y), np.log(p), None, from_logits=True, ignore_class=0)

np.savez_compressed(Path(__file__).with_name("class_metrics.npz"), **golden)
