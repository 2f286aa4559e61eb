"""How far `kzoo memory` is from what XLA says of the compiled step.

    python benchmarks/memory.py            a table, as in docs/memory.md
    python benchmarks/memory.py --write    writes it there
    python benchmarks/memory.py --seconds  how long a forecast of imagenet_resnet50 takes

XLA's numbers are those of tests/golden/make_memory.py; why some differ, benchmarks/xla_peak.py shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
from memory_cases import CASES, CLASSES, HABITS, Case, recipe_of
from sides import compare

from kzoo.memory import forecast

ROOT = Path(__file__).resolve().parents[1]
GOLDEN, PAGE = ROOT / "tests/golden/memory.json", ROOT / "docs/memory.md"
RESNET = "imagenet_resnet50"
BEGIN, END = "<!-- cases -->\n", "<!-- end of cases -->"


def held(measured: dict[str, int]) -> int:
    """What a step holds of what XLA lists."""
    return measured["argument"] + measured["output"] + measured["temp"] - measured["alias"]


def forecast_of(case: Case) -> int:
    """Bytes of a case, forecast."""
    keras.backend.clear_session()
    found = forecast(
        recipe_of(case),
        training=case.optimizer is not None,
        input_shape=case.shape,
        num_classes=CLASSES,
    )
    return found.total_bytes


def rows() -> list[tuple[Case, int, int]]:
    """Each case with XLA's bytes and ours."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]
    found = []
    for case in CASES:
        found.append((case, held(golden[case.name]), forecast_of(case)))
        print(f"{case.name}: {100 * (found[-1][2] / found[-1][1] - 1):+.1f} %", file=sys.stderr, flush=True)
    return found


def table(measured: list[tuple[Case, int, int]]) -> str:
    """The table of the cases, as Markdown."""
    lines = ["| model | input | batch | step | XLA, MB | forecast, MB | error |", "| --- " * 7 + "|"]
    for case, xla, ours in measured:
        step = (case.optimizer["name"] if isinstance(case.optimizer, dict) else case.optimizer) or "inference"
        step += ", rematerialized" * case.remat
        shape = "×".join(map(str, case.shape))
        habit = " ¹" * (case.name in HABITS)
        error = f"{100 * (ours / xla - 1):+.1f} %{habit}"
        lines.append(
            f"| {case.model} | {shape} | {case.batch} | {step} | {xla / 1e6:,.1f} | {ours / 1e6:,.1f} | {error} |"
        )
    errors = [abs(ours / xla - 1) for _, xla, ours in measured]
    within = [each for each in errors if each <= 0.1]
    said = f"Of {len(errors)} cases {len(within)} are within 10 %, their mean error is {100 * mean(within):.1f} %"
    lines += ["", f"{said}. ¹ Why the others are not, with the batch and the optimizer:", ""]
    for reason in dict.fromkeys(HABITS.values()):
        cases = [_short(case) for case in CASES if HABITS.get(case.name) == reason]
        lines.append(f"- {'; '.join(cases)}: {reason}")
    return "\n".join(lines) + "\n"


def _short(case: Case) -> str:
    """A case in words, without its input."""
    step = (
        case.name.split(" ", 2)[2].replace(" remat", ", rematerialized").replace("inference", "in inference")
    )
    return f"{case.model}, {step}"


def seconds() -> None:
    """Prints how long a forecast takes where Keras is there already, and as a command next to `import keras`."""
    timed = f"import time, keras\nfrom kzoo.memory import forecast\nbegan = time.perf_counter()\nforecast({RESNET!r})\n"
    timed += "print(time.perf_counter() - began)"
    forecasts = [float(_process("-c", timed)[0]) for _ in range(5)]
    print(f"forecast({RESNET!r}): {median(forecasts):.2f} s, {min(forecasts):.2f} to {max(forecasts):.2f}")
    compare(
        f"kzoo memory {RESNET} / import keras, s",
        lambda: _process("-m", "kzoo", "memory", RESNET)[1],
        lambda: _process("-c", "import keras")[1],
    )


def _process(*arguments: str) -> tuple[str, float]:
    """What a new Python prints, and how many seconds it takes."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True)
    return done.stdout, time.perf_counter() - began


def main() -> None:
    text = table(rows())
    print(text)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    seconds() if "--seconds" in sys.argv[1:] else main()
