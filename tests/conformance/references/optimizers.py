"""References of optimizers and schedules."""

from __future__ import annotations

from ..golden import Golden

OPTIMIZERS = {
    "grouped": Golden("optimizers_grouped"),
    **dict.fromkeys(("sam", "asam"), Golden("sam")),
    **dict.fromkeys(("swa", "ema"), Golden("averages")),
    **dict.fromkeys(("sophia", "adahessian"), Golden("optimizers_curved")),
    **dict.fromkeys(("adai", "ranger", "scion"), Golden("optimizers_last")),
    **dict.fromkeys(("centralized", "adaptive_clipping"), Golden("changed_gradients")),
    **dict.fromkeys(
        ("schedule_free_sgd", "schedule_free_adamw", "schedule_free_radam"), Golden("schedule_free")
    ),
    "lookahead": Golden("optimizers"),
    "radam": Golden("optimizers"),
    **dict.fromkeys(("momentum", "nesterov", "sgdw", "lars"), Golden("optimizers_momentum")),
    **dict.fromkeys(
        ("nadam", "amsgrad", "adabelief", "adan", "yogi", "laprop", "adopt", "ademamix"),
        Golden("optimizers_adaptive"),
    ),
    **dict.fromkeys(("lamb", "madgrad", "adafactor", "muon"), Golden("optimizers_large")),
    **dict.fromkeys(("prodigy", "d_adapt_adam"), Golden("optimizers_free")),
    **dict.fromkeys(
        ("novograd", "adamp", "sgdp", "stable_adamw", "mars", "grams"), Golden("optimizers_of_adam")
    ),
    **dict.fromkeys(("cautious", "grokfast", "lazy_adam", "rprop", "asgd"), Golden("optimizers_classic")),
    **dict.fromkeys(("cocob",), Golden("optimizers_cocob")),
    **dict.fromkeys(("shampoo",), Golden("optimizers_matrices")),
    "soap": Golden("optimizers_soap"),
    **dict.fromkeys(("adam_mini", "came"), Golden("optimizers_sparing")),
    **dict.fromkeys(("galore", "apollo"), Golden("optimizers_low_rank")),
    "adam_8bit": Golden("optimizers_eight_bits"),
    **dict.fromkeys(
        ("adabound", "diffgrad", "qhadam", "sign_sgd", "tiger", "sm3"), Golden("optimizers_third")
    ),
}
# Their decay isn't θ·ηλ at the first step: it goes through a trust ratio or an average, or there is no first step.
# A case of each has decay in its trajectory instead.
DECAY_OF_ITS_OWN = (
    "lars",
    "lamb",
    "madgrad",
    "adopt",
    "prodigy",
    "d_adapt_adam",
    "sgdp",
    "cocob",
    "soap",
)
# Whatever it is told: as its reference has it.
NEVER_DECAYS_VECTORS = ("lars",)
# Clipping by norm changes nothing: they look at signs of single gradients only.
SIGNS_ONLY = ("rprop",)
# Their step depends on all weights, and so on the decay of the others.
STEP_OF_ALL = ("prodigy",)
# The power of the learning rate that a first step is in proportion to, where it isn't 1: MADGRAD's η / ∛η.
STEP_GROWS_WITH_RATE = {"madgrad": 2 / 3, "cocob": 0}
SCHEDULES = {
    "warmup_cosine": Golden("schedules"),
    **dict.fromkeys(("constant", "linear", "step", "multi_step"), Golden("simple_schedules")),
    **dict.fromkeys(
        ("warmup", "sequential", "one_cycle", "cyclic", "sgdr", "chebyshev"), Golden("more_schedules")
    ),
    **dict.fromkeys(("poly", "k_decay", "rex", "tanh_decay"), Golden("more_schedules")),
    "one_cycle_momentum": Golden("momentum_schedules"),
    **dict.fromkeys(("wsd", "inverse_sqrt", "noam"), Golden("more_schedules")),
}
