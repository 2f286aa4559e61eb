"""Writes what every model of pictures costs into registry/sizes.json, so that `kzoo show` tells it without Keras.

python tests/sizes.py           counts the models that are new
python tests/sizes.py --all     counts all of them again
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "registry" / "sizes.json"


def measured(card: Any) -> dict[str, Any]:
    """Parameters, products, and each stage's channels and how much smaller pictures are there."""
    import keras

    import kzoo
    from kzoo.models.cost import multiply_adds_of, parameters_of

    keras.backend.clear_session()
    model = kzoo.create_model(card.full_name)
    height = model.input_shape[1]
    return {
        "parameters": parameters_of(model),
        "multiply_adds": multiply_adds_of(model),
        "input_shape": list(model.input_shape[1:]),
        "stages": [[shape[-1], round(height / shape[0])] for shape in model.stage_shapes],
    }


def of_pictures() -> list[Any]:
    """The cards of models that have stages."""
    from kzoo.registry import catalogue

    cards = [card for card in catalogue().cards("model") if card.package == "kzoo"]
    return [card for card in cards if "features_only" in card.parameters().parameters]


def main(arguments: list[str]) -> None:
    known = (
        json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() and "--all" not in arguments else {}
    )
    sizes = {card.name: known.get(card.name) or measured(card) for card in of_pictures()}
    lines = [f"{json.dumps(name)}: {json.dumps(size)}" for name, size in sorted(sizes.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(sizes)} models, {len(sizes.keys() - known.keys())} of them counted now")


if __name__ == "__main__":
    sys.path.insert(0, str(FILE.parent.parent))
    main(sys.argv[1:])
