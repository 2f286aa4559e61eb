"""How long kzoo takes to be there, next to Keras.

    python benchmarks/startup.py

Whole processes, in turn. Wanted: the verbs that need no Keras at most a tenth of `import keras`; `import kzoo` under
50 ms above a bare Python; plugging in at most a tenth on top of `import keras`.
"""

from __future__ import annotations

import subprocess
import sys
import time

from sides import compare


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def python(code: str) -> float:
    return seconds(sys.executable, "-c", code)


def kzoo(*arguments: str) -> float:
    return seconds(sys.executable, "-m", "kzoo", *arguments)


if __name__ == "__main__":
    verbs = (
        ["list"],
        ["list", "loss"],
        ["show", "smooth_l1"],
        ["find", "torch.nn.SmoothL1Loss"],
        ["--help"],
        ["check", "mnist_cnn", "--quick"],
    )
    for verb in verbs:
        compare(
            f"kzoo {' '.join(verb)} / import keras, s",
            lambda verb=verb: kzoo(*verb),
            lambda: python("import keras"),
        )
    compare("import kzoo / bare python, s", lambda: python("import kzoo"), lambda: python(""), 15)
    compare(
        "import kzoo and keras / import keras, s",
        lambda: python("import kzoo, keras"),
        lambda: python("import keras"),
    )
