"""What each of kzoo's own parts is compared with: one line a part. A part without one fails its test."""

from __future__ import annotations

from . import formulas
from .formulas import Formula
from .golden import Golden

_PAIR = ("y_true", "y_pred")
_MAXOUT = Formula(
    "closed form in float64", formulas.maxout, (({"units": 3}, (5, 6)), ({"units": 2, "axis": 1}, (3, 4, 5)))
)

REFERENCES: dict[str, dict[str, Golden | Formula]] = {
    "activation": {
        "maxout": _MAXOUT,
        "quick_gelu": Golden("activations"),
        "swish": Formula(
            "closed form in float64",
            formulas.swish,
            (({}, (7, 5)), ({"beta": 2.5}, (40,)), ({"beta": 0.3, "learn_beta": True}, (4, 3, 2))),
        ),
    },
    "layer": {"maxout": _MAXOUT},
    "loss": {
        "berhu": Formula(
            "closed form in float64",
            formulas.berhu,
            (({}, (6, 5)), ({"threshold": 0.6}, (2, 4, 3, 1))),
            _PAIR,
        ),
        "smooth_l1": Golden("losses"),
    },
    "optimizer": {"lookahead": Golden("optimizers"), "radam": Golden("optimizers")},
    "schedule": {"warmup_cosine": Golden("schedules")},
    "initializer": {"torch_default": Golden("initializers")},
    "metric": {"cohen_kappa": Golden("metrics")},
    "model": {name: Golden("models") for name in ("lenet5", "mlp", "mnist_cnn", "softmax_regression")},
}
