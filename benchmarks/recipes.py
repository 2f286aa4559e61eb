"""Trains shipped recipes over several seeds and prints what the head comments of recipes quote.

    python benchmarks/recipes.py mnist_cnn mnist_best --seeds 0 1 2 [--runs RUNS]

Each training is a process of its own: `kzoo train RECIPE seed=N`. With --runs their folders are kept there, for
`python docs/make_results.py RUNS`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile


def result(recipe: str, seed: int, overrides: list[str], runs: str | None) -> dict:
    with tempfile.TemporaryDirectory() as passing:
        folder = runs or passing
        command = [
            sys.executable,
            "-m",
            "kzoo",
            "train",
            recipe,
            f"seed={seed}",
            *overrides,
            "--json",
            "--runs",
            folder,
        ]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--set", nargs="*", default=[], help="overrides, for instance fit.epochs=2")
    parser.add_argument("--runs", help="keep the run folders there")
    asked = parser.parse_args()
    for recipe in asked.recipes:
        results = [result(recipe, seed, asked.set, asked.runs) for seed in asked.seeds]
        seconds = statistics.median(each["seconds"] for each in results)
        print(f"{recipe}: {results[0]['parameters']:,} parameters, {seconds:.0f} s", flush=True)
        for metric in results[0]["test"]:
            measured = [each["test"][metric] for each in results]
            each = ", ".join(f"{value:.4g}" for value in measured)
            print(f"  test {metric} {statistics.mean(measured):.4g} (seeds: {each})", flush=True)
