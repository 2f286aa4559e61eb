"""`model.keras`: whole or not there."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import keras

from kzoo.runs.files import Unwritten


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a model so that a kill at any moment leaves the old file or the new one.

    Raises:
        Unwritten: If it can't be written. Nothing of it is left behind.
    """
    try:
        # Keras leaves more than one file behind when it fails.
        with tempfile.TemporaryDirectory(
            prefix=".model-", dir=path.parent, ignore_cleanup_errors=True
        ) as folder:
            beside = Path(folder) / path.name
            model.save(beside)
            beside.replace(path)
    except OSError as error:
        if error.errno is None and "errno = 28" in str(error):  # how HDF5 says it
            error = OSError(errno.ENOSPC, "No space left on device")
        size = sum(each.value.nbytes if hasattr(each.value, "nbytes") else 0 for each in model.variables)
        raise Unwritten(path, size, error) from None
