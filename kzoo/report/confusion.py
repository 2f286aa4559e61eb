"""What was taken for what: `predictions.json` as a page shows it."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import math
from typing import Any

_MOST_DRAWN = 40  # classes; more are a picture of pixels, and the pairs that are confused most
_MOST_NUMBERED = 20  # classes whose counts have room in the cells
_CELLS = ((4, 44), (8, 36), (_MOST_DRAWN, 28))  # up to so many classes: their cells' side
_LETTER = 7
_LONGEST_NAME = 16
_RIGHT_COLOR, _WRONG_COLOR = (42, 111, 214), (217, 98, 43)


@dataclasses.dataclass(frozen=True)
class Cell:
    """How often examples of one class were taken for one.

    Args:
        true: The number of their class.
        predicted: The number of the class that they were taken for.
        count: How many were.
        share: Of all examples of their class.
    """

    true: int
    predicted: int
    count: int
    share: float

    @property
    def right(self) -> bool:
        return self.true == self.predicted

    @property
    def strength(self) -> float:
        """How strongly the cell is coloured; the root lets rare mistakes be seen."""
        return round(math.sqrt(self.share), 3)


@dataclasses.dataclass(frozen=True)
class Confusion:
    """The confusion matrix of one part of the data.

    Args:
        classes: What the classes are called.
        counts: Triples: the number of the true class, of the predicted one, how often.

    >>> confusion = Confusion(["cat", "dog"], [[0, 0, 3], [1, 0, 1], [1, 1, 1]])
    >>> [(pair.true, pair.predicted, pair.share) for pair in confusion.most_confused]
    [(1, 0, 0.5)]
    >>> [(row["name"], row["recall"], row["precision"]) for row in confusion.by_class]
    [('dog', 0.5, 1.0), ('cat', 1.0, 0.75)]
    """

    classes: list[str]
    counts: list[list[int]]

    @property
    def cell(self) -> int:
        """The side of a cell."""
        return next((side for most, side in _CELLS if len(self.classes) <= most), _CELLS[-1][1])

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """All that aren't empty."""
        totals = self._totals(0)
        return [Cell(true, predicted, n, n / totals[true]) for true, predicted, n in self.counts if n]

    def _totals(self, place: int) -> dict[int, int]:
        totals: dict[int, int] = {}
        for triple in self.counts:
            totals[triple[place]] = totals.get(triple[place], 0) + triple[2]
        return totals

    @property
    def drawn(self) -> bool:
        """Whether the cells are few enough to be drawn one by one."""
        return len(self.classes) <= _MOST_DRAWN

    @property
    def numbered(self) -> bool:
        return len(self.classes) <= _MOST_NUMBERED

    @property
    def names(self) -> list[str]:
        """The classes' names, cut where they are long."""
        return [
            name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in self.classes
        ]

    @property
    def margin(self) -> int:
        """The room that the names need beside the matrix."""
        return 14 + _LETTER * max(map(len, self.names), default=1)

    @property
    def side(self) -> int:
        return self.margin + self.cell * len(self.classes) + 2

    @property
    def most_confused(self) -> list[Cell]:
        """The ten commonest mistakes."""
        wrong = [cell for cell in self.cells if not cell.right]
        return sorted(wrong, key=lambda cell: (-cell.count, -cell.share, cell.true))[:10]

    @property
    def by_class(self) -> list[dict[str, Any]]:
        """For each class: how many there are, the share that was found, the share of finds that were right."""
        true, predicted = self._totals(0), self._totals(1)
        right = {cell.true: cell.count for cell in self.cells if cell.right}
        rows = [
            {
                "name": self.classes[label],
                "count": count,
                "recall": right.get(label, 0) / count,
                "precision": right.get(label, 0) / predicted[label] if label in predicted else None,
            }
            for label, count in sorted(true.items())
        ]
        return sorted(rows, key=lambda row: row["recall"])

    def picture(self) -> str:
        """The matrix as pixels: a PNG file in base64, clear where it is empty."""
        from PIL import Image

        image = Image.new("RGBA", (len(self.classes), len(self.classes)))
        for cell in self.cells:
            color = _RIGHT_COLOR if cell.right else _WRONG_COLOR
            image.putpixel((cell.predicted, cell.true), (*color, round(255 * cell.strength)))
        stream = io.BytesIO()
        image.save(stream, "PNG", optimize=True)
        return base64.b64encode(stream.getvalue()).decode()
