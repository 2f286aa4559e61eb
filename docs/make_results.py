"""Writes recipes/RESULTS.md from run folders: what each recipe reached, over its seeds.

python docs/make_results.py RUNS    takes all finished runs in the folder RUNS

`python benchmarks/recipes.py RECIPE … --runs RUNS` makes such runs, of seeds 0, 1 and 2.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PAGE = Path(__file__).resolve().parent.parent / "recipes" / "RESULTS.md"
_INTRODUCTION = """\
# What the recipes reached

On their test parts, over all seeds that were run; seconds are the median of a training ({devices}, {cores} cores).
`python benchmarks/recipes.py RECIPE --runs RUNS` trains a recipe with three seeds,
`python docs/make_results.py RUNS` writes this page from the folders that they left.

| recipe | measured | mean | lowest to highest | seeds | parameters | seconds | command | kzoo |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
# What a table of results is about, for data of classes, of depths, and for embeddings.
_QUOTED = ("accuracy", "abs_rel", "recall_at_k")


def finished(runs: Path) -> dict[str, list[dict[str, Any]]]:
    """Results and environments of the finished runs of recipes as they are, by recipe."""
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    for path in sorted(runs.glob("*/results.json")):
        results = json.loads(path.read_text(encoding="utf-8"))
        environment = json.loads(path.with_name("environment.json").read_text(encoding="utf-8"))
        if _is_shipped(path.parent, results["recipe"]) and _only_seeds(environment["overrides"]):
            found[results["recipe"]][environment["seed"]] = {**results, "environment": environment}
    return {recipe: list(of_seed.values()) for recipe, of_seed in found.items()}


def _is_shipped(run: Path, recipe: str) -> bool:
    """Whether a run's recipe says what the shipped one says today, comments aside."""
    shipped = PAGE.with_name(f"{recipe}.yaml")
    read = YAML(typ="safe", pure=True).load
    return shipped.is_file() and read(shipped) == read(run / "recipe.yaml")


def _only_seeds(overrides: list[str]) -> bool:
    return all(each.startswith("seed=") for each in overrides)


def row(recipe: str, runs: list[dict[str, Any]]) -> str:
    """A line of the table."""
    metric = next(each for each in _QUOTED if each in runs[0]["test"])
    values = [run["test"][metric] for run in runs]
    said = (lambda value: f"{100 * value:.1f} %") if metric != "abs_rel" else (lambda value: f"{value:.3f}")
    versions = sorted({run["environment"]["versions"]["kzoo"] for run in runs})
    return " | ".join(
        [
            f"| {recipe}",
            metric,
            said(statistics.mean(values)),
            f"{said(min(values))} to {said(max(values))}",
            str(len(runs)),
            f"{runs[0]['parameters']:,}",
            f"{statistics.median(run['seconds'] for run in runs):.0f}",
            f"`kzoo train {recipe}`",
            f"{', '.join(versions)} |",
        ]
    )


def main(runs: Path) -> None:
    found = finished(runs)
    devices = sorted(
        {
            run["environment"]["devices"][0].partition(":")[0].upper()
            for each in found.values()
            for run in each
        }
    )
    introduction = _INTRODUCTION.format(devices=", ".join(devices), cores=os.cpu_count())
    rows = [row(recipe, each) for recipe, each in sorted(found.items())]
    PAGE.write_text(introduction + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{PAGE}: {len(rows)} recipes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
