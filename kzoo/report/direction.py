"""Which way a metric is better."""

from __future__ import annotations

_LESS = {
    "loss", "error", "mae", "mse", "rmse", "mape", "msle", "perplexity", "abs_rel", "sq_rel",
    "rmse_log", "silog", "depth_rmse", "hamming", "brier", "calibration_error", "smape", "wmape",
    "mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
}  # fmt: skip
_MORE = {
    "accuracy", "acc", "auc", "precision", "recall", "f1_score", "fbeta_score", "iou", "mean_iou",
    "dice", "r2_score", "cosine_similarity", "psnr", "ssim", "ms_ssim", "specificity", "sensitivity",
    "average_precision", "cohen_kappa", "matthews_corrcoef", "exact_match", "spearman", "kendall",
    "delta1", "delta2", "delta3", "explained_variance", "recall_at_k",
}  # fmt: skip


def direction(metric: str) -> str:
    """`min` where less is better, `max` where more is, "" where the name doesn't tell.

    Args:
        metric: As Keras names it.

    >>> direction("val_loss"), direction("sparse_top_k_categorical_accuracy"), direction("dead_units")
    ('min', 'max', '')
    """
    name = metric.removeprefix("val_")
    if name in _LESS or name.endswith(("_loss", "_error")):
        return "min"
    return "max" if name in _MORE or name.endswith(("accuracy", "io_u")) else ""
