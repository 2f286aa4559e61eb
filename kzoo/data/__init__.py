"""Datasets, their splits, and the input pipeline.

Importing a dataset's module reads nothing and doesn't import TensorFlow; calling the dataset does the reading.
"""

from kzoo.data.source import Files, Source, Split

__all__ = ["Files", "Source", "Split"]
