"""A model as a tree: its layers by the parts of their names, blocks that are alike said once."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import rich.tree


@dataclasses.dataclass
class _Node:
    """A part of a model's names: a layer, a block of layers, or both.

    Args:
        said: What there is to say of the layer.
        parameters: Numbers that it has, with all below it.
        children: What is below it, by the next part of the name.
    """

    said: str = ""
    parameters: int = 0
    children: dict[str, _Node] = dataclasses.field(default_factory=dict)

    def shape(self) -> tuple[Any, ...]:
        """What makes two blocks alike: the same layers under the same names."""
        return (self.said, *((name, child.shape()) for name, child in self.children.items()))


def tree_of(model: Any) -> rich.tree.Tree:
    """The tree of a Keras model.

    Args:
        model: The model; parts of its layers' names are separated by dots.
    """
    root = _Node()
    for layer in model.layers:
        parameters = sum(math.prod(each.shape) for each in layer.weights if "seed_generator" not in each.path)
        node = root
        node.parameters += parameters
        for part in layer.name.split("."):
            node = node.children.setdefault(part, _Node())
            node.parameters += parameters
        output = getattr(layer, "output", None)
        shape = "×".join("?" if each is None else str(each) for each in getattr(output, "shape", ())[1:])
        node.said = f"{type(layer).__name__} → {shape}"
    tree = rich.tree.Tree(f"{model.name}  {root.parameters:,}", guide_style="dim")
    _grow(tree, root)
    return tree


def _grow(tree: rich.tree.Tree, node: _Node) -> None:
    for _, alike in itertools.groupby(node.children.items(), key=lambda each: each[1].shape()):
        (name, first), *others = alike
        numbered = name.isdigit() and others
        for shown, child in [(name, first)] if numbered else [(name, first), *others]:
            label = f"{shown} … {others[-1][0]}" if numbered else shown
            count = f"{child.parameters:,}" if child.parameters else ""
            each = " each" if numbered and count else ""
            _grow(
                tree.add("  ".join(filter(None, (label, child.said, count + each))).replace("[", "\\[")),
                child,
            )
