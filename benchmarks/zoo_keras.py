"""Images a second of models of pictures next to the same network in keras.applications, where they differ by percents.

    python benchmarks/zoo_keras.py [MODEL ...] [--size 64] [--backend jax] [--processes 8]

Where the weights of two copies of one network happen to lie in memory can make one of them some percent faster than
the other, as long as the process lives. So there are several processes, and which network is made and measured first
alternates. Told are the median of the processes' ratios and all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from zoo import IN_KERAS, examples, images_a_second, of_keras

_ROUNDS = 3


def ratios(name: str, size: int, ours_first: bool) -> dict[str, float]:
    """Ours by theirs, of this process: medians of rounds in turn."""
    import kzoo

    inputs, labels = examples(size)
    names = {"ours": name, "theirs": f"keras/{IN_KERAS[name]}"}
    order = [*names] if ours_first else [*names][::-1]
    sides = {
        side: of_keras(kzoo.create_model(names[side], input_shape=(size, size, 3)), inputs, labels)
        for side in order
    }
    found = {}
    for mode in ("training", "inference"):
        for side in order:
            sides[side][mode]()  # compiles
        rounds = [{side: images_a_second(sides[side][mode]) for side in order} for _ in range(_ROUNDS)]
        found[mode] = statistics.median(each["ours"] / each["theirs"] for each in rounds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=["mobilenetv3_large_100"], help=", ".join(IN_KERAS))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--backend", default="jax")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--first", choices=["ours", "theirs"], help="one process, with this network first")
    asked = parser.parse_args()
    os.environ["KERAS_BACKEND"] = asked.backend
    if asked.first:
        print(json.dumps(ratios(asked.models[0], asked.size, asked.first == "ours")))
        return
    for name in asked.models:
        found = []
        for number in range(asked.processes):
            first = "theirs" if number % 2 else "ours"
            options = f"--size={asked.size} --backend={asked.backend} --first={first}".split()
            command = [sys.executable, __file__, name, *options]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found.append(json.loads(said.splitlines()[-1]))
        for mode in found[0]:
            values = [each[mode] for each in found]
            listed = ", ".join(f"{value:.3f}" for value in values)
            print(f"{name}, {mode}, ours / keras.applications: {statistics.median(values):.3f} ({listed})")


if __name__ == "__main__":
    main()
