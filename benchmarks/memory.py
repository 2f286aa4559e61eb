"""How far `kzoo memory` is from what XLA says of the compiled step.

    python benchmarks/memory.py            a table, as in docs/memory.md
    python benchmarks/memory.py --write    writes it there

XLA's numbers are those of tests/golden/make_memory.py.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
from memory_cases import CASES, CLASSES, HABITS, Case, recipe_of

from kzoo.memory import forecast

ROOT = Path(__file__).resolve().parents[1]
GOLDEN, PAGE = ROOT / "tests/golden/memory.json", ROOT / "docs/memory.md"
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
    everything = [abs(ours / xla - 1) for _, xla, ours in measured]
    errors = [abs(ours / xla - 1) for case, xla, ours in measured if case.name not in HABITS]
    within = sum(each <= 0.1 for each in errors)
    mean = sum(errors) / len(errors)
    lines.append("")
    said = f"Without those marked ¹, {within} of {len(errors)} are within 10 %"
    lines.append(f"{said}; mean error {100 * mean:.1f} %, largest {100 * max(errors):.1f} %.")
    lines.append(f"Of all {len(everything)} cases {sum(each <= 0.1 for each in everything)} are.")
    return "\n".join(lines) + "\n"


def main() -> None:
    text = table(rows())
    print(text)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
