"""A static site of the whole catalogue, written from the cards alone: neither Keras nor TensorFlow is imported."""

from kzoo.gallery.site import Written, write_gallery

__all__ = ["Written", "write_gallery"]
