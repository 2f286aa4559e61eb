"""Writes the table of activation_study into docs/sweeps.md, from the folder that the sweep left.

kzoo sweep activation_study --into study
python docs/make_study.py study
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from kzoo.sweep.summary import Cell, Trial, judged

PAGE = Path(__file__).resolve().parent / "sweeps.md"
BEGIN, END = "<!-- written by docs/make_study.py -->", "<!-- to here -->"
NETWORK, ACTIVATION = "model", "model.activation"


def cells_of(results: dict[str, Any]) -> list[Cell]:
    """The cells of a sweep, from its results.json."""
    trials = [Trial(**each) for each in results["trials"]]
    return [
        Cell(each["values"], tuple(trials[number] for number in each["trials"]), results["monitor"])
        for each in results["cells"]
    ]


def table(cells: list[Cell], mode: str) -> list[str]:
    """A row an activation, a column a network; each column judged by itself."""
    networks = list(dict.fromkeys(cell.values[NETWORK] for cell in sorted(cells, key=_first)))
    activations = list(dict.fromkeys(cell.values[ACTIVATION] for cell in sorted(cells, key=_first)))
    shown: dict[tuple[str, str], str] = {}
    for network in networks:
        column = judged([cell for cell in cells if cell.values[NETWORK] == network], mode)
        for cell in column:
            numbers = f"{100 * cell.mean:.2f} ± {100 * (cell.spread or 0):.2f}"
            shown[network, cell.values[ACTIVATION]] = {
                "best": f"**{numbers}**",
                "within noise": f"{numbers} ≈",
            }.get(cell.verdict, numbers)
    lines = ["| | " + " | ".join(networks) + " |", "| --- |" + " ---: |" * len(networks)]
    return lines + [
        f"| {activation} | " + " | ".join(shown[network, activation] for network in networks) + " |"
        for activation in activations
    ]


def _first(cell: Cell) -> int:
    return cell.trials[0].number


def main(folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    cells = [dataclasses.replace(cell) for cell in cells_of(results)]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    lines = "\n".join(table(cells, results["mode"]))
    PAGE.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")
    seconds = sum(each.more["seconds"] for cell in cells for each in cell.trials)
    print(f"{PAGE}: {len(cells)} cells, {seconds:.0f} s of training")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
