"""Metrics that Keras lacks."""

from kzoo.metrics.average_precision import AveragePrecision
from kzoo.metrics.calibration import Brier, CalibrationError
from kzoo.metrics.class_scores import BalancedAccuracy, MatthewsCorrCoef, Specificity
from kzoo.metrics.cohen_kappa import CohenKappa
from kzoo.metrics.confusion import ConfusionMatrix
from kzoo.metrics.depth import AbsRel, DepthRMSE, RMSELog, SiLogError, SqRel
from kzoo.metrics.depth_thresholds import Delta1, Delta2, Delta3
from kzoo.metrics.dice import DiceScore
from kzoo.metrics.explained_variance import ExplainedVariance
from kzoo.metrics.images import PSNR, MultiScaleSimilarity, StructuralSimilarity
from kzoo.metrics.means import GeometricMean, HarmonicMean
from kzoo.metrics.multi_label import ExactMatch, Hamming
from kzoo.metrics.perplexity import Perplexity
from kzoo.metrics.ranks import Kendall, Spearman
from kzoo.metrics.relative_errors import SMAPE, WMAPE
from kzoo.metrics.retrieval import RecallAtK

__all__ = [
    "PSNR",
    "SMAPE",
    "WMAPE",
    "AbsRel",
    "AveragePrecision",
    "BalancedAccuracy",
    "Brier",
    "CalibrationError",
    "CohenKappa",
    "ConfusionMatrix",
    "Delta1",
    "Delta2",
    "Delta3",
    "DepthRMSE",
    "DiceScore",
    "ExactMatch",
    "ExplainedVariance",
    "GeometricMean",
    "Hamming",
    "HarmonicMean",
    "Kendall",
    "MatthewsCorrCoef",
    "MultiScaleSimilarity",
    "Perplexity",
    "RMSELog",
    "RecallAtK",
    "SiLogError",
    "Spearman",
    "Specificity",
    "SqRel",
    "StructuralSimilarity",
]
