"""What XLA lists as being in memory at the fullest moment of a step: where a forecast is off, this says why.

    python benchmarks/xla_peak.py CASE …    cases of benchmarks/memory_cases.py whose names contain the words

Results of one kind and one size are counted together, the largest first; kinds are XLA's names without their numbers.
Arguments are weights, slots and the batch. What `memory_analysis` says may be more than what lies there: results are
given places once for the whole step, and places may lie empty; and less, where several results share one.
"""

from __future__ import annotations

import collections
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FEWEST = 0.02  # of all bytes, to be shown
_LINE = re.compile(r"\s*([\w.\-]+)\{[^}]*\}: (\d+) bytes")


def listed(text: str) -> list[tuple[str, int]]:
    """Kind and bytes of each result that XLA's report of live ranges names at the peak."""
    peak = text[text.index("(peak)") : text.index("Stack trace breakdown")]
    found = (_LINE.match(line) for line in peak.splitlines())
    return [(_kind(each[1]), int(each[2])) for each in found if each]


def _kind(name: str) -> str:
    return "argument" if re.match(r"(state|data)_", name) else re.sub(r"[\d.]+$", "", name)


def table(results: list[tuple[str, int]]) -> str:
    """Results of one kind and size on one line."""
    counted = collections.Counter(results)
    everything = sum(size for _, size in results)
    lines = [f"{everything / 1e6:,.1f} MB at the fullest moment"]
    for (kind, size), count in sorted(counted.items(), key=lambda each: -each[1] * each[0][1]):
        if count * size >= FEWEST * everything:
            lines.append(f"  {count * size / 1e6:10,.1f} MB  {count:3} × {size / 1e6:8,.2f}  {kind}")
    return "\n".join(lines)


def main(words: list[str], folder: str) -> None:
    os.environ["XLA_FLAGS"] = f"--xla_dump_to={folder} --xla_dump_hlo_as_text"
    sys.path.insert(0, str(ROOT / "tests" / "golden"))
    import make_memory

    for case in make_memory.CASES:
        if any(word in case.name for word in words):
            before = set(Path(folder).glob("*live-range.txt"))
            stats = make_memory.measure(case)
            reports = set(Path(folder).glob("*live-range.txt")) - before
            report = max(
                reports, key=lambda each: each.stat().st_size
            )  # that of the step; others make weights
            said = stats["argument"] + stats["output"] + stats["temp"] - stats["alias"]
            print(f"{case.name}: memory_analysis {said / 1e6:,.1f} MB,", table(listed(report.read_text())))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1:], folder)
