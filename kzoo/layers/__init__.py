"""Layers that Keras lacks."""

from kzoo.layers.margin_heads import ArcFace, CosFace, CurricularFace, SphereFace, SubCenterArcFace
from kzoo.layers.maxout import Maxout
from kzoo.layers.proxies import ProxyAnchor, ProxyNCA

__all__ = [
    "ArcFace",
    "CosFace",
    "CurricularFace",
    "Maxout",
    "ProxyAnchor",
    "ProxyNCA",
    "SphereFace",
    "SubCenterArcFace",
]
