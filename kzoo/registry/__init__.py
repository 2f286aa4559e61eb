"""Cards, names, plug-ins, suggestions. Knows nothing of Keras."""

from kzoo.registry.card import Card
from kzoo.registry.catalogue import Catalogue, catalogue
from kzoo.registry.kinds import KINDS
from kzoo.registry.local_parts import register

__all__ = ["KINDS", "Card", "Catalogue", "catalogue", "register"]
