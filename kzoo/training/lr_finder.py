"""The learning-rate range test: trains for some steps while the learning rate grows, and sees what the loss does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import track

from kzoo.build.backend import use_backend
from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import Experiment, build
from kzoo.problems import KzooError, Problem
from kzoo.recipe import Recipe, load_recipe
from kzoo.training.rate_overrides import overrides_for
from kzoo.training.rates import Rates

_FEWEST_STEPS = 10
_WINDOW = 1 / 25  # of all steps: the standard deviation of the Gaussian by which losses are smoothed
_DIVERGED = 4.0  # times the best
_NO_FALL = 1e-4  # of the first loss


@dataclasses.dataclass(frozen=True)
class RangeTest:
    """What a learning-rate range test has seen.

    Args:
        rates: The learning rate of each step.
        losses: The loss of each step's batch, before the step.
        smoothed: The losses, averaged over neighbouring steps.
        suggestions: Learning rates to take: `steepest_descent`, where the smoothed loss falls fastest, and
            `tenth_of_minimum`, a tenth of the one where it is lowest. None where it never fell.
        overrides: For each suggestion what to say after `kzoo train RECIPE`.
        stopped: Why it ended before the last rate; empty if it didn't.
    """

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestions: dict[str, float | None]
    overrides: dict[str, list[str]]
    stopped: str = ""

    def as_json(self) -> dict[str, Any]:
        """The numbers, for a program."""
        return {key: getattr(self, key) for key in ("rates", "losses", "smoothed", "suggestions")}


def find(
    recipe: Recipe | str | Path,
    first: float = 1e-7,
    last: float = 10.0,
    steps: int = 100,
    console: Console | None = None,
) -> RangeTest:
    """Trains a recipe's model while the learning rate grows geometrically, in place of the recipe's own rate.

    Optimizer, data and all else are as in the recipe, only its callbacks aren't called; weights with a learning rate
    of their own keep it in proportion. Ends when the smoothed loss is four times its best. Writes nothing.

    Args:
        recipe: From `kzoo.load_recipe`, or a path or name that it takes.
        first: The learning rate of the first step.
        last: That of the last.
        steps: How many steps, from 10; with accumulated gradients a step takes as many batches as it accumulates.
        console: Where progress is shown; None for nowhere.

    Returns:
        Rates, losses, and what they suggest.

    Raises:
        KzooError: If an argument is out of its range, or with everything that is wrong with the recipe.
        FloatingPointError: If the loss is no number from the beginning.

    Paper: Smith 2015, Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186.

    What differs: fastai's `lr_find` smooths by what came before alone, so that its curve lags behind the rates; here a
    window lies on both sides of each step. Its `valley` is not among the suggestions.

    >>> from kzoo.training.lr_finder import find
    >>> found = find("digits_quick", steps=50)
    >>> 1e-4 < found.suggestions["steepest_descent"] < 1, found.overrides["steepest_descent"][0].split("=")[0]
    (True, 'compile.optimizer.learning_rate')
    """
    _check(first, last, steps)
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    use_backend(recipe.resolved["run"].get("backend"))

    # As the recipe says, but for the learning rate.
    experiment = build(recipe, distributed=False)
    dry_run(experiment)
    model = experiment.model
    model.steps_per_execution = 1
    model.optimizer.build(model.trainable_variables)
    rates = Rates(model.optimizer, experiment.known["total_steps"])
    rates.grow(first, last, steps)
    seen, losses, stopped = _train(experiment, rates, steps, console)
    if len(losses) < 3:
        hint = "Start at a lower rate, and see that the recipe's data and loss are right."
        raise FloatingPointError(f"{stopped} after {len(losses)} steps. {hint}")

    # What it suggests. What shot up at the end is cut off: it would tell on its neighbours' averages.
    bests = np.minimum.accumulate(losses)
    cut = np.minimum(losses, [_limit(best, losses[0]) for best in bests])
    smoothed = _smoothed(cut, _window(steps))
    suggestions = _suggestions(seen, smoothed)
    overrides = {
        name: overrides_for(experiment, rate, rates.usual)
        for name, rate in suggestions.items()
        if rate is not None
    }
    return RangeTest(seen, losses, smoothed.tolist(), suggestions, overrides, stopped)


def _train(
    experiment: Experiment, rates: Rates, steps: int, console: Console | None
) -> tuple[list[float], list[float], str]:
    """Rates and losses of the steps, and why they ended early."""
    seen, losses = list[float](), list[float]()
    window, best = _window(steps), math.inf
    batches = _batches(experiment, steps * rates.batches_a_step)
    hidden = console is None or not console.is_terminal
    for _ in track(range(steps), "growing the rate", console=console, transient=True, disable=hidden):
        rate = rates.now()
        loss = float(np.mean([_step(experiment.model, next(batches)) for _ in range(rates.batches_a_step)]))
        if not math.isfinite(loss):
            return seen, losses, f"the loss was {loss}"
        seen.append(rate)
        losses.append(loss)
        before = losses[: -len(window) - 1 : -1]  # the last first: nothing is known yet of what comes after
        smoothed = float(np.average(before, weights=window[: len(before)]))
        best = min(best, smoothed)
        if smoothed > _limit(best, losses[0]):
            return seen, losses, f"the smoothed loss was more than {_DIVERGED:g} times its best"
    return seen, losses, ""


def _check(first: float, last: float, steps: int) -> None:
    problems = []
    if not 0 < first < last < math.inf:
        hint = "They are finite, above 0, and the first is the lower one."
        problems.append(Problem(f"learning rates can't grow from {first:g} to {last:g}", hint=hint))
    if steps < _FEWEST_STEPS:
        problems.append(Problem(f"{steps} steps are too few", hint=f"It takes {_FEWEST_STEPS} at least."))
    if problems:
        raise KzooError(problems)


def _batches(experiment: Experiment, count: int) -> Iterator[tuple[Any, Any]]:
    """The recipe's training batches, with as many epochs as are needed."""
    settings = experiment.settings
    epochs = math.ceil(count / experiment.steps_per_epoch)
    longer = dataclasses.replace(
        experiment, settings={**settings, "fit": {**settings["fit"], "epochs": epochs}}
    )
    return iter(longer.training_data().as_numpy_iterator())


def _step(model: keras.Model, batch: tuple[Any, Any]) -> float:
    """One step; the batch's loss before it."""
    return float(model.train_on_batch(*batch, return_dict=True)["loss"])


def _limit(best: float, at_first: float) -> float:
    """The loss from which on it has diverged. One that may be below zero is let come back to where it began."""
    return best * _DIVERGED if best > 0 else max(best + (_DIVERGED - 1) * abs(best), at_first)


def _window(steps: int) -> np.ndarray:
    """Gaussian weights of losses, by how many steps lie between."""
    width = max(1.0, steps * _WINDOW)
    return np.exp(-0.5 * (np.arange(math.ceil(4 * width)) / width) ** 2)


def _smoothed(losses: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Losses averaged over the steps around each, as far as there are any."""
    kernel, reach = np.concatenate([window[:0:-1], window]), len(window) - 1
    within = slice(reach, reach + len(losses))
    return np.convolve(losses, kernel)[within] / np.convolve(np.ones(len(losses)), kernel)[within]


def _suggestions(rates: list[float], smoothed: np.ndarray) -> dict[str, float | None]:
    lowest = int(smoothed.argmin())
    if smoothed[0] - smoothed[lowest] <= _NO_FALL * abs(smoothed[0]):
        return {"steepest_descent": None, "tenth_of_minimum": None}
    # By steps, not by rates: a step is always the same distance on the logarithmic axis.
    steepest = int(np.gradient(smoothed)[: lowest + 1].argmin())
    return {"steepest_descent": rates[steepest], "tenth_of_minimum": rates[lowest] / 10}
